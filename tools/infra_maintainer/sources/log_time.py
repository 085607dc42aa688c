"""Which time a log covers, and when in it requests of users failed. `reliability.stretch` has the rule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from infra_maintainer.logs.loki import LONGEST_MINUTES
from infra_maintainer.logs.route_name import plain
from infra_maintainer.logs.summary import LogSummary
from infra_maintainer.reliability.stretch import Failing, Stretch, failing
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog

QUANTITIES = ("log.covers", *(f"traffic.failing.{name}" for name in ("when", "failed", "requests", "spread")))
DAY_AND_MINUTE = "%Y-%m-%d %H:%M"


def of_log(survey: Survey, log: AccessLog, summary: LogSummary, origin: str) -> Iterator[AnyEvidence]:
    """The time of the users' requests in the log; when they failed in one stretch, or spread over it."""
    if not summary.minutes or (log.loki and log.hours * 60 > LONGEST_MINUTES):  # the latter has only its end by minute
        return
    subject = f"traffic:{log.name}"
    begin, end = summary.minutes[0][0], summary.minutes[-1][0]
    window = (end - begin + 1) * 60.0
    yield survey.measured("log.covers", _span(begin, end, log, summary), subject=subject, window=window, source=origin)
    told = _Told(survey, log, summary, origin, window)
    yield from told.whole(subject)
    for route, failed in summary.failing.items():
        yield from told.route(f"route:{log.name}:{plain(route)}", dict(failed))


class _Told(NamedTuple):
    survey: Survey
    log: AccessLog
    summary: LogSummary
    origin: str
    window: float

    def whole(self, subject: str) -> Iterator[AnyEvidence]:
        """When requests of users failed, and how many of all they made meanwhile."""
        found = failing(self.summary.minutes)
        if found is None:
            return
        yield from self._failures(found, subject)
        if found.in_one_stretch:
            inside = found.grown
            yield self._count("requests", inside.requests, found.log.requests, inside, subject)

    def route(self, subject: str, failed: dict[int, int]) -> Iterator[AnyEvidence]:
        """When those of a route failed, among the requests of all: those of a route are not counted by minute."""
        found = failing([(at, asked, failed.get(at, 0)) for at, asked, _ in self.summary.minutes])
        if found is not None:
            yield from self._failures(found, subject)

    def _failures(self, found: Failing, subject: str) -> Iterator[AnyEvidence]:
        inside = found.grown
        if found.in_one_stretch:
            yield self.survey.measured(
                "traffic.failing.when", _when(inside, self.log, self.summary), subject=subject,
                window=inside.length_min * 60.0, source=self.origin,
            )  # fmt: skip
            yield self._count("failed", inside.failed, found.log.failed, inside, subject)
        elif found.spread:
            yield self.survey.measured(
                "traffic.failing.spread", found.core.length_min * 60, subject=subject, stat="min",
                n=found.log.failed, window=self.window, source=self.origin,
            )  # fmt: skip

    def _count(self, name: str, part: int, of: int, inside: Stretch, subject: str) -> AnyEvidence:
        return self.survey.measured(
            f"traffic.failing.{name}", part, subject=subject, stat="count", n=of, window=inside.length_min * 60.0,
            source=self.origin,
        )  # fmt: skip


def _when(inside: Stretch, log: AccessLog, summary: LogSummary) -> str:
    """A stretch that reaches the end of the log may go on."""
    span = _span(inside.first, inside.last, log, summary)
    return f"{span}, the end of the log" if inside.last == summary.minutes[-1][0] else span


def _span(first: int, last: int, log: AccessLog, summary: LogSummary) -> str:
    """Two minutes for people: "2026-11-10 14:05 to 14:32 UTC"; the date twice where it is not the same."""
    begin, end = _moment(first, summary), _moment(last, summary)
    text = f"{begin:{DAY_AND_MINUTE}}"
    if end != begin:
        text += f" to {end:%H:%M}" if begin.date() == end.date() else f" to {end:{DAY_AND_MINUTE}}"
    return f"{text} {_zone(log, summary)}"


def _moment(minute: int, summary: LogSummary) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(summary.zone or "UTC"))


def _zone(log: AccessLog, summary: LogSummary) -> str:
    """Times that name their zone are told in UTC; others as the clock of the log showed them."""
    if summary.zone is None:
        return "UTC"
    return summary.zone if log.timezone else "by the log's own clock"
