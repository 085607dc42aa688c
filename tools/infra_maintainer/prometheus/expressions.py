"""The fixed set of expressions. Their number does not depend on the number of hosts, routes or containers.

Percentiles are always computed from merged buckets, never averaged. A metric may be a classic or a native histogram,
and both during a migration: the kind that holds the requests of the window is asked first, the other where that one is
absent, as in the weeks before. Rates need windows of at least four scrape intervals.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from infra_maintainer.system.prometheus import Prometheus

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
WORST = 5
WEEKS = (1, 2, 3, 4)


def failing(server: Prometheus) -> str:
    """The selector of failed requests."""
    return f'{server.requests}{{{server.status_label}=~"5..|499|408"}}'


def tagged(parts: dict[str, str]) -> str:
    """Several one-series expressions as one query: each series carries the name of its part in the label `part`."""
    return " or ".join(f'label_replace({text}, "part", "{name}", "", "")' for name, text in parts.items())


def totals(server: Prometheus) -> str:
    """Requests and failures of the window, and the rate now."""
    window = f"[{server.window_minutes}m]"
    return tagged(
        {
            "requests": f"sum(increase({server.requests}{window}))",
            "failed": f"sum(increase({failing(server)}{window})) or sum({server.requests} * 0)",
            "rate": f"sum(rate({server.requests}[{server.rate_minutes}m]))",
        }
    )


def routes_failing(server: Prometheus) -> str:
    """The routes with the largest share of failures, in per cent."""
    by, window = f"by ({server.route_label})", f"[{server.window_minutes}m]"
    share = f"sum {by} (increase({failing(server)}{window})) / sum {by} (increase({server.requests}{window})) * 100"
    return f"topk({WORST}, {share})"


def routes_requests(server: Prometheus) -> str:
    """The busiest routes with their requests; where nothing counts them, the observations of their durations."""
    by, window = f"by ({server.route_label})", f"[{server.window_minutes}m]"
    counted = f"sum {by} (increase({server.requests}{window}))"
    native = f"histogram_count(sum {by} (increase({server.duration}{window})))"
    return f"topk(50, {counted} or {native} or sum {by} (increase({server.duration}_count{window})))"


def quantile(server: Prometheus, share: float, *, native: bool, by: str = "", offset: str = "") -> str:
    """A percentile of the durations in seconds, of a histogram of the kind that is asked first."""
    window = f"[{server.window_minutes}m]{f' offset {offset}' if offset else ''}"
    labels = f"le, {by}" if by else "le"
    grouped = f" by ({by})" if by else ""
    classic_form = f"histogram_quantile({share}, sum by ({labels}) (rate({server.duration}_bucket{window})))"
    native_form = f"histogram_quantile({share}, sum{grouped} (rate({server.duration}{window})))"
    first, second = (native_form, classic_form) if native else (classic_form, native_form)
    return f"({first} or {second})"


def tails(server: Prometheus, *, native: bool) -> str:
    """P50, P95, P99 and the mean of all requests."""
    window = f"[{server.window_minutes}m]"
    mean = f"sum(rate({server.duration}_sum{window})) / sum(rate({server.duration}_count{window}))"
    if native:
        merged = f"sum(rate({server.duration}{window}))"
        mean = f"histogram_sum({merged}) / histogram_count({merged})"
    return tagged({**{name: quantile(server, share, native=native) for name, share in QUANTILES.items()}, "mean": mean})


def buckets(server: Prometheus) -> str:
    """Counts per bound of a classic histogram: how fine a percentile can be."""
    return f"sum by (le) (increase({server.duration}_bucket[{server.window_minutes}m]))"


def native_buckets(server: Prometheus) -> str:
    """The merged native histogram of the window, with its buckets; nothing where the server has none."""
    return f"sum(increase({server.duration}[{server.window_minutes}m]))"


def apart(server: Prometheus, *, native: bool) -> str:
    """Requests in histograms of the other kind alone: a server may also scrape both forms of the same one."""
    window = f"[{server.window_minutes}m]"
    classic_form, native_form = f"increase({server.duration}_count{window})", f"increase({server.duration}{window})"
    if native:
        return f"sum({classic_form} unless {native_form})"
    return f"sum(histogram_count({native_form}) unless {classic_form})"


def route_tails(server: Prometheus, *, native: bool) -> str:
    """P95 of the slowest routes."""
    return f"topk({WORST}, {quantile(server, 0.95, native=native, by=server.route_label)})"


def normal(server: Prometheus, *, native: bool) -> str:
    """P95 of the same hour in each of the last four weeks."""
    return tagged({str(week): quantile(server, 0.95, native=native, offset=f"{week}w") for week in WEEKS})


def burn_windows(server: Prometheus, minutes: tuple[int, ...]) -> str:
    """Share of failures over several windows; `old60` is there when requests were counted nearly 60 min ago already.

    Shorter histories say nothing about a window. Requests without any series of failures have a share of 0.
    """
    parts: dict[str, str] = {}
    for each in minutes:
        failed = f"(sum(increase({failing(server)}[{each}m])) or sum({server.requests} * 0))"
        parts[str(each)] = f"{failed} / sum(increase({server.requests}[{each}m]))"
        parts[f"old{each}"] = f"count({server.requests} offset {each * 54}s)"
    return tagged(parts)


def step_s(window_s: int) -> int:
    """Seconds between the looks of `journeys` at whether there are samples: 720 in the window, each minute at most."""
    return max(60, window_s // 720)


class _Routes(NamedTuple):
    """Selectors of the requests of some routes, of those that failed, and how both are grouped."""

    asked: str
    failed: str
    by: str


def _of_routes(server: Prometheus, routes: Sequence[str]) -> _Routes:
    names = "|".join(re.escape(route) for route in routes).replace("\\", r"\\").replace('"', r"\"")
    only = f'{server.route_label}=~"{names}"'
    failed = f'{server.requests}{{{only}, {server.status_label}=~"5..|499|408"}}'
    return _Routes(f"{server.requests}{{{only}}}", failed, f"by ({server.route_label})")


def journeys(server: Prometheus, routes: Sequence[str], window_s: int) -> str:
    """Requests and failures of these routes over the window, and the number of steps in which any of them had samples.

    One query whatever the number of journeys. `increase` misses the failure with which a new series is born, as most
    series of failures are: `born` counts these, one for each series that was not there when the window began.
    """
    asked, failed, by = _of_routes(server, routes)
    return tagged(
        {
            "requests": f"sum {by} (increase({asked}[{window_s}s]))",
            "failed": f"sum {by} (increase({failed}[{window_s}s]))",
            "born": f"sum {by} (clamp_max(min_over_time({failed}[{window_s}s]) unless {failed} offset {window_s}s, 1))",
            "steps": f"count_over_time(count({asked})[{window_s}s:{step_s(window_s)}s])",
        }
    )


def journey_windows(server: Prometheus, routes: Sequence[str], windows_min: Sequence[int]) -> str:
    """The same for each of several windows, with the steps of each route by itself: one query again."""
    asked, failed, by = _of_routes(server, routes)
    parts: dict[str, str] = {}
    for each in windows_min:
        span, step = f"[{each}m]", step_s(each * 60)
        parts[f"requests{each}"] = f"sum {by} (increase({asked}{span}))"
        parts[f"failed{each}"] = f"sum {by} (increase({failed}{span}))"
        parts[f"born{each}"] = f"sum {by} (clamp_max(min_over_time({failed}{span}) unless {failed} offset {each}m, 1))"
        parts[f"steps{each}"] = f"count_over_time(count {by} ({asked})[{each * 60}s:{step}s])"
    return tagged(parts)


TARGETS = tagged(
    {
        "all": "count(up)",
        "down": "count(up == 0) or count(up) * 0",
        "vanished": "count(max by (job, instance) (up offset 1d) unless max by (job, instance) (up)) or count(up) * 0",
    }
)
TARGETS_DOWN = f"topk({WORST}, (up == 0) + 1)"
ALERTS = 'topk(20, count by (alertname, severity) (ALERTS{alertstate="firing"}))'
LEAST_AVAILABLE = f"bottomk({WORST}, avg by (job, instance) (avg_over_time(up[30d])) * 100)"
WATCHED = "min(count_over_time(up[30d])) / max(count_over_time(up[30d])) * 100"


class Signal(NamedTuple):
    """A saturation of many hosts or containers: the expression, and the limit above which they are counted."""

    quantity: str
    expression: str
    limit: float


def _containers(aggregation: str, text: str) -> str:
    """One series per container: in Kubernetes each restart makes another name, elsewhere the name is all there is."""
    return f'{aggregation} by (namespace, pod, container, name) (label_replace({text}, "name", "", "pod", ".+"))'


# Containers have an image; their pods, slices and the machine itself, which cAdvisor reports too, have none.
_EACH = '{image!="",container!="POD"}'
_REAL = 'fstype!~"tmpfs|overlay|squashfs|ramfs|devtmpfs"'
SIGNALS: tuple[Signal, ...] = (
    Signal("fleet.cpu", '(1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[15m]))) * 100', 80),
    Signal("fleet.memory", "(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) * 100", 90),
    Signal(
        "fleet.disk",
        f"max by (instance) ((node_filesystem_size_bytes{{{_REAL}}} - node_filesystem_free_bytes{{{_REAL}}}) / "
        f"(node_filesystem_size_bytes{{{_REAL}}} - node_filesystem_free_bytes{{{_REAL}}} + "
        f"node_filesystem_avail_bytes{{{_REAL}}})) * 100",
        80,
    ),
    Signal("fleet.pressure", "rate(node_pressure_cpu_waiting_seconds_total[5m]) * 100", 40),
    # No quota, no periods: only containers that have one are counted.
    Signal(
        "fleet.throttled",
        f"{_containers('sum', f'rate(container_cpu_cfs_throttled_periods_total{_EACH}[5m])')} / "
        f"({_containers('sum', f'rate(container_cpu_cfs_periods_total{_EACH}[5m])')} > 0) * 100",
        25,
    ),
    # Without a limit cAdvisor says 0, older ones the largest number that the kernel knows.
    Signal(
        "fleet.container_memory",
        f"{_containers('max', f'container_memory_working_set_bytes{_EACH}')} / "
        f"({_containers('max', f'container_spec_memory_limit_bytes{_EACH}')} > 0 < {2**60}) * 100",
        90,
    ),
    # A container that was not there an hour ago may begin above zero: increase() alone would not see its first kill.
    Signal(
        "fleet.oom",
        _containers(
            "sum",
            f"round((last_over_time(container_oom_events_total{_EACH}[1h]) unless container_oom_events_total{_EACH} "
            f"offset 1h) or increase(container_oom_events_total{_EACH}[1h]))",
        ),
        0,
    ),
)


def distribution(signal: Signal) -> str:
    """How many there are, how many above the limit, and the percentiles over them: one query."""
    text = signal.expression
    return tagged(
        {
            "all": f"count({text})",
            "above": f"count(({text}) > {signal.limit}) or count({text}) * 0",
            "p50": f"quantile(0.5, {text})",
            "p95": f"quantile(0.95, {text})",
            "max": f"max({text})",
        }
    )


def worst(signal: Signal) -> str:
    """The worst few by name."""
    return f"topk({WORST}, {signal.expression})"
