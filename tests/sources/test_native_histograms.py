"""Native histograms from a real Prometheus that scrapes them: promtool and the plain observations are the oracles."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.prometheus import Prometheus as Declared
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services.native_histogram import Series, exporting
from tests.services.prometheus import Prometheus, prometheus

NAME = "http_request_duration_seconds"
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
ONE_BUCKET = 2 ** (1 / 8)
CONFIG = """
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs: [{job_name: web, honor_labels: true, static_configs: [{targets: [TARGETS]}]}]
"""


def durations(seed: int, count: int, middle_s: float, spread: float) -> list[float]:
    """Seconds as services have them: most near the middle, a long tail above."""
    draw = random.Random(seed)
    return [middle_s * 2 ** draw.gauss(0, spread) for _ in range(count)]


FAST, SLOW = durations(1, 3000, 0.03, 0.7), durations(2, 200, 1.1, 1.2)


SERIES = [
    Series(NAME, {"instance": "a", "route": "/list"}, FAST, native=True),
    Series(NAME, {"instance": "b", "route": "/pay"}, SLOW, native=True),
    Series("mostly_native_seconds", {"instance": "a"}, FAST, native=True),
    Series("mostly_native_seconds", {"instance": "b"}, SLOW, native=False),
    Series("mostly_classic_seconds", {"instance": "a"}, FAST, native=False),
    Series("mostly_classic_seconds", {"instance": "b"}, SLOW, native=True),
    Series("both_seconds", {"instance": "a"}, FAST, native=True),
    Series("both_seconds", {"instance": "a"}, FAST, native=False),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    """A server that has scraped six minutes of one target each; samples carry their own moments: no waiting."""
    end = time.time() // 15 * 15
    moments = [end - 60 * step for step in range(6, -1, -1)]
    with ExitStack() as targets:
        running = [targets.enter_context(exporting(each, moments)) for each in SERIES]
        config = CONFIG.replace("TARGETS", ", ".join(f'"{address}"' for address, _ in running))
        with prometheus("", config=config, feature="native-histograms") as started:
            limit = time.monotonic() + 20
            while min(scrapes() for _, scrapes in running) < len(moments) + 2:
                assert time.monotonic() < limit
                time.sleep(0.05)
            yield started


def look(server: Prometheus, duration: str = NAME) -> list[AnyEvidence]:
    """What the source says of the last five minutes."""
    declared = Declared(name="main", url=server.url, window_minutes=5, duration=duration)
    source = tuple(each for each in all_sources() if each.name == "prometheus")
    return gather(source, Survey(LiveWorld(20), System(prometheus=[declared])))


def latency(evidence: list[AnyEvidence], subject: str = "traffic:main") -> dict[str, Measured]:
    """The records by statistic."""
    return {
        e.stat: e
        for e in evidence
        if isinstance(e, Measured) and e.quantity == "traffic.latency" and e.subject == subject
    }


def asked(server: Prometheus, evidence: list[AnyEvidence], query: str) -> float:
    """What promtool gets for a query at the moment of the evidence."""
    at = next(e for e in evidence if isinstance(e, Measured)).as_of.timestamp() // 15 * 15
    return float(server.promtool(query, at).split("=>")[1].split("@")[0])


def exact(seconds: list[float], share: float) -> float:
    """The plain percentile of the observations."""
    return sorted(seconds)[int(share * len(seconds))]


@requirement("monitoring.user_percentiles")
def test_percentiles_of_native_histograms_are_promtools_and_within_one_bucket_of_the_truth(server: Prometheus) -> None:
    """Two instances of very unlike load: buckets are merged, as averaged percentiles would be far off."""
    evidence = look(server)
    told = latency(evidence)
    for stat, share in QUANTILES.items():
        query = f"histogram_quantile({share}, sum(rate({NAME}[5m])))"
        assert float(told[stat].value) == pytest.approx(asked(server, evidence, query) * 1000, rel=1e-4)
        truth = exact([*FAST, *SLOW], share) * 1000
        assert truth / ONE_BUCKET <= float(told[stat].value) <= truth * ONE_BUCKET
    averaged = (exact(FAST, 0.95) + exact(SLOW, 0.95)) / 2 * 1000
    assert not averaged / 2 < float(told["p95"].value) < averaged * 2
    mean = sum([*FAST, *SLOW]) / len([*FAST, *SLOW]) * 1000
    assert float(told["mean"].value) == pytest.approx(mean, rel=1e-3)
    count = asked(server, evidence, f"histogram_count(sum(increase({NAME}[5m])))")
    assert {e.n for e in told.values()} == {round(count)} and told["p99"].flag is None
    assert "native" in told["p99"].source and "bucket" in told["p99"].source
    pay = latency(evidence, "route:main:/pay")["p95"]
    query = f'histogram_quantile(0.95, sum by (route) (rate({NAME}{{route="/pay"}}[5m])))'
    assert float(pay.value) == pytest.approx(asked(server, evidence, query) * 1000, rel=1e-4)
    assert pay.n == pytest.approx(200 / 3200 * count, rel=0.02)
    report = assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)
    assert "traffic_slow" in {f.code for f in report.findings}
    (queries,) = [e.value for e in evidence if isinstance(e, Measured) and e.quantity == "metrics.queries"]
    assert float(queries) <= 30


@requirement("monitoring.user_percentiles")
@pytest.mark.parametrize(("larger", "other"), [("native", "classic"), ("classic", "native")])
def test_in_a_migration_the_kind_with_more_requests_speaks_and_the_rest_is_told(
    server: Prometheus, larger: str, other: str
) -> None:
    """Some instances still export classic buckets: a plain `or` would silently take one side."""
    name = f"mostly_{larger}_seconds"
    evidence = look(server, name)
    told = latency(evidence)
    suffix, by = ("", "") if larger == "native" else ("_bucket", " by (le)")
    query = f"histogram_quantile(0.95, sum{by} (rate({name}{suffix}[5m])))"
    assert float(told["p95"].value) == pytest.approx(asked(server, evidence, query) * 1000, rel=1e-4)
    counted = asked(server, evidence, f"sum(increase({name}_count[5m]))" if larger == "classic" else
                    f"histogram_count(sum(increase({name}[5m])))")  # fmt: skip
    assert told["p95"].n == round(counted)
    (gap,) = [e for e in evidence if isinstance(e, Missing) and e.quantity == "traffic.latency"]
    assert gap.subject == f"traffic:main {other} histograms" and gap.why == "no_data"
    assert f"{round(counted * 200 / 3000)} requests in {other} histograms of that name are not in" in gap.detail
    report = assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)
    assert gap.id in {each for unknown in report.unknowns for each in unknown.evidence}


def test_a_server_that_scrapes_both_forms_of_one_histogram_leaves_nothing_out(server: Prometheus) -> None:
    """The same requests twice are not requests apart: the finer form speaks, and nothing is unknown of the other."""
    evidence = look(server, "both_seconds")
    told = latency(evidence)
    query = "histogram_quantile(0.99, sum(rate(both_seconds[5m])))"
    assert float(told["p99"].value) == pytest.approx(asked(server, evidence, query) * 1000, rel=1e-4)
    assert asked(server, evidence, "sum(increase(both_seconds_count[5m]))") == pytest.approx(told["p99"].n, rel=0.01)
    assert not [e for e in evidence if isinstance(e, Missing) and e.quantity == "traffic.latency"]
