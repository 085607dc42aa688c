"""Saving rate, commitments and unit cost, by hand and by property."""

import random
from datetime import date, timedelta
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.assess.costs.commitment_use import judge
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.bills.audit import run_audit
from infra_maintainer.bills.commitments import CAUTION, Advice, Refusal, advise, cost_per_hour, quantile
from infra_maintainer.bills.duckdb_bill import open_files
from infra_maintainer.bills.rates import commitments, coverage, saving_rate
from infra_maintainer.bills.unit_cost import change, unit_cost
from infra_maintainer.evidence.model import Measured
from tests.costs.focus_files import write_csv
from tests.requirements_link import requirement
from tests.worlds import NOW

LAST = date(2026, 11, 20)


def bill_with_commitments(folder: Path, unused: float) -> Path:
    """List 100: half of it covered at 40 % off, the rest at the standard price, and something committed but unused."""
    covered = {"CommitmentDiscountId": "sp-1", "PricingCategory": "Committed", "BilledCost": "0"}
    rows = [
        covered | {"CommitmentDiscountStatus": "Used", "EffectiveCost": "30", "ListCost": "50"},
        {"EffectiveCost": "50", "ListCost": "50", "BilledCost": "50"},
        covered | {"CommitmentDiscountStatus": "Unused", "EffectiveCost": f"{unused}", "ListCost": "0"},
    ]
    return write_csv(folder / "bill.csv", rows)


@requirement("costs.commitments")
@pytest.mark.parametrize(("unused", "rate"), [(0.0, 20.0), (10.0, 10.0), (35.0, -15.0)])
def test_the_saving_rate_counts_what_was_committed_and_not_used(tmp_path: Path, unused: float, rate: float) -> None:
    """1 - (30 + 50 + unused) / 100: negative where the unused part eats the discounts and more."""
    with open_files(str(bill_with_commitments(tmp_path, unused))) as bill:
        audit = run_audit(bill)
    assert saving_rate(audit.daily)["USD"] == pytest.approx(rate)
    (commitment,) = commitments(audit.commitments)
    assert commitment.utilisation == pytest.approx(100 * 30 / (30 + unused))
    assert commitment.discount == pytest.approx(0.4)
    assert coverage(audit.daily, audit.commitments)["USD"] == pytest.approx(50.0)


def test_coverage_counts_what_is_eligible_when_the_bill_says_so(tmp_path: Path) -> None:
    """FOCUS 1.4: eligible usage that nothing covers is in the denominator; usage that nothing can cover is not."""
    path = write_csv(
        tmp_path / "bill.csv",
        [
            {"CommitmentDiscountId": "sp-1", "CommitmentDiscountStatus": "Used", "ListCost": "50"},
            {"CommitmentProgramEligibilityDetails": '{"a": 1}', "ListCost": "40"},
            {"ServiceCategory": "Storage", "ListCost": "500"},
        ],
        extra=("CommitmentProgramEligibilityDetails",),
    )
    with open_files(str(path)) as bill:
        audit = run_audit(bill)
    assert audit.loading.shape.version == "1.4"
    assert coverage(audit.daily, audit.commitments)["USD"] == pytest.approx(100 * 50 / 90)


def usage(level: float, spread: float, days: int, seed: int = 1) -> dict[date, list[float]]:
    """Hourly usage around a level."""
    chance = random.Random(seed)
    return {
        LAST - timedelta(days=n): [max(0.0, level * (1 + chance.uniform(-spread, spread))) for _ in range(24)]
        for n in range(days)
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=5, max_size=60), st.floats(0.05, 0.8))
def test_no_commitment_is_cheaper_than_the_quantile(hours: list[float], discount: float) -> None:
    """The optimum of the reference against every other level that was ever used."""
    best = cost_per_hour(hours, quantile(hours, discount), discount)
    assert all(best <= cost_per_hour(hours, other, discount) + 1e-9 for other in [0.0, *hours])


@requirement("costs.commitments")
@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 0.35), st.floats(0.36, 0.7), st.integers(1, 50))
def test_a_greater_discount_never_advises_less_and_never_more_than_the_optimum(
    low: float, high: float, seed: int
) -> None:
    """Monotonic in the discount; at most 0.8 of the least week, at most the quantile."""
    by_day = usage(100, 0.5, 90, seed)
    little, much = (advise(by_day, LAST, each, 0.0, 24) for each in (low, high))
    assert isinstance(little, Advice)
    assert isinstance(much, Advice)
    assert little.commitment <= much.commitment
    for each in (little, much):
        assert each.commitment <= CAUTION * max(value for day in by_day.values() for value in day)
        assert each.commitment <= each.optimum
        assert each.break_even_utilisation == pytest.approx(100 * (1 - each.discount))


@pytest.mark.parametrize(
    ("by_day", "months", "word"),
    [
        (usage(100, 0.1, 59), 24, "60 are needed"),
        (usage(100, 0.1, 90), None, "nobody confirmed"),
        (usage(100, 0.1, 90), 6, "nobody confirmed"),
        ({LAST - timedelta(days=n): [0.0] * 20 + [900.0] * 4 for n in range(90)}, 24, "varies too much"),
        ({LAST - timedelta(days=n): [0.0] * 24 for n in range(90)}, 24, "no usage"),
    ],
    ids=["short", "unconfirmed", "leaves too early", "unstable", "none"],
)
def test_a_commitment_is_refused_with_its_reason(
    by_day: dict[date, list[float]], months: float | None, word: str
) -> None:
    """Short, unconfirmed, unstable or absent usage: no advice, and the reason in words."""
    refused = advise(by_day, LAST, 0.3, 0.0, months)
    assert isinstance(refused, Refusal)
    assert word in refused.why


def test_the_advice_says_what_happens_when_usage_falls() -> None:
    """Level 100, commitment 80 of it or less: fully used now and at -30 %, two thirds at -50 %."""
    advice = advise(usage(100, 0.0, 90), LAST, 0.27, 0.0, 24)
    assert isinstance(advice, Advice)
    assert advice.commitment == pytest.approx(80)
    assert advice.utilisation == pytest.approx({"now": 100.0, "-30 %": 87.5, "-50 %": 62.5})
    assert advice.break_even_month == pytest.approx(8.76)


def test_a_commitment_below_break_even_is_said_to_lose_money() -> None:
    """Used to 55 % at a discount of 30 %: below 70 %."""

    def about(quantity: str, value: float, unit: str) -> Measured:
        return Measured(subject="commitment:sp-1", quantity=quantity, stat="ratio", value=value, unit=unit, as_of=NOW,
                        source="test")  # fmt: skip

    facts = Facts([about("commitment.utilisation", 55, "%"), about("commitment.discount", 30, "%"),
                   about("commitment.unused", 450, "USD")])  # fmt: skip
    (finding,) = judge(facts, Policy())
    assert finding.code == "commitment_loses"
    assert "450 USD unused" in finding.says


def days_of_service(fixed: float, marginal: float, seed: int = 3) -> tuple[list[float], list[float]]:
    """Ninety days of requests and costs with noise, and one day on which somebody left a cluster running."""
    chance = random.Random(seed)
    requests = [chance.uniform(5_000, 15_000) for _ in range(90)]
    costs = [fixed + marginal * each + chance.gauss(0, 8) for each in requests]
    costs[40] += 6_000
    return requests, costs


def test_the_marginal_cost_of_a_request_survives_a_bad_day() -> None:
    """True 400 a day and 0.060 a request; least squares is pulled by the bad day, this is not."""
    requests, costs = days_of_service(400, 0.060)
    found = unit_cost(requests, costs)
    assert found is not None
    assert found.marginal == pytest.approx(0.060, rel=0.02)
    assert found.fixed_per_day == pytest.approx(400, rel=0.05)


def test_a_lower_average_at_higher_volume_is_not_called_efficiency() -> None:
    """Twice the requests, the same fixed and marginal cost: the average falls by a fifth, the adjusted change is 0."""
    before = unit_cost(*days_of_service(400, 0.060))
    requests = [2 * each for each in days_of_service(400, 0.060)[0]]
    costs = [400 + 0.060 * each for each in requests]
    after = unit_cost(requests, costs)
    assert before is not None
    assert after is not None
    moved = change(before, after, mean(requests), mean(costs))
    assert moved.average < -15
    assert moved.volume_adjusted == pytest.approx(0, abs=1.0)


def test_too_few_days_give_no_unit_cost() -> None:
    """Twenty-seven days."""
    requests, costs = days_of_service(400, 0.060)
    assert unit_cost(requests[:27], costs[:27]) is None
