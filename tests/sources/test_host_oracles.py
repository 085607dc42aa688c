"""Each figure of this machine beside an independent program's, in the same test."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra_maintainer.world.world import LiveWorld
from tests.needs import needs
from tests.requirements_link import requirement
from tests.sources.host_world import evidence_of, value


def printed(*argv: str) -> str:
    """What a program prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout


def test_cores_equal_nproc() -> None:
    """Or the quota, which this test's own fixture twin covers."""
    evidence = evidence_of(LiveWorld(), "cores", "load_average")
    assert value(evidence, "cpu.cores.usable") <= int(printed("nproc"))
    assert value(evidence, "cpu.cores.machine") == int(printed("getconf", "_NPROCESSORS_ONLN"))


def test_memory_equals_free() -> None:
    """Total exactly; available within 2 % of it, because others work meanwhile."""
    needs("free", "procps")
    evidence = evidence_of(LiveWorld(), "memory")
    row = next(line.split() for line in printed("free", "-b").splitlines() if line.startswith("Mem:"))
    total, available = int(row[1]), int(row[6])
    assert value(evidence, "memory.capacity") == total
    assert value(evidence, "memory.available") == pytest.approx(available, abs=total * 0.02)
    assert value(evidence, "memory.used") == pytest.approx(100 - available / total * 100, abs=2)


@requirement("monitoring.utilisation")
def test_a_busy_cpu_is_seen_as_vmstat_sees_it() -> None:
    """A program of known appetite runs beside both; two readings of the same seconds, 15 points apart at most."""
    needs("vmstat", "procps")
    load = subprocess.Popen(["timeout", "8", "sh", "-c", "while :; do :; done"])
    vmstat = subprocess.Popen(["vmstat", "1", "4"], stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(1)  # vmstat's first line is the average since boot
        evidence = evidence_of(LiveWorld(), "cpu")
        text, _ = vmstat.communicate(timeout=15)
    finally:
        load.terminate()
        load.wait(10)
        vmstat.kill()
        vmstat.wait(10)
    header, *rows = (line.split() for line in text.splitlines()[1:])
    idle = [int(row[header.index("id")]) + int(row[header.index("wa")]) for row in rows[1:3]]
    assert value(evidence, "cpu.utilisation", stat="mean") == pytest.approx(100 - sum(idle) / len(idle), abs=15)
    assert value(evidence, "cpu.utilisation.busiest_core") >= value(evidence, "cpu.utilisation", stat="mean") - 0.1


def test_a_percentile_of_twenty_steps_is_flagged() -> None:
    """400 samples would be enough for a P95; two seconds do not have them, and the record says so."""
    found = [each for each in evidence_of(LiveWorld(), "cpu") if getattr(each, "stat", "") == "p95"]
    assert [(getattr(each, "flag", None), getattr(each, "n", 0) <= 20) for each in found] == [("few_samples", True)]


def test_load_equals_uptime_s() -> None:
    """uptime prints the same three averages through the library."""
    needs("uptime", "procps")
    evidence = evidence_of(LiveWorld(), "load_average")
    fifteen = float(printed("env", "LC_ALL=C", "uptime").rpartition(",")[2])
    cores = int(printed("getconf", "_NPROCESSORS_ONLN"))
    assert value(evidence, "load.per_core") == pytest.approx(fifteen / cores, abs=0.05)


def test_tables_equal_sysctl() -> None:
    """Open files and kills; a whole reading of 4 MiB at once fails on these files, which this found."""
    needs("sysctl", "procps")
    evidence = evidence_of(LiveWorld(), "kernel_tables")
    opened, free, limit = map(int, printed("sysctl", "-n", "fs.file-nr").split())
    assert value(evidence, "files.open") == pytest.approx((opened - free) / limit * 100, rel=0.5, abs=0.01)
    kills = printed("awk", '$1 == "oom_kill" { print $2 }', "/proc/vmstat")
    assert value(evidence, "oom.kills") == int(kills)


def test_pressure_equals_the_file_read_by_awk() -> None:
    """The five-minute average moves slowly: one point apart at most."""
    if not Path("/proc/pressure/cpu").exists():
        pytest.skip("needs a kernel with pressure stall information: start it with psi=1")
    text = printed("awk", "-F[= ]", '$1 == "some" { print $7 }', "/proc/pressure/cpu")
    evidence = evidence_of(LiveWorld(), "pressure")
    host = f"host:{LiveWorld().host.name}"
    assert value(evidence, "psi.cpu.some", host) == pytest.approx(float(text), abs=1.5)


def test_a_written_disk_shows_its_requests_as_the_kernel_s_other_file_counts_them(tmp_path: Path) -> None:
    """Requests in the window against /sys/block/*/stat, read by awk before and after."""
    sysfs = "/sys/block/*/stat"

    def requests() -> int:
        return int(printed("sh", "-c", f"cat {sysfs} | awk '{{ n += $1 + $5 }} END {{ print n }}'"))

    before = requests()
    writer = subprocess.Popen(
        [
            "sh",
            "-c",
            f"for i in 1 2 3 4 5 6; do dd if=/dev/zero of={tmp_path}/f bs=64k count=8 conv=fsync; sleep .3; done",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        evidence = evidence_of(LiveWorld(), "disk_latency")
    finally:
        writer.wait(20)
    whole = requests() - before
    seen = sum(getattr(each, "n", None) or 0 for each in evidence if each.quantity == "disk.await")
    if not whole:
        pytest.skip("needs a folder for temporary files that is on a disk: set TMPDIR")
    assert 0 < seen <= whole


def test_network_devices_are_those_of_ip_with_traffic() -> None:
    """And their totals of errors in the same breath are zero or not as ip says."""
    needs("ip", "iproute2")
    evidence = evidence_of(LiveWorld(), "network_devices")
    seen = {each.subject.partition(":")[2] for each in evidence if each.subject.startswith("network_device:")}
    known = {line.split(":")[1].split("@")[0].strip() for line in printed("ip", "-o", "link").splitlines()}
    assert seen <= known and "lo" not in seen


def test_the_clock_is_what_the_kernel_tells_perl() -> None:
    """The same system call from another language."""
    needs("perl", "perl-base")
    if printed("uname", "-m").strip() != "x86_64":
        pytest.skip("needs x86_64: the system call's number is written in the test")
    program = '$b = "\\0" x 512; $s = syscall(159, $b); print(($s == 5 || unpack("x40 l", $b) & 0x40) ? 0 : 1)'
    assert value(evidence_of(LiveWorld(), "clock_sync"), "clock.synchronised") == float(printed("perl", "-e", program))


def test_uptime_equals_the_boot_time_of_the_kernel() -> None:
    """btime of /proc/stat and the wall clock, read by awk and date."""
    evidence = evidence_of(LiveWorld(), "restart")
    booted = int(printed("awk", '$1 == "btime" { print $2 }', "/proc/stat"))
    assert value(evidence, "uptime") == pytest.approx(int(printed("date", "+%s")) - booted, abs=5)


def test_inodes_equal_df() -> None:
    """The percentage that df prints, rounded up there."""
    evidence = evidence_of(LiveWorld(), "disk_space")
    df = int(printed("df", "-i", "-P", "/").splitlines()[1].split()[4].rstrip("%"))
    assert value(evidence, "disk.inodes.used", "filesystem:/") == pytest.approx(df, abs=1)


def test_a_process_held_by_a_real_quota_is_seen_saturated_and_throttled() -> None:
    """A group of half a CPU with a loop in it, read from within; how often it is stopped hangs on the neighbours."""
    v1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").parent
    if os.geteuid() != 0 or not (v1 / "cpu.cfs_period_us").exists() or not os.access(v1, os.W_OK):
        pytest.skip("needs root and a writable CPU control group of version 1; the fixtures cover version 2")
    name = f"infra-maintainer-test-{os.getpid()}"
    groups = [v1 / name, Path("/sys/fs/cgroup/cpuacct") / name]
    children: list[subprocess.Popen[str]] = []
    try:
        for folder in groups:
            folder.mkdir(exist_ok=True)
        (v1 / name / "cpu.cfs_quota_us").write_text("50000")
        enter = " && ".join(f"echo $$ > {folder}/cgroup.procs" for folder in groups)
        loop = f"{enter}; exec timeout 20 sh -c 'while :; do :; done'"
        children.append(subprocess.Popen(["sh", "-c", loop], text=True))
        program = (
            "from tests.sources.host_world import evidence_of, value\n"
            "from infra_maintainer.world.world import LiveWorld\n"
            "e = evidence_of(LiveWorld(), 'control_group', 'cores')\n"
            "print(*(value(e, q) for q in ('cpu.cores.usable', 'cgroup.cpu.utilisation', 'cgroup.cpu.throttled')))\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        reader = subprocess.Popen(
            ["sh", "-c", f'{enter}; exec "$0" -c "$1"', sys.executable, program],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        children.append(reader)
        text, _ = reader.communicate(timeout=60)
        cores, used, stopped = map(float, text.split())
        assert cores == 0.5
        assert used > 80
        assert stopped > 0
    finally:
        for child in children:
            child.terminate()
            child.wait(10)
        for folder in groups:
            _remove_when_empty(folder)


def _remove_when_empty(folder: Path) -> None:
    """A group can be removed as soon as the kernel has let go of its last process."""
    for _ in range(50):
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.1)
