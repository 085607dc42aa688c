"""A rented machine with a price tag: what it could free and at what risk, and whether the plan below would hold."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from infra_maintainer.assess.costs.machine_plan import judge as judge_plan
from infra_maintainer.assess.costs.reclaimable import judge as judge_reclaim
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Scalar
from infra_maintainer.sources.reclaim_containers import parse_use
from infra_maintainer.sources.reclaim_devices import unused
from infra_maintainer.sources.reclaim_packages import parse_packages, spare_kernels
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.costs import audit_costs
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.tree_size import deleted_open, tree_size
from infra_maintainer.world.world import LiveWorld
from tests.needs import needs
from tests.requirements_link import requirement
from tests.worlds import measured

PRICE = """
[machine]
price = 20.0
currency = "EUR"
[[machine.smaller]]
name = "half"
price = 10.0
vcpus = 2
ram_gb = 8
disk_gb = 40
"""


def test_a_folder_weighs_what_du_says(tmp_path: Path) -> None:
    """Sparse files by their blocks, hard links once: du of the same folder, directories themselves left out."""
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/a").write_bytes(b"x" * 300_000)
    os.link(tmp_path / "deep/er/a", tmp_path / "again")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(50_000_000)
    os.symlink("/etc", tmp_path / "link")
    listed = subprocess.run(
        [needs("find"), str(tmp_path), "-type", "f", "-printf", "%i %b\n"], capture_output=True, text=True, check=True
    )
    by_inode = dict(line.split() for line in listed.stdout.splitlines())
    link = os.lstat(tmp_path / "link").st_blocks
    assert tree_size(str(tmp_path))["bytes"] == 512 * (sum(int(blocks) for blocks in by_inode.values()) + link)


def test_only_what_is_old_is_counted_when_asked(tmp_path: Path) -> None:
    """Thirty days: a file touched forty days ago counts, a new one does not."""
    for name, age in (("old", 40), ("new", 1)):
        (tmp_path / name).write_bytes(b"x" * 10_000)
        os.utime(tmp_path / name, (time.time() - age * 86400, time.time() - age * 86400))
    assert tree_size(f"{tmp_path}|30")["bytes"] == os.stat(tmp_path / "old").st_blocks * 512


def test_a_deleted_file_that_is_still_open_is_found(tmp_path: Path) -> None:
    """A file of 5 MB, unlinked while this process holds it."""
    before = deleted_open("")["bytes"]
    with (tmp_path / "log").open("wb") as file:
        file.write(os.urandom(5_000_000))
        file.flush()
        os.fsync(file.fileno())
        held = os.fstat(file.fileno()).st_blocks * 512
        (tmp_path / "log").unlink()
        assert deleted_open("")["bytes"] >= before + held


def test_the_running_kernel_and_the_newest_two_are_never_spare() -> None:
    """Six images; the running one is an old one; meta packages are none."""
    names = [f"linux-image-6.1.0-{n}-amd64" for n in (9, 10, 18, 21, 25, 26)]
    spare = spare_kernels([*names, "linux-image-amd64"], running="6.1.0-18-amd64")
    assert spare == [f"linux-image-6.1.0-{n}-amd64" for n in (21, 10, 9)]


def test_packages_are_read_as_dpkg_prints_them() -> None:
    """Status, KiB, name; the real dpkg knows itself."""
    parsed = parse_packages("ii \t7000\tdpkg\nrc \t\told\nbroken line\n")
    assert parsed == {"dpkg": ("ii", 7_168_000), "old": ("rc", 0)}


def test_docker_figures_are_read_with_their_units() -> None:
    """Lines as docker 24 prints them."""
    text = "\n".join(
        json.dumps({"Type": kind, "Reclaimable": size})
        for kind, size in (("Images", "1.2GB (40%)"), ("Local Volumes", "512MB (100%)"), ("Build Cache", "0B"))
    )
    assert list(parse_use(text + "\nnot json")) == [
        ("Images", 1_200_000_000), ("Local Volumes", 512_000_000), ("Build Cache", 0),
    ]  # fmt: skip


def test_a_disk_with_a_partition_in_use_is_not_spare() -> None:
    """As lsblk -J prints it: vda has a mounted child, vdb is raw, sr0 is no disk."""
    devices = [
        {"name": "vda", "type": "disk", "size": 100, "fstype": None, "mountpoints": [None],
         "children": [{"name": "vda1", "type": "part", "size": 99, "fstype": "ext4", "mountpoints": ["/"]}]},
        {"name": "vdb", "type": "disk", "size": 50, "fstype": None, "mountpoints": [None]},
        {"name": "sr0", "type": "rom", "size": 10, "fstype": None, "mountpoints": [None]},
    ]  # fmt: skip
    assert unused(devices) == [("vdb", 50)]


def plan_facts(cpu: float, window_days: float, memory: float = 30.0) -> Facts:
    """A machine of 4 CPUs and 16 GB whose disk of 80 GB is 20 % full, and a plan of half of it."""
    month = window_days * 86400

    def used(quantity: str, value: float) -> Measured:
        return measured(quantity, value, stat="p99.5", n=50_000, window=month)

    def offered(quantity: str, value: Scalar) -> Measured:
        return measured(quantity, value, subject="plan:half")

    return Facts(
        [
            used("cpu.utilisation", cpu), used("memory.used", memory), measured("cpu.cores.usable", 4),
            measured("memory.capacity", 16e9), offered("plan.vcpus", 2), offered("plan.ram", 8e9),
            offered("plan.disk", 40e9), measured("disk.capacity", 80e9, subject="filesystem:/"),
            measured("disk.space.used", 20.0, subject="filesystem:/"), *money("machine.price", 20.0, "host:h"),
            *money("plan.price", 10.0, "plan:half"),
        ]
    )  # fmt: skip


def money(quantity: str, value: float, subject: str) -> list[Measured]:
    """A price in euros."""
    like = measured("cpu.cores.usable", 1)
    return [Measured(subject=subject, quantity=quantity, stat="instant", value=value, unit="EUR", as_of=like.as_of,
                     source="test")]  # fmt: skip


def test_the_plan_below_holds_when_every_dimension_keeps_room() -> None:
    """30 % of 4 CPUs with 10 % growth is 66 % of 2; the disk would be 44 % full."""
    (outcome,) = judge_plan(plan_facts(30, 40), Policy())
    assert outcome.kind == "finding"
    assert "half at 10 EUR instead of 20 EUR" in outcome.says


@requirement("costs.refuse_underprovision")
@pytest.mark.parametrize(("cpu", "memory", "named"), [(45, 30, "CPU"), (30, 60, "memory")])
def test_the_plan_below_is_refused_with_the_number_when_one_dimension_would_burst(
    cpu: float, memory: float, named: str
) -> None:
    """45 % of 4 CPUs is 99 % of 2; 60 % of 16 GB is 132 % of 8."""
    (outcome,) = judge_plan(plan_facts(cpu, 40, memory), Policy())
    assert outcome.kind == "pass"
    assert f"P99.5 of {named} would be {'99' if named == 'CPU' else '132'} %" in outcome.says


def test_a_short_history_says_nothing_about_the_plan_below() -> None:
    """Five quiet days."""
    (outcome,) = judge_plan(plan_facts(3, 5), Policy())
    assert outcome.kind == "unknown"
    assert "5.0 days" in outcome.says


@requirement("costs.lifecycle")
def test_what_may_be_a_database_is_kept_and_what_comes_back_is_offered() -> None:
    """An unused volume of 40 GB against a build cache of 2 GB and an old log of 1 MB."""
    facts = Facts(
        [
            measured("reclaim.bytes", 40 << 30, subject="reclaim:docker-volumes"),
            measured("reclaim.bytes", 2 << 30, subject="reclaim:docker-build-cache"),
            measured("reclaim.bytes", 1 << 20, subject="reclaim:old-logs"),
        ]
    )
    outcomes = {each.subject: each for each in judge_reclaim(facts, Policy())}
    assert outcomes["reclaim:docker-volumes"].kind == "pass"
    assert "may be a database" in outcomes["reclaim:docker-volumes"].says
    assert outcomes["reclaim:docker-build-cache"].kind == "finding"
    assert outcomes["reclaim:old-logs"].kind == "pass"


def test_this_machine_is_answered_within_ten_seconds_as_an_ordinary_user() -> None:
    """Price declared, no history: reclaimable things with their risk, the plan unknown with the step that helps."""
    kit = Kit(parse_system(PRICE), None)
    as_root = os.geteuid() == 0
    if as_root:
        audit_costs(kit, LiveWorld(30))  # imports come from where only root may read, on some machines
    started = time.monotonic()
    if as_root:
        os.seteuid(65534)
    try:
        report = audit_costs(kit, LiveWorld(30))
    finally:
        if as_root:
            os.seteuid(0)
    assert time.monotonic() - started < 10
    assert [each.says for each in report.unknowns if each.code == "smaller_plan"]
    assert {each.code for each in [*report.findings, *report.passes]} >= {"reclaimable"}
    assert not [each for each in report.coverage.not_checked if each.why == "our_bug"]


def test_without_bill_and_price_the_verdict_is_unknown_and_not_healthy() -> None:
    """Free disk alone says nothing about money."""
    report = audit_costs(Kit(parse_system(""), None), LiveWorld(30))
    assert report.verdict == "unknown"
    assert "no_money_seen" in {each.code for each in report.unknowns}
