"""The availability budget: kept, missed or unknown for each journey, address and log, by the best source of each."""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import name_of, samples, too_few_failures
from infra_maintainer.evidence.model import Why
from infra_maintainer.evidence.show import many, show

CODE = "budget_availability"
TIMED, ASKED = "availability.best", "availability.requests"
LOGGED = "traffic.errors"  # what a declared log owes, and gives no availability without
MOST = 3
MATTERS = "Beyond the budget people notice that they wait or fail, and go elsewhere."
DO = "Start where the bottleneck is named, or with the largest kind of failure."


class _Held(NamedTuple):
    """The availability of one subject: the same twice by requests, an interval by samples with gaps."""

    best: Number
    worst: Number
    says: str

    @property
    def ids(self) -> list[str]:
        return list(dict.fromkeys([self.best.id, self.worst.id]))


@check(
    title="the availability budget of journeys, addresses and logs",
    quantities=("traffic.availability", ASKED, TIMED, "availability.worst"),
    policies=("budget.availability",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Missed when even the best case misses, kept when even the worst case keeps, unknown between; the worst leads."""
    rule = policy["budget.availability"]
    held = sorted([*_by_requests(facts), *_by_samples(facts)], key=lambda each: each.worst.value)
    missed = [each for each in held if rule.undercut(each.best.value) and not _too_few(each, rule)]
    kept = [each for each in held if not rule.undercut(each.worst.value)]
    gaps = [each for each in facts.missing(TIMED) if each.subject not in {one.best.subject for one in held}]
    names = _and_more([each.subject.partition(":")[2] for each in gaps])
    rest = f"; not known of {names}" if gaps else ""
    if missed:
        yield Finding(
            code=CODE, subject=missed[0].best.subject, severity=rule.severity, says=f"{_line(missed, rule)}: missed",
            matters=MATTERS, do=DO, evidence=_ids(missed), policy=rule.id, user_facing=True,
        )  # fmt: skip
    if kept:
        yield Pass(
            code=CODE, subject=kept[0].best.subject, says=_line(kept, rule) + rest,
            evidence=[*_ids(kept), *(each.id for each in gaps)], policy=rule.id, user_facing=True,
        )  # fmt: skip
    between = [each for each in held if each not in missed and each not in kept]
    if between:
        yield _unknown(
            rule, f"{_line(between, rule)}: too many gaps or too few requests to tell",
            "the target lies between the best and the worst case",
            "run `infra-maintainer health` from a timer without gaps, always with the same --store",
            "no_data", _ids(between),
        )  # fmt: skip
    if gaps and not held:  # beside a known one it is named there, and the availability of each says why
        says = f"budget availability ({limit(rule)}): not known of {names}."
        yield _unknown(rule, says, gaps[0].detail, gaps[0].how, gaps[0].why, [each.id for each in gaps])
    elif not held and (refused := [each for each in facts.missing(LOGGED) if each.why != "not_configured"]):
        says = f"budget availability ({limit(rule)}): not measured."
        yield _unknown(rule, says, refused[0].detail, refused[0].how, refused[0].why, [each.id for each in refused])
    elif not held:
        how = "declare an [[access_log]], a [[prometheus]], or a [[service.journey]] and a store in infra.toml"
        yield _unknown(rule, "budget availability: not measured.", "", how, "not_configured", [])


def _unknown(rule: Threshold, says: str, detail: str, how: str, why: Why, ids: list[str]) -> Unknown:
    return Unknown(
        code=CODE, subject="system:declared", quantity=TIMED, says=says, evidence=ids, policy=rule.id, why=why,
        detail=detail, how=how, could_be=rule.severity, user_facing=True,
    )  # fmt: skip


def _too_few(held: _Held, rule: Threshold) -> bool:
    return held.best.record.quantity == ASKED and too_few_failures(held.best, rule)


def _by_requests(facts: Facts) -> Iterator[_Held]:
    for share in [*facts.numbers(ASKED), *facts.numbers("traffic.availability")]:
        whole = share.subject.startswith("traffic:")
        name = name_of(share.subject) if whole else share.subject.partition(":")[2]
        over = f"{name}, {many(samples(share), 'request')} of real users{_window(share)}"
        yield _Held(share, share, f"{shown(share)} ({over})")


def _by_samples(facts: Facts) -> Iterator[_Held]:
    """Where no request tells: a journey that users walk is judged by them."""
    asked = set(facts.subjects(ASKED))
    for best in [each for each in facts.numbers(TIMED) if each.subject not in asked]:
        worst = facts.number("availability.worst", best.subject) or best
        share = shown(best) if best.value == worst.value else f"{shown(worst)} to {shown(best)}"
        name = best.subject.partition(":")[2]
        yield _Held(best, worst, f"{share} ({name}, samples of earlier runs{_window(best)}, synthetic)")


def _window(number: Number) -> str:
    window = getattr(number.record, "window", None)
    return f" over {show(window, 's')}" if window else ""


def _line(held: list[_Held], rule: Threshold) -> str:
    return f"budget availability of {limit(rule)}: {_and_more([each.says for each in held])}"


def _and_more(words: list[str]) -> str:
    return ", ".join(words[:MOST]) + (f" and {len(words) - MOST} more" if len(words) > MOST else "")


def _ids(held: list[_Held]) -> list[str]:
    return [id for each in held for id in each.ids]
