"""Each check of the machine with its benign twin: what must be found, and what must not."""

from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing, Stat, Why
from infra_maintainer.system.system import System
from infra_maintainer.tools.health import probe_health
from infra_maintainer.tools.kit import Kit
from tests.sources.host_world import machine
from tests.worlds import NOW, measured, missing

Evidence = Measured | Missing
BOX = "cgroup:/box"


def judged(*evidence: Evidence) -> Report:
    """The health report over some evidence."""
    return assess(list(evidence), Policy(), "health", NOW, users_first=True)


def found(*evidence: Evidence) -> dict[str, str]:
    """Codes of the findings with their severities."""
    return {each.code: each.severity for each in judged(*evidence).findings}


def cpu(use: float, *, load: float | None = None, kept: float | None = None) -> list[Evidence]:
    """A machine's CPU now, its load, and the lowest of its kept samples."""
    evidence: list[Evidence] = [measured("cpu.utilisation", use, stat="mean", n=20, window=2)]
    if load is not None:
        evidence.append(measured("load.per_core", load, stat="mean", window=900))
    if kept is not None:
        evidence.append(measured("cpu.utilisation.sustained", kept, stat="min", n=5, window=960))
    else:
        evidence.append(missing("cpu.utilisation.sustained", "no_data"))
    return evidence


def test_cpu_above_eighty_that_lasted_is_high() -> None:
    """By the lowest kept sample, or by fifteen minutes of load beside a busy CPU."""
    assert found(*cpu(95, kept=83)) == {"cpu_saturated": "high"}
    assert found(*cpu(95, load=0.95)) == {"cpu_saturated": "high"}


def test_cpu_full_at_this_moment_is_medium_and_whether_it_lasts_is_unknown() -> None:
    """One sample is never sustained."""
    report = judged(*cpu(99.9, load=0.3))
    assert [(each.code, each.severity) for each in report.findings] == [("cpu_saturated", "medium")]
    (lasting,) = [each for each in report.unknowns if not each.code.startswith("budget_")]
    assert (lasting.quantity, lasting.could_be) == ("cpu.utilisation.sustained", "high")


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(cpu(14, kept=10), id="ten to fourteen per cent"),
        pytest.param(cpu(12, load=0.95), id="load of tasks that wait for disks"),
        pytest.param(cpu(20, kept=90), id="it is over"),
        pytest.param(cpu(90, kept=30), id="a short peak below the end"),
    ],
)
def test_cpu_that_harms_nobody_is_no_finding(evidence: list[Evidence]) -> None:
    """The benign twins."""
    assert "cpu_saturated" not in found(*evidence)


def test_cpu_that_was_not_measured_is_unknown_and_never_passes() -> None:
    """A permission that lacks is not an idle CPU."""
    report = judged(missing("cpu.utilisation", "denied"))
    assert not report.passes and report.verdict == "unknown"
    about_the_machine = [each for each in report.unknowns if not each.code.startswith("budget_")]
    assert [(each.quantity, each.could_be) for each in about_the_machine] == [("cpu.utilisation", "high")]


def box(use: float, throttled: float, host: float) -> list[Evidence]:
    """A container of one CPU on a machine of eight."""
    return [
        measured("cgroup.cpu.limited", True),
        measured("cgroup.cpu.utilisation", use, subject=BOX, stat="mean", window=2),
        measured("cgroup.cpu.throttled", throttled, subject=BOX, stat="mean", n=20, window=2),
        measured("cpu.cores.usable", 1.0),
        measured("cpu.cores.machine", 8),
        *cpu(host, load=host / 50),
        measured("psi.cpu.some", host * 0.9, stat="mean", window=300),
    ]


def test_a_saturated_container_on_an_idle_host_is_found() -> None:
    """The host's 12 % would hide it."""
    assert found(*box(100, 90, host=12)) == {"container_cpu_saturated": "medium", "container_throttled": "medium"}


def test_an_idle_container_on_a_busy_host_is_not_blamed() -> None:
    """The host's 100 %, its load and its pressure are context: they stand in the passes, without a rule."""
    report = judged(*box(5, 0, host=100))
    assert report.findings == []
    context = [each for each in report.passes if "context" in each.says]
    assert {each.code for each in context} == {"cpu_saturated", "load_high", "pressure"}
    assert not [each for each in report.unknowns if each.quantity.startswith("cpu.")]


def test_a_container_s_own_pressure_is_found() -> None:
    """Five minutes of waiting for its own quota."""
    waiting = measured("psi.cpu.some", 70.0, subject=BOX, stat="mean", window=300)
    assert found(*box(5, 0, host=5), waiting) == {"pressure": "high"}


def test_a_container_s_memory_hides_the_host_s() -> None:
    """The host is full of others' memory; this one has its own limit and room in it."""
    limited = measured("cgroup.memory.limited", True)
    room = measured("cgroup.memory.used", 40.0, subject=BOX)
    assert found(limited, room, measured("memory.used", 99.0)) == {}
    assert found(limited, measured("cgroup.memory.used", 99.0, subject=BOX)) == {"container_memory_short": "medium"}


S: Stat = "mean"
R: Stat = "rate"


@pytest.mark.parametrize(
    ("code", "severity", "bad", "good"),
    [
        ("cpu_stolen", "medium", measured("cpu.steal", 15.0, stat=S), measured("cpu.steal", 3.0, stat=S)),
        ("load_high", "high", measured("load.per_core", 2.5, stat=S), measured("load.per_core", 1.0, stat=S)),
        ("memory_short", "medium", measured("memory.used", 97.0), measured("memory.used", 79.0)),
        ("swapping", "medium", measured("swap.activity", 5e6, stat=R), measured("swap.activity", 4096.0, stat=R)),
        ("pressure", "high", measured("psi.memory.full", 12.0), measured("psi.memory.full", 2.0)),
        ("pressure", "high", measured("psi.io.full", 25.0), measured("psi.io.full", 5.0)),
        ("disk_slow", "medium", measured("disk.await", 150.0, subject="disk:a", n=9),
         measured("disk.await", 9.0, subject="disk:a", n=9)),
        ("disk_saturated", "high", measured("disk.busy.sustained", 90.0, subject="disk:a", stat="min"),
         measured("disk.busy.sustained", 60.0, subject="disk:a", stat="min")),
        ("inodes_low", "high", measured("disk.inodes.used", 91.0, subject="filesystem:/"),
         measured("disk.inodes.used", 50.0, subject="filesystem:/")),
        ("packets_damaged", "medium", measured("network.errors", 3.0), measured("network.errors", 0.0)),
        ("packets_dropped", "medium", measured("network.drops", 30.0), measured("network.drops", 2.0)),
        ("open_files_high", "high", measured("files.open", 85.0), measured("files.open", 3.0)),
        ("tracked_connections_high", "high", measured("conntrack.used", 85.0), measured("conntrack.used", 3.0)),
        ("oom_kill", "medium", measured("oom.kills", 2), measured("oom.kills", 0)),
        ("units_failed", "medium", measured("units.failed", 1), measured("units.failed", 0)),
        ("journal_errors", "medium", measured("journal.errors", 400), measured("journal.errors", 12)),
        ("journal_errors_severe", "medium", measured("journal.errors.severe", 1),
         measured("journal.errors.severe", 0)),
        ("clock_unsynchronised", "medium", measured("clock.synchronised", False),
         measured("clock.synchronised", True)),
        ("reboot_required", "low", measured("reboot.required", True), measured("reboot.required", False)),
        ("container_oom_kill", "medium", measured("cgroup.memory.oom_kills", 1, subject=BOX),
         measured("cgroup.memory.oom_kills", 0, subject=BOX)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_its_twin_passes(code: str, severity: str, bad: Measured, good: Measured) -> None:
    """The finding cites the number that it names; the twin is a pass with its own number, not silence."""
    report = judged(bad)
    (finding,) = [each for each in report.findings if each.code == code]
    assert (finding.severity, finding.evidence, report.verdict != "healthy") == (severity, [bad.id], True)
    twin = judged(good)
    assert twin.findings == []
    assert [each.evidence for each in twin.passes if each.code == code] == [[good.id]]


@pytest.mark.parametrize(
    "quantity",
    ["cpu.utilisation", "memory.used", "load.per_core", "psi.memory.full", "files.open", "units.failed",
     "journal.errors", "clock.synchronised", "cgroup.cpu.limited", "disk.await", "reboot.required"],
)  # fmt: skip
def test_what_does_not_exist_is_an_unknown_that_blocks_nothing_and_what_is_denied_is_told(quantity: str) -> None:
    """Both are in the report; neither is a pass."""
    reasons: tuple[Why, ...] = ("not_supported", "denied")
    for why in reasons:
        report = judged(missing(quantity, why))
        assert quantity in {each.quantity for each in report.unknowns}
        assert report.passes == []


def test_a_recorded_world_with_its_cpu_flat_at_99_9_per_cent_is_not_healthy(tmp_path: Path) -> None:
    """Through the whole product: files of the kernel in, verdict out; and the same world at 14 % has no finding."""

    def stat(step: int, busy: int) -> str:
        return "".join(f"cpu{core} {step * busy} 0 0 {step * (1000 - busy)} 0 0 0 0 0 0\n" for core in range(2))

    def report(busy: int, load: str) -> Report:
        files: dict[str, str | list[str]] = {
            "/proc/self/status": "Cpus_allowed_list:\t0-1\n",
            "/proc/stat": [stat(step, busy) for step in range(1, 40)],
            "/proc/loadavg": f"{load} {load} {load} 3/200 1\n",
        }
        return probe_health(Kit(System(), None), machine(tmp_path / str(busy), files), [])

    flat = report(999, "2.00")
    assert [(each.code, each.severity) for each in flat.findings] == [("cpu_saturated", "high")]
    assert flat.verdict == "degraded"
    calm = report(140, "0.28")
    assert calm.findings == []
    assert "cpu_saturated" in {each.code for each in calm.passes}
