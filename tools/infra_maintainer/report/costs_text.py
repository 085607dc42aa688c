"""The section of audit_costs as lines: what was seen, then the sums that are never one, then the judged idea."""

from collections.abc import Iterator

from infra_maintainer.assess.costs_report import Costs
from infra_maintainer.evidence.show import many, show
from infra_maintainer.report.wrapping import wrap


def cost_lines(costs: Costs, width: int) -> list[str]:
    """Coverage first; every number with its evidence ids."""
    lines = [*_seen(costs), *_sums(costs), *_idea(costs)]
    wrapped = [part for line in lines for part in wrap(line, width, 0, 18)]
    return [*wrapped, ""] if wrapped else []


def _seen(costs: Costs) -> Iterator[str]:
    for each in costs.seen:
        days = "" if each.days is None else f" (the bill has {many(round(each.days), 'day')})"
        share = (
            "no inventory says what its resources are"
            if each.known_share is None
            else f"an inventory knows {show(each.known_share, '%')} of it"
        )
        cost = show(each.usage_cost, each.currency)
        yield f"{'seen':<18}{each.bill}: {cost} of usage in the last 30 full days{days}; {share} {_ids(each.evidence)}"


def _sums(costs: Costs) -> Iterator[str]:
    said = (
        ("safe_to_act", "safe to act"), ("needs_owner", "owner decides"), ("protected", "keep"), ("unknown", "unknown"),
    )  # fmt: skip
    for each in costs.sums:
        parts = [
            f"{words} {show(value, each.currency)}"
            for name, words in said
            if (value := getattr(each, name)) is not None
        ]
        yield f"{'a month':<18}{'; '.join(parts)} (never one sum) {_ids(each.evidence)}"


def _idea(costs: Costs) -> Iterator[str]:
    if costs.idea is None:
        return
    idea = costs.idea
    yield f"{'IDEA ' + idea.answer:<18}{idea.says} {_ids(idea.evidence)}".rstrip()
    if idea.instead:
        yield f"{'':<18}instead: {idea.instead}"
    if idea.ask:
        yield f"{'':<18}who must answer: {idea.ask}"


def _ids(ids: list[str]) -> str:
    return f"[{' '.join(ids[:4])}{f' +{len(ids) - 4}' if len(ids) > 4 else ''}]" if ids else ""
