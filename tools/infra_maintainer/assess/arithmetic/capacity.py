"""The sums of a capacity plan: room at the peak, loss of one, spikes, buffers and their price."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from infra_maintainer.assess.arithmetic.formula import derive
from infra_maintainer.assess.facts import AnyEvidence, Facts, Known, Number
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Declared, Derived, Measured, Stat
from infra_maintainer.evidence.show import show
from infra_maintainer.evidence.vocabulary import unit_of

RULE_OF: dict[str, str] = {
    "cpu.utilisation": "capacity.limit.cpu",
    "service.use": "capacity.limit.cpu",
    "memory.used": "capacity.limit.memory",
    "disk.space.used": "capacity.limit.disk",
    "disk.inodes.used": "capacity.limit.tables",
    "files.open": "capacity.limit.tables",
    "conntrack.used": "capacity.limit.tables",
    "ports.ephemeral.used": "capacity.limit.tables",
    "cgroup.cpu.utilisation": "capacity.limit.cpu",
    "cgroup.memory.used": "capacity.limit.memory",
    "db.connections.used": "capacity.limit.connections",
}
"""Which rule limits which share of use; these are the resources that a plan looks at."""

SPOKEN: dict[str, str] = {
    "cpu.utilisation": "CPU",
    "service.use": "use",
    "service.load": "load",
    "service.users": "users",
    "memory.used": "memory",
    "disk.space.used": "disk space",
    "disk.inodes.used": "inodes",
    "files.open": "open files",
    "conntrack.used": "tracked connections",
    "ports.ephemeral.used": "ephemeral ports",
    "cgroup.cpu.utilisation": "CPU quota",
    "cgroup.memory.used": "memory limit",
    "db.connections.used": "database connections",
}
"""How people call them."""

DAY_S = 86_400


class Spike(NamedTuple):
    """A spike to plan for: its name, the multiple of the peak, and who said so."""

    name: str
    multiple: float
    source: str


def limits(policy: Policy) -> dict[str, float]:
    """The limit of each quantity in force."""
    return {quantity: policy[rule].number for quantity, rule in RULE_OF.items()}


def series(quantity: str, subject: str) -> str:
    """The subject of what is computed about a series."""
    return f"series:{quantity}@{subject}"


def spoken(subject: str) -> str:
    """A subject as people say it: "disk space of /" for `series:disk.space.used@filesystem:/`, "shop" for a service."""
    quantity, of, about = subject.removeprefix("series:").rpartition("@")
    name = about.partition(":")[2] or about
    return f"{SPOKEN.get(quantity, quantity)} of {name}" if of else name


def seen(facts: Facts, number: Number) -> str:
    """What a multiple or a buffer stands on, in words: a statistic of some time, or one reading, which is no peak."""
    peak = number.record.inputs.get("peak") if isinstance(number.record, Derived) else None
    record = next((each for each in facts.evidence if each.id == peak), None)
    if not isinstance(record, Measured):
        return "the declared use"
    if record.stat == "instant" or not record.window:
        return "a single reading (no peak)"
    which = "highest" if record.stat == "max" else record.stat.upper()
    return f"the {which} of the last {show(record.window, 's')}"


def capacity_arithmetic(
    evidence: list[AnyEvidence], policy: Policy, as_of: datetime, spikes: list[Spike]
) -> list[Declared | Derived]:
    """Everything that follows from the evidence by arithmetic."""
    facts = Facts(evidence)
    return [*_room(facts, policy, as_of), *_services(facts, policy, as_of, spikes)]


def over_longest(facts: Facts, quantity: str, subject: str, stat: Stat) -> Number | None:
    """The statistic over the longest window, a day at least: the mean of ten seconds is not that of a week."""
    windows = {
        each: each.record.window or 0.0
        for each in facts.numbers(quantity, subject, stat)
        if isinstance(each.record, Measured) and (each.record.window or 0.0) >= DAY_S
    }
    return max(windows, key=lambda each: windows[each], default=None)


def peak_of(facts: Facts, quantity: str, subject: str) -> Known | None:
    """The peak that a plan must hold: P99.5 of the samples, else the largest reading there is."""
    found = over_longest(facts, quantity, subject, "p99.5") or over_longest(facts, quantity, subject, "max")
    if found is None and quantity.startswith("disk."):  # a level: its last reading is as good as its peak
        found = facts.number(quantity, subject, "instant")
    return found.record if found else None


def _declared(quantity: str, value: float, subject: str, source: str, as_of: datetime) -> Declared:
    return Declared(subject=subject, quantity=quantity, value=value, unit=unit_of(quantity), as_of=as_of, source=source)


def _room(facts: Facts, policy: Policy, as_of: datetime) -> Iterator[Declared | Derived]:
    for quantity, rule in RULE_OF.items():
        for subject in facts.subjects(quantity):
            peak = peak_of(facts, quantity, subject)
            if peak is None or not float(peak.value):
                continue
            about = series(quantity, subject)
            limit = facts.one("capacity.limit", about)
            if limit is None:
                limit = _declared("capacity.limit", policy[rule].number, about, f"policy {rule}", as_of)
                yield limit
            yield derive("capacity.multiple", about, "limit / peak", as_of, limit=limit, peak=peak)
            yield derive("capacity.peak_buffer", about, "(limit - peak) / limit * 100", as_of, limit=limit, peak=peak)
            cores = facts.one("cpu.cores.usable", subject) if quantity == "cpu.utilisation" else None
            if cores is not None:
                yield derive("capacity.wait", about, "wait(cores, limit / 100)", as_of, cores=cores, limit=limit)


def _services(facts: Facts, policy: Policy, as_of: datetime, spikes: list[Spike]) -> Iterator[Declared | Derived]:
    for subject in facts.subjects("instance.connections"):
        opens, most = facts.one("instance.connections", subject), facts.one("scaling.maximum", subject)
        if most is not None and opens is not None:
            yield derive("scaling.maximum.connections", subject, "most * opens", as_of, most=most, opens=opens)
    for subject in facts.subjects("service.load"):
        peak, count = peak_of(facts, "service.load", subject), facts.one("service.instances", subject)
        users, mean = facts.one("service.users", subject, "mean"), facts.one("service.load", subject, "mean")
        if users is not None and mean is not None and float(users.value):
            yield derive("service.load_per_user", subject, "load / users", as_of, load=mean, users=users)
        if peak is None or count is None or not float(peak.value):
            continue
        each = facts.one("instance.sustains", subject)
        broken = facts.one("capacity.break_load", subject)
        if each is None and broken is not None:
            each = derive("instance.sustains", subject, "broken / count", as_of, broken=broken, count=count)
            yield each
        if each is None:
            continue
        yield from _instances(subject, peak, count, each, as_of)
        price = facts.one("instance.price", subject)
        yield from _buffer(policy, subject, peak, count, each, price, as_of)
        yield from _scaling(facts, subject, peak, each, as_of)
        declared = facts.number("spike.multiple", subject)
        stated = [Spike("declared", declared.value, declared.record.source)] if declared else []
        for spike in [*spikes, *stated]:
            yield from _spike(spike, subject, peak, count, each, price, as_of)


def _instances(subject: str, peak: Known, count: Known, each: Known, as_of: datetime) -> Iterator[Derived]:
    total = derive("capacity.sustained", subject, "each * count", as_of, each=each, count=count)
    yield total
    yield derive("capacity.multiple", subject, "total / peak", as_of, total=total, peak=peak)
    yield derive("capacity.peak_buffer", subject, "(total - peak) / total * 100", as_of, total=total, peak=peak)
    rest = derive("capacity.sustained.after_loss", subject, "each * (count - 1)", as_of, each=each, count=count)
    yield rest
    yield derive("capacity.multiple.after_loss", subject, "rest / peak", as_of, rest=rest, peak=peak)
    if float(rest.value):
        yield derive("capacity.loss.use", subject, "peak / rest * 100", as_of, peak=peak, rest=rest)


def _buffer(
    policy: Policy, subject: str, peak: Known, count: Known, each: Known, price: Known | None, as_of: datetime
) -> Iterator[Declared | Derived]:
    share = policy["capacity.buffer"].number
    formula = f"max(ceil(peak * (100 + {share:g}) / 100 / each) + 1 - count, 0)"
    more = derive("capacity.buffer.instances", subject, formula, as_of, peak=peak, each=each, count=count)
    yield more
    if price is not None:
        yield derive(
            "capacity.buffer.price", subject, "more * price", as_of, currency=price.unit, more=more, price=price
        )


def _scaling(facts: Facts, subject: str, peak: Known, each: Known, as_of: datetime) -> Iterator[Derived]:
    yield derive("scaling.minimum.proposed", subject, "ceil(peak / each) + 1", as_of, peak=peak, each=each)
    least, most = facts.one("scaling.minimum", subject), facts.one("scaling.maximum", subject)
    if least is not None:
        yield derive("scaling.minimum.carries", subject, "(least - 1) * each", as_of, least=least, each=each)
    if most is not None:
        yield derive("scaling.maximum.carries", subject, "most * each", as_of, most=most, each=each)


def _spike(
    spike: Spike, subject: str, peak: Known, count: Known, each: Known, price: Known | None, as_of: datetime
) -> Iterator[Declared | Derived]:
    about = f"spike:{subject.removeprefix('service:')}/{spike.name}"
    times = _declared("spike.multiple", spike.multiple, about, spike.source, as_of)
    load = derive("spike.load", about, "times * peak", as_of, times=times, peak=peak)
    needed = derive("spike.instances", about, "ceil(load / each) + 1", as_of, load=load, each=each)
    gap = derive("spike.gap", about, "max(needed - count, 0)", as_of, needed=needed, count=count)
    yield from (times, load, needed, gap)
    if price is not None:
        yield derive("spike.price", about, "gap * price", as_of, currency=price.unit, gap=gap, price=price)
