"""Waste, and what only looks like it: each true waste found, no trap called waste, each trap with its reason."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.assess.policy import Policy
from infra_maintainer.estate.dossier import dossiers
from infra_maintainer.estate.guards import BUYS
from infra_maintainer.estate.judged import judge_estate
from infra_maintainer.estate.loads import derived_loads
from infra_maintainer.estate.oversized import judge_oversized
from infra_maintainer.estate.rules import RULES
from infra_maintainer.estate.saving import Rates, covered_saving, saving, totals, without_overlaps
from infra_maintainer.estate.unused import judge_unused
from infra_maintainer.estate.verdict import Verdict
from infra_maintainer.evidence.model import Derived, Measured
from infra_maintainer.evidence.vocabulary import vocabulary
from tests.costs.estate_fixture import AS_OF, BILL, ESTATE, OWNER, TRAPS, USE, WASTE, Row, evidence_of
from tests.requirements_link import requirement

NO_RATES = Rates({}, {})


def limit(policy_id: str) -> float:
    """The baseline's number."""
    return Policy()[policy_id].number


def verdicts(estate: list[Row], without: frozenset[str] = frozenset(), rates: Rates = NO_RATES) -> list[Verdict]:
    """All verdicts on an estate, some quantities taken away."""
    known = dossiers(evidence_of(estate, without))
    return judge_unused(known, limit, rates, AS_OF) + judge_oversized(known, limit, rates, AS_OF)


def word_of(estate: list[Row], without: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """Per resource every verdict but in_use."""
    found: dict[str, set[str]] = {each.name: set() for each in estate}
    for each in verdicts(estate, without):
        if each.verdict != "in_use":
            found[each.resource.removeprefix("resource:")].add(each.verdict)
    return found


def test_the_estate_is_large_and_half_of_it_are_traps() -> None:
    """At least sixty resources, no name twice, at least half of them traps."""
    assert len(ESTATE) >= 60
    assert len({each.name for each in ESTATE}) == len(ESTATE)
    assert len(TRAPS) >= len(ESTATE) / 2


@requirement("costs.unused", "costs.usage_patterns")
@pytest.mark.parametrize("each", WASTE, ids=lambda each: each.name)
def test_every_true_waste_is_found(each: Row) -> None:
    """Waste, or the owner's question where the catalogue never goes further."""
    assert each.expected in word_of([each])[each.name]


@requirement("costs.refuse_redundancy", "costs.refuse_backups", "costs.refuse_monitoring")
@pytest.mark.parametrize("each", TRAPS, ids=lambda each: each.name)
def test_every_trap_is_protected_with_its_reason(each: Row) -> None:
    """Never waste nor review; the guard that hit is the one that was planted, and it says what the spend buys."""
    found = verdicts([each])
    assert not [verdict for verdict in found if verdict.verdict in ("waste", "review")]
    protected = [verdict for verdict in found if verdict.verdict == "protected"]
    assert protected
    assert all(each.guard in verdict.guards_hit and verdict.buys for verdict in protected)


def allowed(before: set[str], after: set[str]) -> bool:
    """Whether less evidence moved the verdicts only towards unknown: nothing newly waste or newly for review."""
    return not (
        ("waste" in after and "waste" not in before) or ("review" in after and not before & {"waste", "review"})
    )


QUANTITIES = sorted({quantity for each in ESTATE for quantity in each.facts} | {"resource.kind"})
SOURCES = {
    "bill": frozenset(BILL),
    "metrics": frozenset(USE),
    "owner": frozenset(OWNER),
    "inventory": frozenset(QUANTITIES) - BILL - USE - OWNER,
}


@pytest.mark.parametrize("source", SOURCES)
def test_taking_a_whole_source_away_makes_nothing_waste(source: str) -> None:
    """The bill, the metrics, the owner's word or the inventory."""
    before, after = word_of(ESTATE), word_of(ESTATE, SOURCES[source])
    assert all(allowed(before[name], after[name]) for name in before)
    assert not [each for each in TRAPS if after[each.name] & {"waste", "review"}]
    if source in ("bill", "inventory"):
        assert not [name for name, words in after.items() if "waste" in words], "one source alone proves nothing"


@settings(max_examples=60, deadline=None)
@given(st.frozensets(st.sampled_from(QUANTITIES), max_size=6))
def test_taking_any_facts_away_moves_verdicts_only_towards_unknown(without: frozenset[str]) -> None:
    """Property over the whole estate: no set of lost facts turns a trap into waste."""
    before, after = word_of(ESTATE), word_of(ESTATE, without)
    moved = {name: (before[name], after[name]) for name in before if not allowed(before[name], after[name])}
    assert not moved


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_taking_one_fact_away_moves_verdicts_only_towards_unknown(quantity: str) -> None:
    """Each single fact, exhaustively."""
    before, after = word_of(ESTATE), word_of(ESTATE, frozenset({quantity}))
    assert all(allowed(before[name], after[name]) for name in before)


def test_a_window_shorter_than_a_month_is_unknown_and_not_idle() -> None:
    """Fourteen days of metrics: an idle machine may be a month-end machine."""
    (row,) = [each for each in WASTE if each.name == "i-04"]
    short = [
        each.model_copy(update={"id": "", "window": 14 * 86400.0})
        if isinstance(each, Measured) and each.window
        else each
        for each in evidence_of([row])
    ]
    (verdict,) = judge_unused(dossiers(short), limit, NO_RATES, AS_OF)[1:]
    assert verdict.rule == "idle_instance"
    assert verdict.verdict == "unknown"
    assert any("window is too short" in each.how for each in verdict.unanswered)


@requirement("costs.right_size", "costs.refuse_underprovision")
def test_right_sizing_holds_the_load_when_one_of_the_group_is_lost() -> None:
    """Two machines at 38 %: alone on half the size the survivor would be at 167 %, and the number is said."""
    (row,) = [each for each in TRAPS if each.name == "i-31"]
    (verdict,) = [each for each in verdicts([row]) if each.rule == "oversized"]
    assert verdict.verdict == "protected"
    assert verdict.buys is not None
    assert "167 %" in verdict.buys, verdict.buys


def test_right_sizing_without_memory_metrics_is_unknown() -> None:
    """CPU alone never proves that a smaller machine fits."""
    (row,) = [each for each in WASTE if each.name == "i-08"]
    (verdict,) = [each for each in verdicts([row], frozenset({"resource.memory"})) if each.rule == "oversized"]
    assert verdict.verdict == "unknown"
    assert [each.quantity for each in verdict.unanswered] == ["resource.memory"]


def test_a_row_that_a_commitment_pays_saves_nothing_unless_other_usage_takes_it_over() -> None:
    """100 a month, all of it covered: nothing; with 50 of open list cost at 40 % discount: 30."""
    row = Row("i-99", "instance", "waste", None, {"resource.cost": 100.0, "resource.covered": 100.0})
    (dossier,) = dossiers(evidence_of([row]))
    assert saving(dossier, NO_RATES) == (0.0, 0.0)
    assert saving(dossier, Rates({"USD": 50.0}, {"USD": 0.4}))[1] == pytest.approx(30.0)
    assert covered_saving(100, 1000, 0.4) == 100


def test_one_resource_is_saved_once() -> None:
    """Deleting comes before making smaller; the sum holds one of them."""
    both = [
        Verdict(rule="oversized", resource="resource:a", kind="instance", verdict="waste", says="", currency="USD",
                monthly_cost=100, saving_low=40, saving_high=40, order="right_size"),
        Verdict(rule="idle_instance", resource="resource:a", kind="instance", verdict="waste", says="", currency="USD",
                monthly_cost=100, saving_low=100, saving_high=100, order="clean_up"),
    ]  # fmt: skip
    (kept,) = without_overlaps(both)
    assert kept.rule == "idle_instance"
    (sums,) = totals(both)
    assert (sums.safe_to_act_low, sums.needs_owner_high, sums.protected_spend) == (100, 0, 0)


def test_the_three_totals_hold_every_resource_once_and_no_currency_is_added() -> None:
    """Safe to act, owner, protected: the sums of the fixture by hand."""
    (sums,) = totals(verdicts(ESTATE))
    waste = [each for each in WASTE if each.expected == "waste"]
    cut = {"i-08": 40.0, "i-09": 40.0}
    assert sums.safe_to_act_low == sum(cut.get(each.name, float(each.facts["resource.cost"])) for each in waste)
    assert sums.needs_owner_low == 40 + 4 * 100
    assert sums.protected_spend == sum(each.facts["resource.cost"] for each in TRAPS)
    assert sums.unknown_spend == 0


def test_every_guard_of_every_rule_says_what_it_buys_and_is_in_the_vocabulary() -> None:
    """A guard that no source can name protects nothing."""
    for rule in RULES:
        for guard in set(rule.guards) - {"inbound", "replication"}:
            assert guard in BUYS
            assert f"resource.guard.{guard}" in vocabulary()


def test_a_hold_that_is_over_protects_no_more() -> None:
    """keep-until of last year against keep-until of next year."""
    (over,) = [each for each in WASTE if each.name == "vol-04"]
    later = dossiers(evidence_of([over]))
    (verdict,) = judge_unused(later, limit, NO_RATES, AS_OF - timedelta(days=400))
    assert verdict.verdict == "protected"


def test_the_load_after_a_cut_is_evidence_that_anybody_can_recompute() -> None:
    """38 % of two machines on half the size, one lost, 10 % growth: the formula over the cited values gives 167.2 %."""
    known = evidence_of([each for each in TRAPS if each.name == "i-31"])
    estate = judge_estate(known, limit)
    rule, *loads = derived_loads(estate, 10.0, AS_OF)
    by_id = {each.id: each for each in [*known, rule]}
    (cpu,) = [each for each in loads if each.quantity == "resource.load_after.cpu"]
    assert isinstance(cpu, Derived)
    numbers = {name: float(by_id[identity].value) for name, identity in cpu.inputs.items()}
    assert eval(cpu.formula, {"__builtins__": {}}, numbers) == pytest.approx(167.2)
    assert cpu.value == pytest.approx(167.2)
