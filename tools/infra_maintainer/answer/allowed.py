"""The allowed words of the contract in its JSON schema, from the places that define them: so that nobody need guess.

The schema asks for the first name of each word; what is accepted stays wider, aliases included.
"""

from collections.abc import Iterable
from typing import Any, get_args

from infra_maintainer.answer.formula import CONSTANTS
from infra_maintainer.answer.vocabulary import vocabulary
from infra_maintainer.assess.verdict import SEVERITY_SAYS, VERDICT_SAYS
from infra_maintainer.evidence.model import Stat, Why

Schema = dict[str, Any]


def verdicts(schema: Schema) -> None:
    """The verdicts, from best to worst."""
    _one_of(schema, "As the reports have it; of several reports the worst.", VERDICT_SAYS.items())


def severities(schema: Schema) -> None:
    """The severities, and which goes with a verdict without findings."""
    _one_of(schema, "That of the worst finding of the reports, as they have it.", SEVERITY_SAYS.items())


def verbs(schema: Schema) -> None:
    """The verbs that may be recommended."""
    _one_of(schema, "What to do.", vocabulary().verb_says().items())


def first_verbs(schema: Schema) -> None:
    """The same, for what must come first."""
    schema.update(enum=[*vocabulary().verb_says(), None], description="a verb of the same list that must come first")


def mechanisms(schema: Schema) -> None:
    """The mechanisms of a cause, each with the evidence that can show it."""
    known = vocabulary()
    shown = {
        name: f"{says} (shown by evidence about {', '.join(known.shown_by[name])})" if known.shown_by[name] else says
        for name, says in known.mechanism_says.items()
    }
    _one_of(schema, "How it breaks.", shown.items())


def other_mechanisms(schema: Schema) -> None:
    """The same, for causes that were ruled out."""
    schema.update(enum=list(vocabulary().mechanism_says), description="another of the mechanisms of root_cause")


def stats(schema: Schema) -> None:
    """The statistics of evidence."""
    schema["description"] = f"as the evidence has it: {', '.join(get_args(Stat))}"


def reasons(schema: Schema) -> None:
    """The reasons why something is not known."""
    schema["description"] = f"the reason, as the report has it: {', '.join(get_args(Why))}"


def formulas(schema: Schema) -> None:
    """What a formula may hold."""
    constants = ", ".join(map(str, sorted(CONSTANTS)))
    schema["description"] = f"+ - * / over the names of inputs; constants convert, and only these: {constants}"


def _one_of(schema: Schema, says: str, words: Iterable[tuple[str, str]]) -> None:
    meanings = list(words)
    schema["enum"] = [word for word, _ in meanings]
    schema["description"] = "\n".join((says, *(f"{word}: {meaning}" for word, meaning in meanings)))
