"""What users got, from the access logs of the server in front: real users, every request, exact percentiles."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from statistics import median

from infra_maintainer.evidence.model import Stat
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.logs.find import HOW_TO_LOG_TIMES, files_of, format_from, summary_of_files
from infra_maintainer.logs.loki import summary_of_loki
from infra_maintainer.logs.route_name import plain
from infra_maintainer.logs.summary import MOST_SHOWN, LogSummary, RouteStats, shown_routes
from infra_maintainer.logs.tables import summary_of_table
from infra_maintainer.logs.upstreams import UpstreamStats
from infra_maintainer.logs.wanted import Wanted
from infra_maintainer.reliability.availability import of_requests
from infra_maintainer.reliability.burn import burns
from infra_maintainer.reliability.normal import LEAST_WEEKS, same_hour
from infra_maintainer.reliability.routes import longest_silence_s
from infra_maintainer.sources import journey_traffic, log_end, log_time
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Survey, percent
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.world.failure import WorldError

_LATER = ("timezone", "loki", "selector", "tenant")
OWED = ("traffic.requests", "traffic.errors", "traffic.latency")
BUDGET_SHARE = 0.001
WORDS_OF_TRAFFIC = {
    "user": "of users", "static": "for static files", "bot": "of bots", "health": "of health checks",
    "nobody": "lines without a request",
}  # fmt: skip
HOW_TO_TELL = (
    "log $http_user_agent (Apache: %{User-Agent}i; Traefik: accessLog.fields.headers.names.User-Agent: keep); in a "
    'table name its column: columns = { agent = "..." }'
)
KINDS = ("aborted", "balancer_error", "closed", "server_error", "timeout")


def subjects(survey: Survey) -> list[str]:
    """One subject per declared log."""
    return [f"traffic:{log.name}" for log in survey.system.access_log]


@source(
    title="requests of real users in access logs",
    jobs=("health",),
    disturbs=True,
    quantities=OWED,
    also=(
        *journey_traffic.QUANTITIES,
        *log_time.QUANTITIES,
        *(f"traffic.requests.{kind}" for kind in ("bot", "health", "static")),
        *(f"traffic.errors.{kind}" for kind in KINDS),
        *(f"traffic.burn.{name}" for name in ("fast", "medium", "slow")),
        "traffic.availability",
        "traffic.clients",
        "traffic.critical",
        "traffic.clients.affected",
        "traffic.clients.scanners",
        "traffic.health.errors",
        "traffic.latency.cut_off",
        "traffic.latency.normal",
        "traffic.latency.tail",
        "traffic.repeats",
        "traffic.retries.hidden",
        "traffic.time",
        "traffic.time.share",
        "traffic.time.upstream",
        "upstream.attempts",
        "upstream.errors",
        "upstream.latency",
        "upstream.time.share",
        "log.lines",
        "log.lines.refused",
        "log.lines.unfinished",
        "log.format",
        "log.gap",
        "log.quiet",
        "log.zone",
    ),
    subjects=subjects,
    configure='name the log in infra.toml: [[access_log]] name = "shop" path = "/var/log/nginx/access.log"',
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Every declared log, one after the other: each uses all cores already."""
    for log in survey.system.access_log:
        try:
            summary = summary_of(survey, log)
        except WorldError as error:  # the other logs are read all the same
            for quantity in OWED:
                subject = f"traffic:{log.name}"
                yield survey.missing(
                    quantity, error.why, error.detail, error.how, subject=subject, source=f"access log {log.name}"
                )
            yield from journey_traffic.unread(survey, log, error)
            continue
        told = _Told(survey, log, summary)
        yield from told.evidence()
        yield from log_time.of_log(survey, log, summary, told.origin)
        yield from journey_traffic.in_log(survey, log, summary)


def summary_of(survey: Survey, log: AccessLog) -> LogSummary:
    """What a declared log holds, counted. Raises WorldError when it cannot be read."""
    wanted = journey_traffic.wanted(survey, log.name)
    # What an older recording does not know stays out of the question while it is not used.
    asked = log.model_dump(mode="json", exclude=set(_LATER)) | {
        name: value
        for name, value in (
            ("wanted", list(wanted.routes)),
            ("limits_us", list(wanted.limits_us)),
            *((each, getattr(log, each)) for each in _LATER),
        )
        if value
    }
    return LogSummary.model_validate(survey.world.engine("access_log", asked, partial(_read, survey, log, wanted)))


def _read(survey: Survey, log: AccessLog, wanted: Wanted) -> object:
    if log.loki is not None:
        return summary_of_loki(survey.world, log, wanted).model_dump(mode="json")
    if log.path is None:
        return summary_of_table(survey.world, log, wanted).model_dump(mode="json")
    files = files_of(log.path)
    chosen = format_from(files, log.format, log.server_config, survey.world.host.read)
    keep_going = partial(_time_is_left, survey)
    return summary_of_files(files, chosen, keep_going, wanted, log.timezone or "UTC").model_dump(mode="json")


def _time_is_left(survey: Survey) -> bool:
    return survey.world.deadline.remaining() > 1


class _Told:
    """One summary on its way to evidence."""

    def __init__(self, survey: Survey, log: AccessLog, summary: LogSummary) -> None:
        self.survey, self.log, self.summary = survey, log, summary
        self.subject = f"traffic:{log.name}"
        self.knows_agents = "agent" in summary.fields
        self.origin = f"access log {log.path or log.table or log.loki} ({summary.format})"
        self.window = summary.window_s
        if summary.begin is None and self.window is not None:
            self.origin += ", its time known to the minute and rounded up"

    def evidence(self) -> Iterator[AnyEvidence]:
        """Everything the summary holds, the whole first, then routes and upstreams."""
        yield self.survey.declared("traffic.critical", self.log.critical, subject=self.subject)
        yield from self._lines()
        users = self.summary.users
        yield from self._others()
        if checks := self.summary.traffic.get("health", 0):
            failed = percent(self.summary.health_failed, checks)
            yield self._number("traffic.health.errors", failed, "ratio", n=checks)
        yield from self._upstreams()
        if users is None:
            yield from self._without_users()
            return
        yield from self._route(self.subject, users, users)
        yield from self._budget(users)
        yield from self._normal(users)
        if self.summary.clients:
            yield self._number("traffic.clients", self.summary.clients, "count")
            affected = percent(self.summary.clients_failed or 0, self.summary.clients)
            yield self._number("traffic.clients.affected", affected, "ratio", n=self.summary.clients)
            if self.summary.scanners is not None:
                yield self._number("traffic.clients.scanners", self.summary.scanners, "count")
            if self.summary.repeats is not None:
                yield self._number("traffic.repeats", self.summary.repeats, "count")
        for route in shown_routes(self.summary.routes):
            yield from self._route(f"route:{self.log.name}:{plain(route.route)}", route, users)

    def _upstreams(self) -> Iterator[AnyEvidence]:
        in_all_us = sum(each.time_us for each in self.summary.upstreams)
        for upstream in self.summary.upstreams[:MOST_SHOWN]:
            yield from self._upstream(f"upstream:{self.log.name}:{plain(upstream.address)}", upstream, in_all_us)

    def _without_users(self) -> Iterator[AnyEvidence]:
        yield self._number("traffic.requests", 0, "count")
        counts = sorted(self.summary.traffic.items())
        told = ", ".join(f"{count} {WORDS_OF_TRAFFIC[kind]}" for kind, count in counts if count) or "nothing"
        for quantity in ("traffic.errors", "traffic.latency"):
            yield self.survey.missing(
                quantity, "no_data", f"the log holds no request of a user, only {told}",
                "ask again when users have come, or name the log of the server that they reach",
                subject=self.subject, source=self.origin,
            )  # fmt: skip

    def _others(self) -> Iterator[AnyEvidence]:
        """Requests of programs, health checks and for static files."""
        for kind in ("static", "bot", "health", *(["nobody"] if "nobody" in self.summary.traffic else [])):
            if kind == "bot" and not self.knows_agents:
                yield self.survey.missing(
                    "traffic.requests.bot", "not_recorded", "no user agent is logged: bots count as users", HOW_TO_TELL,
                    subject=self.subject, source=self.origin,
                )  # fmt: skip
                continue
            yield self._number(f"traffic.requests.{kind}", self.summary.traffic.get(kind, 0), "count")

    def _normal(self, users: RouteStats) -> Iterator[AnyEvidence]:
        """P95 as one sample for later runs, and what earlier runs at this hour of the week kept."""
        if users.p95_us is None:
            return
        yield self._number("traffic.latency.tail", users.p95_us / 1000, "instant")
        now, history = self.survey.world.clock.now(), self.survey.history
        try:
            kept = history.samples("traffic.latency.tail", self.subject, now - timedelta(weeks=5)) if history else []
        except StoreError as error:  # what is normal is all that the store knows: the log is told without it
            yield self.survey.missing(
                "traffic.latency.normal", "error", str(error), MEND_STORE, subject=self.subject, source="store"
            )
            return
        weeks = same_hour(kept, now)
        if len(weeks) < LEAST_WEEKS:
            yield self.survey.missing(
                "traffic.latency.normal",
                "no_data",
                f"only {len(weeks)} of the last four weeks have a run at this hour of the week",
                "run infra-maintainer health every hour, always with the same --store, or declare a [[prometheus]]",
                subject=self.subject,
                source="store",
            )
            return
        yield self.survey.measured(
            "traffic.latency.normal",
            median(weeks),
            subject=self.subject,
            stat="p95",
            n=len(weeks),
            source="samples kept in the store, the same hour of the last four weeks",
        )

    def _budget(self, users: RouteStats) -> Iterator[AnyEvidence]:
        """Availability by requests, and how fast the budget of 0.1 % errors burns at the end of the log."""
        share = of_requests(users.requests, users.failed)
        yield self._number("traffic.availability", share, "ratio", n=users.requests)
        if not self.summary.minutes:
            return
        end, ended = self.summary.minutes[-1][0] + 1, log_end.ended(self.survey, self.log, self.summary)
        for burn in burns(self.summary.minutes, end, BUDGET_SHARE):
            quantity = f"traffic.burn.{burn.rule.name}"
            if detail := ended.get(burn.rule.name):
                yield self.survey.missing(
                    quantity, "no_data", detail, log_end.LOOK_AGAIN, subject=self.subject, source=self.origin
                )
                continue
            yield self.survey.measured(
                quantity, burn.rate, subject=self.subject, stat="ratio", n=burn.requests,
                window=burn.rule.long * 60, source=f"{self.origin}, to its last minute",
            )  # fmt: skip

    def _number(
        self, quantity: str, value: float, stat: Stat, *, subject: str | None = None, n: int | None = None
    ) -> AnyEvidence:
        return self.survey.measured(
            quantity, value, subject=subject or self.subject, stat=stat, n=n, window=self.window, source=self.origin
        )

    def _lines(self) -> Iterator[AnyEvidence]:
        summary = self.summary
        yield self._number("log.lines", summary.lines, "count")
        examples = "; ".join(f"{kind}: {text[0]}" for kind, text in sorted(summary.refused_examples.items()))
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(summary.refused.items()))
        yield self.survey.measured(
            "log.lines.refused", sum(summary.refused.values()), subject=self.subject, stat="count", window=self.window,
            source=f"{self.origin}: {kinds or 'none'}", quote=examples or None,
        )  # fmt: skip
        yield self._number("log.lines.unfinished", summary.unfinished, "count")
        if (end := log_end.age(self.survey, summary)) is not None:
            yield self._number("log.quiet", end.seconds, "instant" if end.exact else "max")
        if summary.minutes and log_end.knows_now(self.log, summary):
            gap_s = longest_silence_s([at for at, _, _ in summary.minutes])
            yield self._number("log.gap", gap_s, "max", n=sum(n for _, n, _ in summary.minutes))
        told = f"{summary.format} (recognised from its lines)" if summary.assumed else summary.format
        if not self.knows_agents:
            told += "; it holds no user agents, so that bots, and probes of ordinary paths, count as users"
        yield self.survey.measured("log.format", told, subject=self.subject, source=self.origin)
        if summary.zone and self.log.timezone:
            yield self.survey.declared("log.zone", summary.zone, subject=self.subject)
        elif summary.zone:
            by = "assumed: the times carry no zone, and [[access_log]] declares no timezone"
            yield self.survey.declared("log.zone", summary.zone, subject=self.subject, source=by)
        for problem in [*summary.problems, *(["the time limit ended the reading"] if summary.stopped_early else [])]:
            yield self.survey.missing(
                "log.lines", "error", problem, "read the rest by hand or allow more time", source=self.origin,
                subject=f"{self.subject} rest",
            )  # fmt: skip

    def _route(self, subject: str, route: RouteStats, users: RouteStats) -> Iterator[AnyEvidence]:
        yield self._number("traffic.requests", route.requests, "count", subject=subject)
        errors = percent(route.failed, route.requests)
        yield self._number("traffic.errors", errors, "ratio", subject=subject, n=route.requests)
        for kind, count in sorted(route.failures.items()):
            yield self._number(f"traffic.errors.{kind}", count, "count", subject=subject, n=route.requests)
        if route.hidden_retries is not None:
            hidden = percent(route.hidden_retries, route.requests)
            yield self._number("traffic.retries.hidden", hidden, "ratio", subject=subject, n=route.requests)
        if route.p50_us is None or route.p95_us is None or route.p99_us is None or route.mean_us is None:
            if subject == self.subject:
                why = "the log carries no response times"
                yield self.survey.missing(
                    "traffic.latency", "no_data", why, HOW_TO_LOG_TIMES, subject=subject, source=self.origin
                )
            return
        times: dict[Stat, float] = {
            "p50": route.p50_us,
            "p95": route.p95_us,
            "p99": route.p99_us,
            "mean": route.mean_us,
        }
        for stat, value in times.items():
            yield self._number("traffic.latency", value / 1000, stat, subject=subject, n=route.timed)
        yield self._number("traffic.time", route.time_us / 1e6, "sum", subject=subject, n=route.timed)
        if users.time_us:
            yield self._number("traffic.time.share", percent(route.time_us, users.time_us), "ratio", subject=subject)
        if route.cut_off_us is not None:
            yield self._number("traffic.latency.cut_off", route.cut_off_us / 1000, "instant", subject=subject)
        if route.upstream_time_us is not None and route.time_us:
            share = min(100.0, percent(route.upstream_time_us, route.time_us))
            yield self._number("traffic.time.upstream", share, "ratio", subject=subject)

    def _upstream(self, subject: str, upstream: UpstreamStats, in_all_us: int) -> Iterator[AnyEvidence]:
        yield self._number("upstream.attempts", upstream.attempts, "count", subject=subject)
        if upstream.failed_attempts is not None:
            errors = percent(upstream.failed_attempts, upstream.attempts)
            yield self._number("upstream.errors", errors, "ratio", subject=subject, n=upstream.attempts)
        times: dict[Stat, int | None] = {"p50": upstream.p50_us, "p95": upstream.p95_us, "p99": upstream.p99_us}
        for stat, value in times.items():
            if value is not None:
                yield self._number("upstream.latency", value / 1000, stat, subject=subject, n=upstream.timed)
        if in_all_us:  # static files wait in upstreams too: a share of the users' wait could exceed it
            share = percent(upstream.time_us, in_all_us)
            yield self._number("upstream.time.share", share, "ratio", subject=subject)
