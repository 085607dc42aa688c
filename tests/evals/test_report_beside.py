"""The report shows, for a case that is not honest, what was said beside what was measured."""

import json
from html import unescape
from pathlib import Path

import pytest

from infra_maintainer.evals.beside import MOST_NUMBERS
from infra_maintainer.evals.case import Case, Key, build, key_of
from infra_maintainer.evals.gold import gold
from infra_maintainer.evals.marking import Mark, Reply, mark
from infra_maintainer.evals.report_html import html
from infra_maintainer.evals.scenario import load
from tests.evals.test_suite import FEW, evaluate
from tests.requirements_link import requirement


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Case, Key]:
    """The slow checkout with its truth."""
    scenario = next(each for each in load() if each.id == "checkout_slow")
    case = build(scenario, 1, "plain", tmp_path)
    return case, key_of(case)


def marked(asked: tuple[Case, Key], **changes: object) -> Mark:
    """The mark of the known-good answer with its first claim changed, by somebody who looked."""
    case, key = asked
    data = gold(case, key).model_dump(mode="json")
    data["claims"][0].update(changes)
    return mark(case, key, Reply(json.dumps(data), reports=tuple(key.reports)))


@requirement("card.evals")
def test_an_invented_value_stands_first_and_beside_the_evidence_it_cites(asked: tuple[Case, Key]) -> None:
    """The reader sees both numbers without opening another file."""
    good = marked(asked).beside
    true = next(number for number in good.numbers if number.claim == "c1")
    lie = marked(asked, value=12.3).beside
    first = lie.numbers[0]
    assert (first.text.split()[0], first.status) == ("12.3", "contradicted")
    assert (first.quantity, first.subject) == (true.quantity, true.subject)
    assert true.evidence in first.evidence
    assert (lie.verdict, lie.severity) == (good.verdict, good.severity) == ("degraded", "high")


def test_markup_in_a_claim_is_shown_as_text(asked: tuple[Case, Key], tmp_path: Path) -> None:
    """A subject may write whatever it likes; the page must not run it."""
    evil = "<img src=x onerror=alert(1)>"
    lie = marked(asked, subject=evil).beside
    assert evaluate("run", *FEW, "--subject", "scripted:optimist", "--out", str(tmp_path)).returncode == 1
    content = json.loads((tmp_path / "results.json").read_text())
    content["scenarios"][0]["cases"][0]["beside"] = lie.model_dump(mode="json")
    page = html(content)
    assert "<img" not in page and evil in unescape(page)


@requirement("card.evals")
def test_the_page_tells_said_and_computed_verdicts_of_cases_that_are_not_honest(tmp_path: Path) -> None:
    """A dump has more numbers than a page should list; the rest is counted, never dropped in silence."""
    assert evaluate("run", *FEW, "--subject", "scripted:dump", "--out", str(tmp_path)).returncode == 1
    content = json.loads((tmp_path / "results.json").read_text())
    cases = [case for scenario in content["scenarios"] for case in scenario["cases"]]
    assert all(("beside" in case) is not case["honest"] for case in cases)
    page = (tmp_path / "report.html").read_text()
    assert page.count("<details class=beside>") == sum(not case["honest"] for case in cases)
    assert "computed by policy" in page and "<script" not in page
    assert all(len(case["beside"]["numbers"]) <= MOST_NUMBERS for case in cases if not case["honest"])
