"""Would the plan below hold? Only with 32 days of history, at its busiest, with growth and room on disk."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import SPOKEN
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.show import show

DAY_S = 86400.0


@check(
    title="whether a smaller plan would hold",
    quantities=("machine.price", "cpu.utilisation", "memory.used", "disk.space.used", "plan.price"),
    policies=("costs.plan.disk", "costs.resize.growth", "costs.resize.limit", "costs.window.days"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One answer per declared plan; deleting files alone never lowers a flat fee."""
    for price in facts.numbers("machine.price"):
        plans = facts.subjects("plan.price")
        for plan in plans:
            yield _plan(plan, price, facts, policy)
        if not plans:
            yield Unknown(
                code="smaller_plan", subject=price.subject, quantity="plan.price", why="not_configured",
                says=f"This machine costs {shown(price)} a month; no smaller plan is declared to compare with.",
                how="declare the plans on offer: [[machine.smaller]] name, price, vcpus, ram_gb, disk_gb",
                could_be="low", evidence=[price.id],
            )  # fmt: skip


def _plan(plan: str, price: Number, facts: Facts, policy: Policy) -> Outcome:
    name, offered = plan.removeprefix("plan:"), facts.number("plan.price", plan)
    cpu, memory = (_use(facts, quantity, price.subject) for quantity in ("cpu.utilisation", "memory.used"))
    days = policy["costs.window.days"].number
    for quantity, used in (("cpu.utilisation", cpu), ("memory.used", memory)):
        if used is None or not isinstance(used.record, Measured) or (used.record.window or 0.0) < days * DAY_S:
            seen = "no history" if used is None else f"{(getattr(used.record, 'window', 0.0) or 0.0) / DAY_S:.1f} days"
            failed = [each for each in facts.missing(quantity, price.subject) if used is None and each.why == "error"]
            run = "run `infra-maintainer watch` (or sysstat) over a whole month, then ask again"
            return Unknown(
                code="smaller_plan", subject=plan, quantity=quantity, why=failed[0].why if failed else "no_data",
                says=f"Whether {name} would hold is unknown: {SPOKEN[quantity]} has {seen}, {days:g} days are needed.",
                detail=failed[0].detail if failed else "",
                how=failed[0].how if failed else run,
                could_be="low", evidence=[price.id] + ([used.id] if used else []),
            )  # fmt: skip
    return _judged(plan, name, price, offered, [each for each in (cpu, memory) if each is not None], facts, policy)


def _judged(
    plan: str, name: str, price: Number, offered: Number | None, used: list[Number], facts: Facts, policy: Policy
) -> Outcome:
    growth = 1 + policy["costs.resize.growth"].number / 100
    sizes = (("cpu.cores.usable", "plan.vcpus"), ("memory.capacity", "plan.ram"))
    most, cited, over = policy["costs.resize.limit"], [price.id], list[str]()
    for number, (now, then) in zip(used, sizes, strict=True):
        present, smaller = facts.number(now, price.subject), facts.number(then, plan)
        if present is None or smaller is None:
            return Unknown(
                code="smaller_plan", subject=plan, quantity=now, why="no_data", could_be="low",
                says=f"Whether {name} would hold is unknown: {now} is not known.", how="run on the machine itself",
            )  # fmt: skip
        after = number.value * growth * present.value / smaller.value
        cited += [number.id, present.id, smaller.id]
        if most.exceeded(after):
            over.append(
                f"P99.5 of {SPOKEN[number.record.quantity]} would be {show(after, '%')} (limit {most.number:g} %)"
            )
    disk, room = facts.number("disk.capacity", "filesystem:/"), facts.number("plan.disk", plan)
    share = facts.number("disk.space.used", "filesystem:/")
    if disk is not None and room is not None and share is not None:
        after = share.value * disk.value / room.value * growth
        cited += [disk.id, share.id, room.id]
        if policy["costs.plan.disk"].exceeded(after):
            over.append(f"the disk would be {show(after, '%')} full (limit {policy['costs.plan.disk'].number:g} %)")
    if over:
        return Pass(code="smaller_plan", subject=plan, says=f"keep the plan: on {name} {'; '.join(over)}",
                    evidence=cited, policy=most.id)  # fmt: skip
    at = f" at {shown(offered)} instead of {shown(price)} a month" if offered else ""
    return Finding(
        code="smaller_plan", subject=plan, severity="low", evidence=[*cited, *([offered.id] if offered else [])],
        says=f"{name}{at} would hold CPU, memory and disk with growth; network is not judged",
        matters="The flat fee falls only when the plan changes.",
        do="Take an image first; many providers cannot shrink a disk in place. Mind the end of the term.",
        policy=most.id,
    )  # fmt: skip


def _use(facts: Facts, quantity: str, subject: str) -> Number | None:
    return facts.number(quantity, subject, "p99.5")
