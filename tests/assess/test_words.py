"""How counts, shares and budgets read in the sentences of checks."""

import pytest

from infra_maintainer.answer.verify import verify
from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.capacity.current import judge
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Stat
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import run_for
from tests.worlds import NOW, measured

COUNTED = (
    "database.access.rules.weak", "database.roles.owners", "database.roles.superuser", "firewall.forwarded.ports",
    "privilege.accounts.root_equal", "privilege.accounts.uid0", "privilege.files.foreign", "privilege.places.writable",
    "secrets.files", "secrets.files.private", "secrets.processes",
)  # fmt: skip


def said(report: Report) -> list[str]:
    """Every sentence of a report."""
    return [each.says for each in [*report.findings, *report.passes, *report.unknowns]]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1.0, "1 role logs in and owns tables; the evidence names it"),
        (2.0, "2 roles log in and own tables; the evidence names them"),
        (0.0, "0 roles log in and own tables"),
    ],
)
def test_one_role_is_not_many(count: float, words: str) -> None:
    """Noun, verb and pronoun."""
    role = measured("database.roles.owners", count, subject="database:orders")
    assert f"orders: {words}" in said(assess([role], Policy(), "security", NOW))


@pytest.mark.parametrize("count", [0.0, 1.0, 3.0])
def test_no_form_is_left_open(count: float) -> None:
    """A bracket that nobody filled in would be read by people."""
    told = said(assess([measured(each, count) for each in COUNTED], Policy(), "security", NOW))
    assert len([each for each in told if each.startswith(f"{count:g} ")]) >= 5
    assert not [each for each in told if "|" in each]


def budget(spent: float) -> str:
    """The sentence of a journey that has spent so much of its budget, with nothing in it that its evidence lacks."""
    subject = "journey:shop/checkout"
    share = measured("availability.requests", 83.7, subject=subject, stat="ratio", n=104, window=60.0)
    part = measured("availability.requests.budget_spent", spent, subject=subject)
    report = assess([share, part], Policy(), "health", NOW)
    (finding,) = [each for each in report.findings if each.code == "journey_availability"]
    checked = verify(f"- {finding.says}", run_for(Kit(parse_system(""), None), [report]))
    assert [each.text for each in checked.numbers if each.status in ("unsupported", "contradicted")] == []
    return finding.says


def test_a_budget_spent_many_times_over_is_told_in_times() -> None:
    """16,346 % is a number that nobody reads; 400 % is one."""
    assert "163 times the error budget spent" in budget(16346.15)
    assert "400 % of the error budget spent" in budget(400.0)


def test_next_to_nothing_is_said_as_that_and_verifies() -> None:
    """A new sequence of bigint: no exponent in a sentence, and no number that the evidence lacks."""
    sequence = measured("db.sequence.used", 3.3e-12, subject="sequence:orders:public.orders_id_seq")
    report = assess([sequence], Policy(), "health", NOW)
    (told,) = [each for each in said(report) if "given out" in each]
    assert "less than 0.001 % of its numbers" in told
    checked = verify(f"- {told}", run_for(Kit(parse_system(""), None), [report]))
    assert [each.text for each in checked.numbers if each.status in ("unsupported", "contradicted")] == []


@pytest.mark.parametrize(
    ("window", "words"),
    [(2.0, "CPU of h: 41 %, mean over 2 s"), (172_800.0, "CPU of h: average 41 %, P95 100 % over 2 d")],
)
def test_of_a_short_look_the_mean_is_told_and_not_the_tail(window: float, words: str) -> None:
    """The P95 of two seconds is one busy tenth of a second."""
    stats: list[tuple[Stat, float]] = [("mean", 41.0), ("p95", 100.0)]
    both: list[Measured] = [measured("cpu.utilisation", value, stat=stat, window=window) for stat, value in stats]
    assert words in [each.says for each in judge(Facts([*both]), Policy())]
