"""How fast each declared journey burns its error budget, and when it would be empty: from the same requests.

A rule speaks when its long window was watched and both of its windows have requests of the journey; anything else is
unknown, never zero.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from infra_maintainer.evidence.model import Derived, Measured, Why
from infra_maintainer.evidence.show import show
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.logs.summary import LogSummary
from infra_maintainer.prometheus import expressions as ex
from infra_maintainer.prometheus.client import Client
from infra_maintainer.reliability.burn import COVERED, RULES, WINDOWS_MIN, Rule, Seen, burn
from infra_maintainer.reliability.routes import count
from infra_maintainer.sources import log_end
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.prometheus import Prometheus
from infra_maintainer.system.service import Journey
from infra_maintainer.world.failure import WorldError

SHARE = "availability.requests"
QUANTITIES = tuple(f"{SHARE}.{what}.{rule.name}" for what in ("burn", "empty") for rule in RULES)
TARGET, TARGET_PERCENT = "health.traffic.availability", 99.9


class Spent(NamedTuple):
    """The budget spent over a window, to which a burn rate is put."""

    record: Measured
    origin: str


class _Gap(NamedTuple):
    why: Why
    detail: str
    how: str


class Watched(NamedTuple):
    """What was seen of each journey in the windows, in minutes; or why a rule cannot be told."""

    seen: Mapping[int, Seen]
    gaps: Mapping[str, _Gap]


def budget(survey: Survey) -> float | None:
    """The share of requests that may fail; None where the owner's target leaves none, or all."""
    allowed = 1 - float(survey.system.policy.get(TARGET, TARGET_PERCENT)) / 100
    return allowed if 0 < allowed < 1 else None


def told(survey: Survey, spent: Spent, watched: Watched) -> Iterator[AnyEvidence]:
    """Burn rate and time to empty of each rule, or why it has none."""
    allowed, subject = budget(survey), spent.record.subject
    if allowed is None:
        return
    for rule in RULES:
        quantity, last = f"{SHARE}.burn.{rule.name}", f"the last {_span(rule.long)} and {_span(rule.short)}"
        gap, nothing = watched.gaps.get(rule.name), Seen(0, 0)
        pair = [watched.seen.get(each, nothing) for each in (rule.long, rule.short)]
        found = burn(rule, allowed, *pair) if gap is None else None
        if found is None:
            window, seen = (rule.long, pair[0]) if pair[0].requests < 1 else (rule.short, pair[1])
            counted = "less than one" if seen.requests > 0 else "no"
            detail = f"{counted} request of it was counted in the last {_span(window)}"
            why, detail, how = gap or _Gap("no_data", detail, "look again later")
            yield survey.missing(quantity, why, detail, how, subject=subject, source=f"{spent.origin}; {last}")
            continue
        rate = survey.measured(
            quantity, found.rate, subject=subject, stat="ratio", n=found.requests, window=rule.long * 60.0,
            source=f"{spent.origin}; {last}, the smaller of both",
        )  # fmt: skip
        yield rate
        if found.rate > 0:
            yield _empty(survey, rule, rate, spent)


def _span(minutes: int) -> str:
    return show(minutes * 60.0, "s")


def _empty(survey: Survey, rule: Rule, rate: Measured, spent: Spent) -> Derived:
    """Of the whole window's budget, less what is known to be spent: what failed before anybody counted is not known."""
    whole_s = round(survey.system.availability.window_days * 86400)
    counted_s = min(whole_s, round(spent.record.window or 0))
    left_s = max((whole_s - float(spent.record.value) / 100 * counted_s) / float(rate.value), 0.0)
    quantity = f"{SHARE}.empty.{rule.name}"
    return Derived(
        subject=spent.record.subject, quantity=quantity, stat="max", value=float(f"{left_s:.6g}"),
        unit=unit_of(quantity), formula=f"max(({whole_s} - spent / 100 * {counted_s}) / burn, 0)",
        inputs={"spent": spent.record.id, "burn": rate.id}, as_of=rate.as_of, source=rate.source,
    )  # fmt: skip


def in_log(survey: Survey, log: AccessLog, summary: LogSummary, of: Journey) -> Watched:
    """A journey in the last minutes of a log."""
    if summary.recent is None or summary.first_minute is None or summary.last_minute is None:
        file = log.path is not None
        detail = "its requests were not counted by minute" if file else "only log files are counted by route and minute"
        how = "run it on the log itself" if file else "see the burn of all users of this log, or declare its files"
        return Watched({}, {rule.name: _Gap("not_supported", detail, how) for rule in RULES})
    limit = None if of.limit_ms is None else round(of.limit_ms * 1000)
    seen = {
        window: Seen(found.requests, found.failed)
        for window in WINDOWS_MIN
        for found in [
            count(
                of.routes,
                [
                    (each.route, each.requests, each.failed + (each.late.get(limit, 0) if limit else 0))
                    for each in summary.recent
                    if each.window_min == window
                ],
            )
        ]
    }
    covered_min = (summary.last_minute - summary.first_minute).total_seconds() / 60 + 1
    ended = log_end.ended(survey, log, summary)
    gaps: dict[str, _Gap] = {}
    for rule in RULES:
        if covered_min < COVERED * rule.long:
            how = "name the rotated set (access.log*) in [[access_log]]"
            gaps[rule.name] = _Gap("no_data", f"the log covers {_span(round(covered_min))} of {_span(rule.long)}", how)
        elif rule.name in ended:
            gaps[rule.name] = _Gap("no_data", ended[rule.name], log_end.LOOK_AGAIN)
    return Watched(seen, gaps)


def in_metrics(server: Prometheus, client: Client, journeys: list[Journey]) -> list[Watched]:
    """Each journey by one query for the routes of all."""
    routes = sorted({route for each in journeys for route in each.routes})
    try:
        points = client.ask(ex.journey_windows(server, routes, WINDOWS_MIN))
    except WorldError as error:
        gap = _Gap(error.why, error.detail, error.how)
        return [Watched({}, {rule.name: gap for rule in RULES}) for _ in journeys]
    parts = {(each.labels.get("part", ""), each.labels.get(server.route_label, "")): each.value for each in points}
    return [_of_parts(parts, each) for each in journeys]


def _of_parts(parts: Mapping[tuple[str, str], float], of: Journey) -> Watched:
    def total(part: str) -> float:
        return sum(parts.get((part, route), 0.0) for route in of.routes)

    seen: dict[int, Seen] = {}
    for window in WINDOWS_MIN:
        requests = total(f"requests{window}")
        seen[window] = Seen(requests, min(requests, total(f"failed{window}") + total(f"born{window}")))
    gaps: dict[str, _Gap] = {}
    for rule in RULES:
        steps = max((parts.get((f"steps{rule.long}", route), 0.0) for route in of.routes), default=0.0)
        covered_min = min(float(rule.long), steps * ex.step_s(rule.long * 60) / 60)
        if covered_min < COVERED * rule.long:
            detail = f"there are samples of it for {_span(round(covered_min))} of {_span(rule.long)}"
            gaps[rule.name] = _Gap("no_data", detail, "look again when there are samples for longer")
    return Watched(seen, gaps)
