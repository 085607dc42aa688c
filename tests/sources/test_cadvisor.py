"""Containers as cAdvisor reports them, in Kubernetes and without it, from a real Prometheus; promtool is the oracle."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.prometheus import Prometheus as Declared
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services.prometheus import Prometheus, openmetrics, prometheus, samples

MINUTES = 70
GIB = 2**30


class Box:
    """One row of cAdvisor: its labels, and what it did per minute."""

    def __init__(
        self, labels: dict[str, str], *, throttled: float | None = None, used: float = 0.2, limit: float = GIB,
        kills: tuple[int, ...] = (), since: int = MINUTES,
    ) -> None:  # fmt: skip
        self.labels = labels
        self.throttled, self.used, self.limit, self.kills, self.since = throttled, used, limit, kills, since


def pod(name: str, container: str, number: int = 0) -> dict[str, str]:
    """Labels in Kubernetes: the name is that of one run of the container."""
    path = f"/kubepods/pod-{name}/{container}-{number}"
    return {"namespace": "shop", "pod": name, "container": container, "image": "app:1", "id": path, "name": path[-9:]}


def docker(name: str) -> dict[str, str]:
    """Labels without Kubernetes."""
    return {"name": name, "image": "app:1", "id": f"/docker/{name}"}


SICK = [
    Box(pod("web-1", "app"), throttled=0.6, used=0.95),
    Box(pod("web-2", "app"), throttled=0.05, used=0.4, kills=(30,)),
    Box(docker("billing"), throttled=0.4, used=0.3),
    Box(
        pod("new-1", "app", 7), throttled=0.0, kills=(4,), since=4
    ),  # its counter begins at one: a kill nobody saw before
]
CALM = [
    Box(pod("web-3", "app"), throttled=0.1, used=0.6),
    Box(pod("free-1", "app"), used=40, limit=0),
    Box(docker("old"), used=40, limit=9223372036854771712),
    Box(docker("killed-long-ago"), kills=(65,)),
]
# What surrounds containers: the pod's own group with the sum of its containers, its pause container, the machine.
AROUND = [
    Box({"namespace": "shop", "pod": "web-3", "id": "/kubepods/pod-web-3"}, throttled=0.9, used=0.99),
    Box({**pod("web-3", "POD"), "image": "pause:3"}, throttled=0.9, used=0.99),
    Box({"id": "/"}, throttled=0.9, used=0.99, kills=(20,)),
]


def series(boxes: list[Box], end: float) -> str:
    """Seventy minutes of it, one sample a minute."""
    rows: dict[str, list[str]] = {}
    for box in boxes:
        times = [end - 60 * step for step in range(box.since, -1, -1)]

        def add(name: str, values: list[float], box: Box = box, times: list[float] = times) -> None:
            rows.setdefault(name, []).append(samples(name, box.labels, zip(times, values, strict=True)))

        if box.throttled is not None:
            add("container_cpu_cfs_periods_total", [600.0 * n for n in range(len(times))])
            add("container_cpu_cfs_throttled_periods_total", [600.0 * n * box.throttled for n in range(len(times))])
        add("container_memory_working_set_bytes", [box.used * GIB] * len(times))
        add("container_spec_memory_limit_bytes", [float(box.limit)] * len(times))
        kills = [float(sum(at >= end - 60 * ago for ago in box.kills)) for at in times]
        add("container_oom_events_total", kills)
    counters = {name: name.removesuffix("_total") for name in rows if name.endswith("_total")}
    return openmetrics(
        *(
            (counters.get(name, name), "counter" if name in counters else "gauge", "".join(text))
            for name, text in rows.items()
        ),
        ("up", "gauge", samples("up", {"job": "cadvisor", "instance": "n1"}, [(end - 60, 1.0), (end, 1.0)])),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    """Four containers with something, four without, and what surrounds them."""
    with prometheus(series([*SICK, *CALM, *AROUND], time.time() // 15 * 15)) as running:
        yield running


def look(server: Prometheus) -> list[AnyEvidence]:
    """What the source says."""
    source = tuple(each for each in all_sources() if each.name == "prometheus")
    declared = Declared(name="main", url=server.url)
    return gather(source, Survey(LiveWorld(20), System(prometheus=[declared])))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", datetime.now(UTC), users_first=False)


def one(evidence: list[AnyEvidence], quantity: str, subject: str, stat: str = "instant") -> float:
    """The one measured value."""
    (found,) = [
        e for e in evidence if isinstance(e, Measured) and (e.quantity, e.subject, e.stat) == (quantity, subject, stat)
    ]
    return float(found.value)


@requirement("monitoring.utilisation")
def test_throttled_and_short_containers_are_counted_and_named_and_what_surrounds_them_is_not(
    server: Prometheus,
) -> None:
    """A pod's own group repeats its containers, and without a limit there is nothing to be near."""
    evidence = look(server)
    assert one(evidence, "fleet.size", "fleet:main:fleet.throttled", "count") == 5
    assert one(evidence, "fleet.throttled.above", "fleet:main", "count") == 2
    at = next(e for e in evidence if isinstance(e, Measured)).as_of.timestamp() // 15 * 15
    share = 'rate({}{{pod="web-1",container="app"}}[5m])'.format
    query = f"100 * {share('container_cpu_cfs_throttled_periods_total')} / {share('container_cpu_cfs_periods_total')}"
    assert one(evidence, "fleet.throttled", "node:main:shop/web-1/app") == pytest.approx(asked(server, query, at))
    assert one(evidence, "fleet.throttled", "node:main:billing") == pytest.approx(40)
    assert one(evidence, "fleet.size", "fleet:main:fleet.container_memory", "count") == 6
    assert one(evidence, "fleet.container_memory", "fleet:main", "max") == pytest.approx(95)
    says = [f.says for f in judged(evidence).findings if f.code == "fleet_saturated"]
    assert any(text.startswith("2 of 5 containers are stopped by their CPU quota") for text in says)
    assert any("near their memory limit" in text and "shop/web-1/app 95 %" in text for text in says)
    assert float(one(evidence, "metrics.queries", "metrics:main", "count")) <= 30


def asked(server: Prometheus, query: str, at: float) -> float:
    """What promtool gets."""
    return float(server.promtool(query, at).split("=>")[1].split("@")[0])


@requirement("monitoring.utilisation")
def test_kills_of_the_last_hour_are_found_in_old_and_in_new_containers(server: Prometheus) -> None:
    """`increase` is blind to a counter that begins at one; a kill of more than an hour ago is not told as news."""
    evidence = look(server)
    assert one(evidence, "fleet.oom.above", "fleet:main", "count") == 2
    assert one(evidence, "fleet.oom", "node:main:shop/web-2/app") == 1
    assert one(evidence, "fleet.oom", "node:main:shop/new-1/app") == 1
    says = next(f.says for f in judged(evidence).findings if "killed for lack of memory" in f.says)
    assert says.startswith("2 of 8 containers had a process killed for lack of memory in the last hour")
    assert "killed-long-ago" not in says


@requirement("monitoring.utilisation")
def test_calm_containers_pass_whatever_surrounds_them() -> None:
    """The same rows around them, none of them a container."""
    with prometheus(series([*CALM, *AROUND], time.time() // 15 * 15)) as calm:
        report = judged(look(calm))
    assert not [f for f in report.findings if f.code == "fleet_saturated"]
    assert len([p for p in report.passes if p.code == "fleet_saturated"]) == 3
