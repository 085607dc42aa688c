"""Use that lasted against use at this moment: only what is known to have lasted is a high finding."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.evidence.model import Measured, Stat
from infra_maintainer.evidence.show import show


class Use(NamedTuple):
    """A kind of use and how to speak of it. `label` holds `{name}`, the subject's name."""

    quantity: str
    sustained: str
    now: str
    code: str
    label: str
    matters: str
    do: str
    stat: Stat = "instant"


def lasting(
    facts: Facts, policy: Policy, use: Use, *, sign: Number | None = None, sign_rule: str | None = None
) -> Iterator[Finding | Pass | Unknown]:
    """Judge each subject by the samples kept over the time that policy calls sustained, or by another `sign` of it.

    A sign is a long average above its rule. Without either, high use now is at most what `now` allows, and whether it
    lasts is Unknown. Use that is not above the sustained limit now is not sustained, whatever was before.
    """
    long, now = policy[use.sustained], policy[use.now]
    for number in facts.numbers(use.quantity, stat=use.stat):
        what = f"{use.label.replace('{name}', number.subject.partition(':')[2])} is {shown(number)} used{over(number)}"
        kept = facts.number(f"{use.quantity}.sustained", number.subject)
        if not long.exceeded(number.value):
            yield _pass(use, number, f"{what}; the limit of {limit(long)} is for use that lasts")
            continue
        if kept is not None and long.exceeded(kept.value):
            says = f"{what}, and was never below {shown(kept)} in the time kept (limit {limit(long)} sustained)"
            yield _finding(use, use.sustained, policy, says, [number, kept])
            continue
        if kept is None and sign is not None and sign_rule is not None and policy[sign_rule].exceeded(sign.value):
            says = f"{what}, with a load of {shown(sign)} per CPU over 15 minutes (limit {limit(long)} sustained)"
            yield _finding(use, use.sustained, policy, says, [number, sign])
            continue
        if now.exceeded(number.value):
            says = f"{what} at this moment (limit {limit(now)})"
            yield _finding(use, use.now, policy, says, [number])
        else:
            yield _pass(use, number, f"{what} at this moment; only use above {limit(long)} that lasts is too much")
        if kept is None:
            yield unknown_if_it_lasts(facts, policy, use, number)
    yield from facts.unknowns(
        use.quantity,
        use.code,
        f"How much of {use.label} is used could not be measured.",
        long.severity,
        policy=long.id,
    )


def over(number: Number) -> str:
    """Over how long the use was measured, where that is a time."""
    window = number.record.window if isinstance(number.record, Measured) else None
    return f" over {show(window, 's')}" if window else ""


def _finding(use: Use, rule: str, policy: Policy, says: str, numbers: Sequence[Number]) -> Finding:
    return Finding(
        code=use.code,
        subject=numbers[0].subject,
        severity=policy[rule].severity,
        says=says,
        matters=use.matters,
        do=use.do,
        evidence=[each.id for each in numbers],
        policy=rule,
    )


def _pass(use: Use, number: Number, says: str) -> Pass:
    return Pass(code=use.code, subject=number.subject, says=says, evidence=[number.id], policy=use.sustained)


def unknown_if_it_lasts(facts: Facts, policy: Policy, use: Use, number: Number) -> Unknown:
    """High use now, without samples that would say whether it was there before."""
    reasons = facts.missing(f"{use.quantity}.sustained", number.subject)
    name = use.label.replace("{name}", number.subject.partition(":")[2])
    return Unknown(
        code=use.code,
        subject=number.subject,
        says=f"Whether the use of {name} lasts is not known: one look is never sustained.",
        evidence=[each.id for each in reasons],
        policy=use.sustained,
        quantity=f"{use.quantity}.sustained",
        why=reasons[0].why if reasons else "no_data",
        detail=reasons[0].detail if reasons else "no earlier samples were asked for",
        how=reasons[0].how if reasons else "run this every few minutes with the same store",
        could_be=policy[use.sustained].severity,
    )


def own_cpu_quota(facts: Facts) -> bool:
    """Whether a control group limits this process's CPU time, so that the whole machine's use is only context."""
    return any(each.value is True for each in facts.all("cgroup.cpu.limited"))


def part_of_the_cpus(facts: Facts) -> bool:
    """Whether this process may use only a part of the machine's CPUs, by quota or by number."""
    usable, machine = facts.number("cpu.cores.usable"), facts.number("cpu.cores.machine")
    return own_cpu_quota(facts) or (usable is not None and machine is not None and usable.value < machine.value)


def own_memory_limit(facts: Facts) -> bool:
    """Whether this process lives inside a memory limit of its own."""
    return any(each.value is True for each in facts.all("cgroup.memory.limited"))


def context(facts: Facts, code: str, quantity: str, what: str, stat: Stat | None = None) -> Iterator[Pass]:
    """The machine's use beside a process that is judged by its own limits. `what` ends before the number."""
    for number in facts.numbers(quantity, stat=stat):
        if number.subject.startswith("host:"):
            says = f"{what} {shown(number)}: context, because only a part of it is this workload's"
            yield Pass(code=code, subject=number.subject, says=says, evidence=[number.id])
