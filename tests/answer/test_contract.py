"""The contract's schema tells every word it allows, with what it means, from the one place that defines it."""

from typing import Any, get_args

import pytest

from infra_maintainer.answer.contract import contract
from infra_maintainer.answer.model import Severity, Verdict
from infra_maintainer.answer.verify import from_data, verify
from infra_maintainer.answer.vocabulary import vocabulary
from tests.answer.shop import honest, run


def _field(part: str, name: str) -> dict[str, Any]:
    schema = contract()
    found: dict[str, Any] = (schema["$defs"][part] if part else schema)["properties"][name]
    return found


@pytest.mark.parametrize(
    ("part", "name", "words"),
    [
        ("", "verdict", set(get_args(Verdict))),
        ("", "severity", set(get_args(Severity))),
        ("Recommendation", "verb", set(vocabulary().verb_names())),
        ("RootCause", "mechanism", set(vocabulary().mechanisms.values())),
    ],
)
def test_each_closed_word_is_listed_with_one_line_that_says_what_it_means(
    part: str, name: str, words: set[str]
) -> None:
    """Whoever fills it in need not guess; a word without a meaning would be a guess again."""
    field = _field(part, name)
    assert set(field["enum"]) == words
    lines = dict(line.split(": ", 1) for line in field["description"].splitlines() if line.split(": ", 1)[0] in words)
    assert set(lines) == words and all(len(line) > 9 for line in lines.values())


def test_no_forbidden_verb_is_offered() -> None:
    """An action that is never recommended is no choice."""
    offered = set(_field("Recommendation", "verb")["enum"]) | set(_field("Recommendation", "precondition")["enum"])
    forbidden = {verb.name for verb in vocabulary().verbs.values() if verb.forbidden}
    assert forbidden and not offered & forbidden


def test_the_severity_that_goes_with_each_verdict_is_told() -> None:
    """With healthy and unknown there is no finding to take it from."""
    says = _field("", "severity")["description"]
    assert "none: no finding at all, with verdict healthy" in says
    assert "unknown: no finding at all, with verdict unknown" in says


@pytest.mark.parametrize("verb", vocabulary().verb_names())
def test_every_offered_verb_is_accepted(verb: str) -> None:
    """The schema and the gate read one list."""
    data = honest()
    data["recommendations"] = [{"verb": verb, "target": "database:orders"}]
    assert verify(from_data(data), run()).holds


def test_an_alias_is_still_accepted_though_the_schema_does_not_list_it() -> None:
    """Strict in what is asked for, wide in what is taken."""
    data = honest()
    data["recommendations"] = [{"verb": "clean up", "target": "filesystem:/"}]
    assert "clean_up" not in _field("Recommendation", "verb")["enum"]
    assert verify(from_data(data), run()).holds


def test_the_contract_is_short_enough_to_be_read_by_a_model() -> None:
    """At most 20,000 characters, and no titles that repeat names."""
    text = str(contract())
    assert len(text) < 20_000 and "'title': 'Verdict'" not in text
