"""The availability budget by the best source of each subject, and unknown budgets that leave room for what is known."""

import re

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Finding, Pass, Report, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.report.brief import brief, size
from infra_maintainer.report.text import render_text
from tests.requirements_link import requirement
from tests.worlds import NOW, measured, missing

MONTH_S = 30 * 86400.0
BUY, FRONT = "journey:shop/buy", "endpoint:https://shop.example/"


def judged(*evidence: Measured | Missing) -> Report:
    """The health report over it."""
    return assess(list(evidence), Policy(), "health", NOW, users_first=True)


def kept(best: float, worst: float, subject: str = BUY) -> list[Measured]:
    """Availability by samples of earlier runs."""
    return [
        measured("availability.best", best, subject=subject, stat="ratio", n=700, window=MONTH_S),
        measured("availability.worst", worst, subject=subject, stat="ratio", n=700, window=MONTH_S),
    ]


def requests(share: float) -> Measured:
    """Availability by the requests of a log."""
    return measured("traffic.availability", share, subject="traffic:shop", stat="ratio", n=4000, window=86400.0)


def budget(report: Report) -> list[Finding | Pass | Unknown]:
    """What is said about the availability budget."""
    every: list[Finding | Pass | Unknown] = [*report.findings, *report.passes, *report.unknowns]
    return [each for each in every if each.code == "budget_availability"]


@requirement("performance.budgets", "monitoring.sla")
@pytest.mark.parametrize(
    ("best", "worst", "kind", "told"),
    [
        (100, 100, "pass", "100 % (shop/buy, samples of earlier runs over 30 d, synthetic)"),
        (99.95, 99.93, "pass", "99.93 % to 99.95 %"),
        (99.95, 99.5, "unknown", "99.5 % to 99.95 %"),
        (99.5, 60, "finding", "60 % to 99.5 %"),
    ],
)
def test_samples_of_earlier_runs_judge_the_budget_and_an_interval_over_the_limit_is_unknown(
    best: float, worst: float, kind: str, told: str
) -> None:
    """Never "nobody measured it" beside the section that measured it."""
    (found,) = budget(judged(*kept(best, worst)))
    assert found.kind == kind and told in found.says and "99.9 %" in found.says
    assert found.evidence and not isinstance(found, Unknown) or "gaps" in found.says


def test_each_subject_has_its_own_place_and_what_is_not_known_is_named_beside_what_is() -> None:
    """One journey missed, the log kept, an address unknown: three facts, and none hides another."""
    gap = missing("availability.best", "no_data", subject=FRONT)
    found = {each.kind: each for each in budget(judged(*kept(99.2, 99.2), requests(99.97), gap))}
    assert set(found) == {"finding", "pass"}
    assert "99.2 % (shop/buy" in found["finding"].says and found["finding"].says.endswith("missed")
    assert "99.97 % (all traffic of shop, 4,000 requests of real users over 24 h)" in found["pass"].says
    assert "not known of https://shop.example/" in found["pass"].says and gap.id in found["pass"].evidence


def test_only_what_was_never_watched_is_unknown_with_the_step_that_would_tell() -> None:
    """No number, no pass."""
    (found,) = budget(judged(missing("availability.best", "no_data", subject=FRONT)))
    assert isinstance(found, Unknown) and "not known of https://shop.example/" in found.says
    (nothing,) = budget(judged(measured("cpu.steal", 0.0)))
    assert isinstance(nothing, Unknown) and nothing.why == "not_configured" and "[[service.journey]]" in nothing.how


def page_gaps() -> list[Missing]:
    """What every run without beacons owes."""
    return [missing(f"page.{each}", "not_configured") for each in ("load", "navigation", "interactive")]


def test_budgets_that_need_real_users_beacons_are_one_line_of_text() -> None:
    """Three sentences alike are one list, each with its limit and its evidence."""
    gaps = page_gaps()
    text = " ".join(render_text(judged(requests(100), *gaps), width=10_000).split())
    assert (
        f"Not measured: budget page load P95 (2 s) [{gaps[0].id}], budget navigation P95 (500 ms) [{gaps[1].id}], "
        f"budget time to interactive P95 (3 s) [{gaps[2].id}]."
    ) in text
    assert text.count("to know: do this") == 1


def test_a_concise_reply_tells_what_all_users_met_before_probes_and_routes() -> None:
    """Fifty routes and twenty addresses are well; the whole of the traffic is named all the same, and first."""
    routes = [
        measured(quantity, 0.0, subject=f"route:shop:GET /{index}", stat="ratio", n=5000)
        for index in range(50)
        for quantity in ("traffic.errors", "traffic.retries.hidden")
    ]
    addresses = [measured("endpoint.errors", 0.0, subject=f"endpoint:https://{n}.example/", n=20) for n in range(20)]
    users = measured("traffic.errors", 0.0, subject="traffic:shop", stat="ratio", n=250_000)
    small = brief(judged(*addresses, *routes, users, requests(100)), 7000)
    kinds = [each.subject.partition(":")[0] for each in small.passes]
    assert kinds == sorted(kinds, key=["traffic", "endpoint", "route"].index)
    assert {each.code for each in small.passes} >= {"traffic_errors", "budget_errors", "availability"}
    assert len(small.passes) < 100


def test_a_concise_reply_keeps_measured_facts_and_counts_what_nobody_declared() -> None:
    """With no room for all, what was never declared is one record behind the rest, and the numbers add up."""
    disks = [measured("disk.space.used", 10.0 + index, subject=f"filesystem:/{index}") for index in range(60)]
    broken = [missing("disk.space.used", "denied", subject=f"filesystem:/m{index}") for index in range(2)]
    whole = judged(requests(100), *disks, *broken, *page_gaps())
    small = brief(whole, 6000)
    assert size(small) <= 6000 < size(whole)
    assert [each.code for each in small.passes][:1] == ["budget_availability"]
    assert len(small.passes) > len(small.unknowns)
    (together,) = [each for each in small.unknowns if each.code == "budget_page_load"]
    assert together.says.startswith("3 unknowns of one reason: Not measured: budget page load P95 (2 s)")
    assert len(together.evidence) == 3 and small.unknowns.index(together) > 0
    many = [int(each.says.split()[0]) if "unknowns of one reason" in each.says else 1 for each in small.unknowns]
    (note,) = small.notes
    left = re.search(r" (\d+) unknowns[,;]", note.partition("the whole run")[0])
    assert sum(many) + (int(left[1]) if left else 0) == len(whole.unknowns)
    assert f"{len(whole.unknowns)} unknowns" in note.partition("the whole run")[2]
