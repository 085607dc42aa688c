"""Autoscaling reviewed where it is declared, proposed where it is not."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown


@check(
    title="autoscaling",
    quantities=("scaling.trigger", "scaling.minimum", "scaling.maximum"),
    policies=("capacity.limit.cpu",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Trigger below the knee, minimum that survives a loss, maximum that meets the spike, cool-down after the start."""
    services = facts.subjects("service.instances")
    for subject in services:
        yield from _review(facts, policy, subject)
    if not services:
        yield Unknown(
            code="autoscaling",
            subject="system:declared",
            quantity="scaling.trigger",
            says="Whether and how it scales is not known.",
            why="not_configured",
            how="declare [[service]] and [[scaling]]",
            could_be="medium",
        )


def _review(facts: Facts, policy: Policy, subject: str) -> Iterator[Outcome]:
    names = ("scaling.minimum", "scaling.maximum", "scaling.trigger", "scaling.cool_down", "scaling.time")
    least, most, trigger, pause, start = (facts.number(name, subject) for name in names)
    peak = facts.number("service.load", subject, "p99.5")
    floor, top = facts.number("scaling.minimum.carries", subject), facts.number("scaling.maximum.carries", subject)
    wrong: list[tuple[str, list[Number]]] = []
    if trigger and trigger.value >= policy["capacity.limit.cpu"].number:
        rule = policy["capacity.limit.cpu"]
        wrong.append(
            (f"the trigger of {shown(trigger)} is at or above the limit of {limit(rule)}: too late", [trigger])
        )
    if floor and peak and floor.value < peak.value:
        says = f"the minimum carries {shown(floor)} with one lost, the P99.5 is {shown(peak)}"
        wrong.append((says, [floor, peak]))
    for load in facts.numbers("spike.load"):
        stated = load.subject.startswith(f"spike:{subject.removeprefix('service:')}/")
        if top and stated and not load.subject.endswith(("/viral", "/campaign")) and top.value < load.value:
            wrong.append((f"the maximum carries {shown(top)}, the spike is {shown(load)}", [top, load]))
    if pause and start and pause.value <= start.value:
        wrong.append(
            (f"the cool-down of {shown(pause)} is not longer than the start of {shown(start)}", [pause, start])
        )
    opened = facts.number("scaling.maximum.connections", subject)
    slots = min(facts.numbers("db.connections.limit"), key=lambda number: number.value, default=None)
    if opened and slots and opened.value > slots.value:
        says = f"the maximum opens {shown(opened)} database connections, the database has {shown(slots)}"
        wrong.append((says, [opened, slots]))
    for says, numbers in wrong:
        yield Finding(
            code="autoscaling",
            subject=subject,
            severity="medium",
            says=f"Autoscaling of {spoken(subject)} as declared: {says}",
            matters="Capacity comes late or not at all when load moves faster than it.",
            do="Set the autoscaling to the proposed values and watch one peak.",
            evidence=[number.id for number in numbers],
        )
    by_hand = facts.one("scaling.by_hand", subject)
    if by_hand is not None and by_hand.value is True:
        yield Finding(
            code="autoscaling",
            subject=subject,
            severity="medium",
            says=f"{spoken(subject)} is scaled by hand",
            matters="Load moves faster than people, at night most of all.",
            do="Automate the step that people do, with a minimum and a maximum.",
            evidence=[by_hand.id],
        )
    known = [number for number in (least, most, trigger, pause, start) if number]
    proposed = facts.number("scaling.minimum.proposed", subject)
    if proposed:
        says = (
            f"{spoken(subject)}: a minimum of {shown(proposed)} instances holds {seen(facts, proposed)} with one lost"
        )
        yield Pass(code="autoscaling", subject=subject, says=says, evidence=[proposed.id])
    elif known and not wrong:
        ids = [number.id for number in known]
        yield Pass(
            code="autoscaling", subject=subject, says=f"Autoscaling of {spoken(subject)} is declared", evidence=ids
        )
    if len(known) < len(names):
        lacking = [name for name, number in zip(names, (least, most, trigger, pause, start), strict=True) if not number]
        yield Unknown(
            code="autoscaling",
            subject=subject,
            quantity=lacking[0],
            says=f"Not known of the scaling of {spoken(subject)}: {', '.join(lacking)}",
            why="not_configured",
            how="declare them in [[scaling]]; time_to_scale_s from a start you timed",
            could_be="medium",
        )
