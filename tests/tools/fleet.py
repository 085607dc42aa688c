"""Metrics of many hosts for tests and the benchmark: some short of CPU, some with a full disk, the rest quiet."""

from tests.services.prometheus import openmetrics, samples

BUSY, FULL = 8, 4
MINUTES = 20


def fleet(hosts: int, end: float) -> str:
    """Twenty minutes of node_exporter's figures: BUSY hosts at 97 % CPU, FULL hosts at 91 % disk."""
    times = [end - 60 * step for step in range(MINUTES, -1, -1)]
    idle: list[str] = []
    total: list[str] = []
    available: list[str] = []
    size: list[str] = []
    free: list[str] = []
    usable: list[str] = []
    up: list[str] = []
    for number in range(hosts):
        labels = {"instance": f"host-{number}", "job": "node"}
        rest = 0.03 if number % (hosts // BUSY) == 3 else 0.70
        idle.append(_counter("node_cpu_seconds_total", {**labels, "cpu": "0", "mode": "idle"}, times, rest))
        total.append(_gauge("node_memory_MemTotal_bytes", labels, times, 16e9))
        available.append(_gauge("node_memory_MemAvailable_bytes", labels, times, 9e9))
        disk = {**labels, "mountpoint": "/", "fstype": "ext4"}
        left = 9e9 if number % (hosts // FULL) == 5 else 60e9
        size.append(_gauge("node_filesystem_size_bytes", disk, times, 100e9))
        free.append(_gauge("node_filesystem_free_bytes", disk, times, left))
        usable.append(_gauge("node_filesystem_avail_bytes", disk, times, left))
        up.append(_gauge("up", labels, times, 1.0))
    return openmetrics(
        ("node_cpu_seconds", "counter", "".join(idle)),
        ("node_memory_MemTotal_bytes", "gauge", "".join(total)),
        ("node_memory_MemAvailable_bytes", "gauge", "".join(available)),
        ("node_filesystem_size_bytes", "gauge", "".join(size)),
        ("node_filesystem_free_bytes", "gauge", "".join(free)),
        ("node_filesystem_avail_bytes", "gauge", "".join(usable)),
        ("up", "gauge", "".join(up)),
    )


def _gauge(name: str, labels: dict[str, str], times: list[float], value: float) -> str:
    return samples(name, labels, [(at, value) for at in times])


def _counter(name: str, labels: dict[str, str], times: list[float], rate: float) -> str:
    return samples(name, labels, [(at, 1e6 + (at - times[0]) * rate) for at in times])
