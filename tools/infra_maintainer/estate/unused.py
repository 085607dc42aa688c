"""Judge one resource by one rule of the catalogue: in use, protected, unknown, for review, or waste."""

from collections.abc import Callable, Iterable
from datetime import datetime

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.estate.guards import Guarded, guard
from infra_maintainer.estate.rules import RULES, Condition, Rule
from infra_maintainer.estate.saving import Rates, saving
from infra_maintainer.estate.verdict import Unanswered, Verdict

Limit = Callable[[str], float]
LEAST_DAYS = "costs.window.days"


def judge_unused(dossiers: Iterable[Dossier], limit: Limit, rates: Rates, as_of: datetime) -> list[Verdict]:
    """Every verdict of every rule that fits a resource's kind. `limit` gives a policy's number by id."""
    found: list[Verdict] = []
    for dossier in dossiers:
        for rule in RULES:
            if dossier.kind in rule.kinds:
                found.append(judge_one(dossier, rule, limit, rates, as_of))
    return found


def judge_one(dossier: Dossier, rule: Rule, limit: Limit, rates: Rates, as_of: datetime) -> Verdict:
    """In use when a condition is known not to hold; protected on a guard; unknown on any gap; only then waste."""
    least_days = limit(LEAST_DAYS)
    answers = {each.quantity: _holds(dossier, each, limit, least_days) for each in rule.conditions}
    guarded = guard(dossier, rule.guards, as_of)
    verdict = _verdict(dossier, rule, guarded, answers)
    if verdict.verdict not in ("waste", "review"):
        return verdict
    low, high = saving(dossier, rates)
    return verdict.model_copy(update={"saving_low": low, "saving_high": high})


def _verdict(dossier: Dossier, rule: Rule, guarded: Guarded, answers: dict[str, bool | None]) -> Verdict:
    cost = dossier.cost
    amount = float(cost.value) if cost is not None and not isinstance(cost.value, str) else None
    verdict = Verdict(
        rule=rule.id,
        resource=dossier.subject,
        kind=dossier.kind or "unknown",
        verdict="in_use",
        says=rule.says,
        monthly_cost=amount,
        currency=cost.unit if cost is not None else None,
        guards_checked=guarded.clear,
        next_step=rule.first_step,
        reversible=rule.reversible,
        verify=rule.verify,
        evidence=dossier.ids("resource.cost", *answers),
    )
    if False in answers.values():
        return verdict
    if guarded.hits:
        quantities = [quantity for hit in guarded.hits for quantity in hit.quantities]
        return verdict.model_copy(
            update={
                "verdict": "protected",
                "guards_hit": [hit.guard for hit in guarded.hits],
                "buys": guarded.hits[0].buys,
                "evidence": dossier.ids("resource.cost", *answers, *dict.fromkeys(quantities)),
            }
        )
    unknown = [quantity for quantity, answer in answers.items() if answer is None] + guarded.unknown
    if amount is None:
        unknown.append("resource.cost")
    if unknown:
        return verdict.model_copy(
            update={"verdict": "unknown", "unanswered": [unanswered(dossier, each) for each in dict.fromkeys(unknown)]}
        )
    checked = [f"resource.guard.{name}" for name in guarded.clear]
    proof = dossier.ids("resource.cost", *answers, "resource.tags", "resource.age", *checked)
    return verdict.model_copy(update={"verdict": rule.best, "evidence": proof})


def _holds(dossier: Dossier, condition: Condition, limit: Limit, least_days: float) -> bool | None:
    if isinstance(condition.value, bool):
        flag = dossier.flag(condition.quantity)
        return None if flag is None else flag is condition.value
    value = dossier.number(condition.quantity)
    if value is None:
        return None
    against = limit(condition.policy) if condition.policy else float(condition.value)
    holds = {
        "is": value == against,
        "at_least": value >= against,
        "below": value < against,
        "above": value > against,
    }[condition.comparison]
    # Busy in a short window is busy; idle in a short window is not known to be idle.
    too_short = condition.least_days and dossier.number(condition.quantity, least_days) is None
    return None if holds and too_short else holds


def unanswered(dossier: Dossier, quantity: str) -> Unanswered:
    missing = dossier.missing.get(quantity)
    if missing is not None:
        return Unanswered(quantity=quantity, why=missing.why, how=missing.how)
    if quantity in dossier.facts:
        return Unanswered(quantity=quantity, why="no_data", how="keep the metrics for longer; the window is too short")
    return Unanswered(quantity=quantity, why="not_configured", how=f"give a source that knows {quantity}")
