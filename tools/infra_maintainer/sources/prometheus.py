"""Any Prometheus-compatible server: what users got, saturation of many hosts, targets, alerts."""

from collections.abc import Iterator
from statistics import median

from infra_maintainer.evidence.model import Stat, Why
from infra_maintainer.logs.route_name import plain
from infra_maintainer.prometheus import expressions as ex
from infra_maintainer.prometheus.client import Client, Point
from infra_maintainer.reliability.burn import RULES, WINDOWS_MIN
from infra_maintainer.sources import journey_burn, journey_traffic
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.prometheus import Prometheus
from infra_maintainer.world.failure import WorldError

BUDGET_SHARE = 0.001
LEAST_WEEKS = 3
SAME = 0.99  # a server may scrape both forms of one histogram; extrapolation makes their counts differ a little
USER_SIDE = ("traffic.requests", "traffic.errors", "traffic.latency")
HOW = "name the metrics of user requests in [[prometheus]]: requests, duration, route_label, status_label"


def subjects(survey: Survey) -> list[str]:
    """One subject per declared server."""
    return [f"metrics:{each.name}" for each in survey.system.prometheus]


@source(
    title="Prometheus-compatible servers",
    jobs=("health",),
    quantities=("metrics.targets", "metrics.targets.down", "metrics.alerts"),
    also=(
        *USER_SIDE,
        *journey_traffic.QUANTITIES,
        *(f"traffic.burn.{rule.name}" for rule in RULES),
        *(signal.quantity for signal in ex.SIGNALS),
        *(f"{signal.quantity}.above" for signal in ex.SIGNALS),
        "fleet.size",
        "metrics.alert",
        "metrics.availability",
        "metrics.queries",
        "metrics.target.down",
        "metrics.targets.vanished",
        "metrics.warnings",
        "metrics.watched",
        "traffic.availability",
        "traffic.errors.server_error",
        "traffic.latency.cut_off",
        "traffic.latency.normal",
        "traffic.rate",
    ),
    subjects=subjects,
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """About twenty-five queries per server, whatever the number of its hosts."""
    for server in survey.system.prometheus:
        told = _Told(survey, server)
        try:
            yield from told.targets()
        except WorldError as error:  # a server that does not answer the simplest question is not asked the others
            for quantity in ("metrics.targets", "metrics.targets.down", "metrics.alerts"):
                yield told.gap(quantity, error, f"metrics:{server.name}")
            for quantity in USER_SIDE:
                yield told.gap(quantity, error, told.traffic)
            for subject, _ in journey_traffic.declared(survey, server.name):
                yield told.gap(journey_burn.SHARE, error, subject)
            continue
        for part in (told.alerts, told.requests, told.latency, told.routes, told.burn, told.fleet, told.availability):
            try:
                yield from part()
            except WorldError as error:
                yield from told.failed(part.__name__, error)
        yield from journey_traffic.in_metrics(survey, server, told.client)
        yield from told.tail()


class _Told:
    """The answers of one server on their way to evidence."""

    def __init__(self, survey: Survey, server: Prometheus) -> None:
        self.survey, self.server = survey, server
        self.client = Client(survey.world, server)
        self.subject, self.traffic = f"metrics:{server.name}", f"traffic:{server.name}"
        self.window = server.window_minutes * 60.0
        self.native = False  # which kind of histogram holds the requests: latency() finds out

    def gap(self, quantity: str, error: WorldError, subject: str) -> AnyEvidence:
        """What a failed query leaves unknown."""
        return self.survey.missing(
            quantity, error.why, error.detail, error.how, subject=subject, source=f"Prometheus {self.server.name}"
        )

    def failed(self, part: str, error: WorldError) -> Iterator[AnyEvidence]:
        """The quantities of a part whose query failed."""
        owed = {
            "alerts": ("metrics.alerts",),
            "requests": ("traffic.requests", "traffic.errors"),
            "latency": ("traffic.latency",),
            "fleet": tuple(signal.quantity for signal in ex.SIGNALS),
            "availability": ("metrics.availability",),
            "routes": ("traffic.latency",),
            "burn": ("traffic.burn.fast",),
        }
        for quantity in owed[part]:
            where = self.traffic if quantity.startswith("traffic.") else self.subject
            yield self.gap(quantity, error, f"{where} routes" if part == "routes" else where)

    def _value(
        self,
        quantity: str,
        value: float | str,
        query: str,
        *,
        subject: str | None = None,
        stat: Stat = "instant",
        n: int | None = None,
        window: float | None = None,
        quote: str | None = None,
    ) -> AnyEvidence:
        return self.survey.measured(
            quantity,
            value,
            subject=subject or self.subject,
            stat=stat,
            n=n,
            window=window,
            quote=quote,
            source=f"{self.server.name}: {query}",
        )

    def _parts(self, query: str) -> dict[str, float]:
        return {point.labels.get("part", ""): point.value for point in self.client.ask(query)}

    def targets(self) -> Iterator[AnyEvidence]:
        """Targets, those down, those that vanished since yesterday."""
        parts = self._parts(ex.TARGETS)
        if "all" not in parts:
            yield self.gap(
                "metrics.targets", WorldError("no_data", "it knows no target", "let it scrape something"), self.subject
            )
            return
        yield self._value("metrics.targets", parts["all"], "count(up)", stat="count")
        yield self._value("metrics.targets.down", parts.get("down", 0.0), "count(up == 0)", stat="count")
        yield self._value(
            "metrics.targets.vanished", parts.get("vanished", 0.0), "up of a day ago unless up", stat="count"
        )
        for point in self.client.ask(ex.TARGETS_DOWN) if parts.get("down") else []:
            yield self._value(
                "metrics.target.down", _name(point), "up == 0", subject=f"target:{self.server.name}:{_name(point)}"
            )

    def alerts(self) -> Iterator[AnyEvidence]:
        """Alerts that fire, by name."""
        points = self.client.ask(ex.ALERTS)
        yield self._value("metrics.alerts", sum(point.value for point in points), "ALERTS firing", stat="count")
        for point in points[:10]:
            name, severity = point.labels.get("alertname", "?"), point.labels.get("severity", "none")
            yield self._value(
                "metrics.alert",
                point.value,
                "ALERTS firing",
                stat="count",
                quote=f"{name} ({severity})",
                subject=f"alert:{self.server.name}:{plain(name)}",
            )

    def requests(self) -> Iterator[AnyEvidence]:
        """Requests, failures, and the share of requests that were answered well."""
        parts = self._parts(ex.totals(self.server))
        requests = parts.get("requests", 0.0)
        if requests < 1:
            error = WorldError("no_data", f"no {self.server.requests} within {self.server.window_minutes} min", HOW)
            for quantity in ("traffic.requests", "traffic.errors"):
                yield self.gap(quantity, error, self.traffic)
            return
        query, n, window = (
            f"increase({self.server.requests}[{self.server.window_minutes}m])",
            round(requests),
            self.window,
        )
        failed = min(parts.get("failed", 0.0), requests)
        yield self._value("traffic.requests", n, query, subject=self.traffic, stat="count", window=window)
        share = percent(failed, requests)
        yield self._value("traffic.errors", share, query, subject=self.traffic, stat="ratio", n=n, window=window)
        yield self._value(
            "traffic.errors.server_error", round(failed), query, subject=self.traffic, stat="count", n=n, window=window
        )
        yield self._value(
            "traffic.availability", 100 - share, query, subject=self.traffic, stat="ratio", n=n, window=window
        )
        yield self._value(
            "traffic.rate",
            parts.get("rate", 0.0),
            f"rate over {self.server.rate_minutes} min",
            subject=self.traffic,
            stat="rate",
        )

    def latency(self) -> Iterator[AnyEvidence]:
        """Percentiles from merged buckets, how fine they can be, and the same hour of the last weeks."""
        native = self.client.histogram(ex.native_buckets(self.server))
        points = self.client.ask(ex.buckets(self.server))
        bounds = sorted((float(p.labels.get("le", "inf")), p.value) for p in points)
        classic_n, native_n = (bounds[-1][1] if bounds else 0.0), (native.total if native else 0.0)
        self.native = native_n > 0 and native_n >= SAME * classic_n
        parts = self._parts(ex.tails(self.server, native=self.native))
        if "p95" not in parts:
            error = WorldError("no_data", f"no histogram {self.server.duration} within the window", HOW)
            yield self.gap("traffic.latency", error, self.traffic)
            return
        counted = native_n if self.native else classic_n
        n = round(counted) if counted >= 1 else None
        if (
            native_n
            and classic_n
            and (others := self.client.one(ex.apart(self.server, native=self.native)) or 0.0) >= 1
        ):
            kind = "classic" if self.native else "native"
            detail = f"{round(others)} requests in {kind} histograms of that name are not in the other {round(counted)}"
            why: Why = "no_data" if others > (1 - SAME) * (counted + others) else "not_supported"
            error = WorldError(why, detail, "let all instances export one kind, or scrape both from all")
            yield self.gap("traffic.latency", error, f"{self.traffic} {kind} histograms")
        stats: tuple[Stat, ...] = ("p50", "p95", "p99", "mean")
        for stat in stats:
            if stat not in parts:
                continue
            query = f"{'native ' if self.native else ''}histogram_quantile over {self.server.window_minutes} min"
            if stat != "mean" and (bounds or self.native):
                query += f", bucket {_reach(native.buckets if native and self.native else None, bounds, parts[stat])} s"
            yield self._value(
                "traffic.latency", parts[stat] * 1000, query, subject=self.traffic, stat=stat, n=n, window=self.window
            )
        if bounds and not self.native and (open_end := _open_end(bounds, parts.get("p99", 0.0))):
            query = f"P99 is in the open bucket above {open_end:g} s"
            yield self._value("traffic.latency.cut_off", open_end * 1000, query, subject=self.traffic)
        yield from self._normal()

    def _normal(self) -> Iterator[AnyEvidence]:
        weeks = [point.value for point in self.client.ask(ex.normal(self.server, native=self.native))]
        if len(weeks) < LEAST_WEEKS:
            detail = f"only {len(weeks)} of the last four weeks have this hour"
            error = WorldError("no_data", detail, "keep metrics for five weeks")
            yield self.gap("traffic.latency.normal", error, self.traffic)
            return
        yield self._value(
            "traffic.latency.normal",
            median(weeks) * 1000,
            "P95 of the same hour of the last four weeks, median",
            subject=self.traffic,
            stat="p95",
            n=len(weeks),
        )

    def routes(self) -> Iterator[AnyEvidence]:
        """The routes that fail most and the slowest ones, by name."""
        label = self.server.route_label
        counts = {p.labels.get(label, ""): p.value for p in self.client.ask(ex.routes_requests(self.server))}
        for quantity, query, factor, stat in (
            ("traffic.errors", ex.routes_failing(self.server), 1.0, "ratio"),
            ("traffic.latency", ex.route_tails(self.server, native=self.native), 1000.0, "p95"),
        ):
            for point in self.client.ask(query):
                route = point.labels.get(label, "")
                n = round(counts.get(route, 0.0))
                if not route or n < 1:
                    continue
                subject = f"route:{self.server.name}:{plain(route)}"
                told: Stat = "ratio" if stat == "ratio" else "p95"
                yield self._value(
                    quantity, point.value * factor, f"by {label}", subject=subject, stat=told, n=n, window=self.window
                )
                if stat == "ratio":
                    failed = round(point.value * n / 100)
                    yield self._value(
                        "traffic.errors.server_error", failed, f"by {label}", subject=subject, stat="count", n=n
                    )

    def burn(self) -> Iterator[AnyEvidence]:
        """How fast the budget of 0.1 % errors burns, over the pairs of windows of the SRE workbook."""
        shares = self._parts(ex.burn_windows(self.server, WINDOWS_MIN))
        for rule in RULES:
            long, short = shares.get(str(rule.long)), shares.get(str(rule.short))
            if long is None or short is None or not shares.get(f"old{rule.long}"):
                continue
            yield self._value(
                f"traffic.burn.{rule.name}",
                min(long, short) / BUDGET_SHARE,
                f"failures over {rule.long} and {rule.short} min",
                subject=self.traffic,
                stat="ratio",
                window=rule.long * 60.0,
            )

    def fleet(self) -> Iterator[AnyEvidence]:
        """For each saturation: how many there are, how many above the limit, percentiles over them, the worst few."""
        for signal in ex.SIGNALS:
            parts = self._parts(ex.distribution(signal))
            if not parts.get("all"):
                continue
            subject, n, query = f"fleet:{self.server.name}", round(parts["all"]), f"{signal.quantity} over all"
            yield self._value(
                "fleet.size", n, f"count of {signal.quantity}", subject=f"{subject}:{signal.quantity}", stat="count"
            )
            yield self._value(
                f"{signal.quantity}.above",
                parts.get("above", 0.0),
                f"above {signal.limit:g}",
                subject=subject,
                stat="count",
                n=n,
            )
            stats: tuple[Stat, ...] = ("p50", "p95", "max")
            for stat in stats:
                if stat in parts:
                    yield self._value(signal.quantity, parts[stat], query, subject=subject, stat=stat, n=n)
            for point in self.client.ask(ex.worst(signal)) if parts.get("above") else []:
                if point.value > signal.limit:
                    yield self._value(
                        signal.quantity, point.value, query, subject=f"node:{self.server.name}:{_name(point)}"
                    )

    def availability(self) -> Iterator[AnyEvidence]:
        """The least available targets of thirty days: a target that is down and stays down counts for all of it."""
        for point in self.client.ask(ex.LEAST_AVAILABLE):
            subject = f"target:{self.server.name}:{_name(point)}"
            query = "avg_over_time(up[30d]), of the time it was watched"
            yield self._value(
                "metrics.availability", point.value, query, subject=subject, stat="ratio", window=30 * 86400.0
            )
        watched = self.client.one(ex.WATCHED)
        if watched is not None:
            yield self._value("metrics.watched", watched, "samples of the least over those of the most watched target")

    def tail(self) -> Iterator[AnyEvidence]:
        """What the server warned of, and how many queries this took."""
        yield self._value("metrics.queries", self.client.queries, "instant queries of this run", stat="count")
        for text in dict.fromkeys(self.client.warnings):
            yield self._value("metrics.warnings", 1, "warnings of the server: its answers may be partial", quote=text)


def _name(point: Point) -> str:
    labels = point.labels
    if labels.get("pod") and labels.get("container"):
        where = f"{labels['namespace']}/" if labels.get("namespace") else ""
        return plain(f"{where}{labels['pod']}/{labels['container']}")
    return plain(labels.get("instance") or labels.get("pod") or labels.get("name") or labels.get("job") or "?")


def _reach(native: list[tuple[float, float, float]] | None, bounds: list[tuple[float, float]], seconds: float) -> str:
    """The ends of the bucket that a percentile fell into: all that is known of it is between them."""
    if native is not None:
        low, high = next(((low, high) for low, high, _ in native if low <= seconds <= high), (seconds, seconds))
        return f"{low:.3g} to {high:.3g}"
    finite = [bound for bound, _ in bounds if bound != float("inf")]
    below = [bound for bound in finite if bound < seconds]
    above = [bound for bound in finite if bound >= seconds]
    return f"{below[-1] if below else 0.0:g} to {f'{above[0]:g}' if above else 'infinity'}"


def _open_end(bounds: list[tuple[float, float]], p99: float) -> float | None:
    """The last bound when more than a hundredth of the requests lie beyond it: the server then answers that bound."""
    finite = [each for each in bounds if each[0] != float("inf")]
    total = bounds[-1][1]
    if not finite or total <= 0 or finite[-1][1] >= 0.99 * total or p99 < finite[-1][0]:
        return None
    return finite[-1][0]
