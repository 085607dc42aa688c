"""The age of missing security fixes: by the oldest missing upload, never by the candidate's date."""

import gzip
import random
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.evidence.store import Store
from infra_maintainer.sources.baseline.apt import by_source, held, parse_installed, parse_simulation
from infra_maintainer.sources.baseline.changelog import entries, missing_fixes
from infra_maintainer.sources.baseline.debian_version import DebianVersion
from infra_maintainer.sources.baseline.dnf import parse_advisories
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.world.package_changelog import offered_changelog
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.made_world import NOW, MadeWorld, codes, passed, undetermined

CHANGELOG = """expat (2.5.0-1+deb12u5) bookworm-security; urgency=medium

  * Fix CVE-2026-56132 in doProlog.

 -- A Maintainer <a@example.net>  Fri, 20 Nov 2026 10:00:00 +0100

expat (2.5.0-1+deb12u4) bookworm; urgency=medium

  * Translation update.

 -- A Maintainer <a@example.net>  Thu, 01 Oct 2026 10:00:00 +0000

expat (2.5.0-1+deb12u3) bookworm-security; urgency=high

  * Fix CVE-2025-59375 and CVE-2025-59376.

 -- A Maintainer <a@example.net>  Sat, 24 May 2025 12:00:00 +0000

expat (2.5.0-1+deb12u1) bookworm-security; urgency=high

  * Fix CVE-2024-45490.

 -- A Maintainer <a@example.net>  Fri, 06 Sep 2024 12:00:00 +0000
"""


@requirement("security.patching")
def test_the_age_is_of_the_oldest_missing_fix_and_not_of_the_candidate() -> None:
    """Candidate 4 days old, oldest missing fix 549 days old: a reader of the candidate's date would call it fresh."""
    lag = missing_fixes(CHANGELOG, "2.5.0-1+deb12u1+b2")
    assert lag is not None
    assert (NOW - lag.oldest).days == 549 and (NOW - lag.newest).days == 4
    assert lag.uploads == 2 and lag.cves == ("CVE-2026-56132", "CVE-2025-59375", "CVE-2025-59376")


@requirement("security.patching", "antipatterns.patch_deferral")
def test_a_world_where_the_two_dates_differ_by_months_is_overdue(tmp_path: Path) -> None:
    """The whole way from apt's simulation to the finding, with both dates in the evidence."""
    world = MadeWorld(tmp_path / "world")
    world.pending({"libexpat1": ("2.5.0-1+deb12u1", "2.5.0-1+deb12u5")})
    world.snapshot("changelog_offered", CHANGELOG, "libexpat1=2.5.0-1+deb12u5")
    report = world.report(exact=True)
    (finding,) = [each for each in report.findings if each.code == "patch_age"]
    assert "549 d" in finding.says and finding.severity == "high"
    (candidate,) = [e for e in report.evidence if e.quantity == "patch.security.age.candidate"]
    assert getattr(candidate, "value", None) == pytest.approx(4.1, abs=0.1)


@requirement("security.patching", "honesty.unknown")
def test_quick_mode_gives_bounds_and_says_how_to_know_exactly(tmp_path: Path) -> None:
    """Between 0 days and the age of the installed version nothing is decided: unknown, with the exact mode named."""
    world = MadeWorld(tmp_path / "world")
    world.pending({"libexpat1": ("2.5.0-1+deb12u1", "2.5.0-1+deb12u5")})
    world.snapshot("changelog_installed", CHANGELOG[CHANGELOG.index("expat (2.5.0-1+deb12u1)") :], "libexpat1")
    report = world.report()
    (unknown,) = [each for each in report.unknowns if each.code == "patch_age"]
    assert "at most" in unknown.says and "exact" in unknown.how
    assert "patch_age" not in codes(report) | passed(report)


@requirement("security.patching")
def test_an_upper_bound_within_the_limit_is_enough_to_pass(tmp_path: Path) -> None:
    """The installed version is 12 days old, so no fix it lacks can be older."""
    world = MadeWorld(tmp_path / "world")
    world.pending({"libexpat1": ("2.5.0-1+deb12u4", "2.5.0-1+deb12u5")})
    recent = CHANGELOG[CHANGELOG.index("expat (2.5.0-1+deb12u4)") :].replace("01 Oct 2026", "12 Nov 2026")
    world.snapshot("changelog_installed", recent, "libexpat1")
    assert "patch_age" in passed(world.report())


@requirement("security.patching", "honesty.unknown")
def test_a_changelog_newer_than_what_dpkg_lists_does_not_lower_the_bound(tmp_path: Path) -> None:
    """The file on disk already tells of the candidate, 4 days old: the bound is of the listed version, 809 days."""
    world = MadeWorld(tmp_path / "world")
    world.pending({"libexpat1": ("2.5.0-1+deb12u1", "2.5.0-1+deb12u5"), "tiny": ("1.9-1", "2.5.0-1+deb12u5")})
    world.snapshot("changelog_installed", CHANGELOG, "libexpat1")
    world.snapshot("changelog_installed", CHANGELOG, "tiny")
    report = world.report()
    bounds = {
        e.subject: e.model_dump()["value"]
        for e in report.evidence
        if e.quantity == "patch.security.age.at_most" and e.kind == "measured"
    }
    assert bounds == {"package:libexpat1 2.5.0-1+deb12u1": pytest.approx(809, abs=1)}
    assert "patch_age" in undetermined(report) and "patch_age" not in passed(report)


@requirement("security.patching")
def test_what_an_exact_run_read_is_remembered_and_grows_older(tmp_path: Path) -> None:
    """A quick run ten days after an exact one gives the exact age plus ten days, without any download."""
    store = Store(tmp_path / "store.db")
    world = MadeWorld(tmp_path / "world")
    world.pending({"libexpat1": ("2.5.0-1+deb12u1", "2.5.0-1+deb12u5")})
    world.snapshot("changelog_offered", CHANGELOG, "libexpat1=2.5.0-1+deb12u5")
    world.report(store=store, exact=True)
    report = world.report(store=store, now=NOW + timedelta(days=10))
    assert [each.says for each in report.findings if "559 d" in each.says], [each.says for each in report.findings]


@requirement("security.patching")
def test_first_seen_is_a_lower_bound_that_decides_by_itself(tmp_path: Path) -> None:
    """Seen missing 40 days ago, still missing: over 30 days, whatever the changelog would say."""
    store = Store(tmp_path / "store.db")
    world = MadeWorld(tmp_path / "world")
    world.pending({"libexpat1": ("2.5.0-1+deb12u1", "2.5.0-1+deb12u5")})
    world.absent("snapshot", ["changelog_installed", "libexpat1"])
    assert "patch_age" in undetermined(world.report(store=store, now=NOW - timedelta(days=40)))
    assert "patch_age" in codes(world.report(store=store, now=NOW - timedelta(hours=12)))


@requirement("security.patching")
def test_nothing_pending_by_an_old_index_is_not_a_pass(tmp_path: Path) -> None:
    """An index of last month knows no fix of this month."""
    world = MadeWorld(tmp_path / "world")
    old = "Label: Debian-Security\nSuite: stable-security\nDate: Sat, 24 Oct 2026 06:00:00 UTC\n"
    world.read("/var/lib/apt/lists/sec_InRelease", old)
    report = world.report()
    assert "patch_index_old" in codes(report)
    assert "patch_age" in undetermined(report) and "patch_age" not in passed(report)


@requirement("security.patching")
def test_apt_that_fails_is_unknown_and_not_nothing_pending(tmp_path: Path) -> None:
    """Exit code 100 and no `Calculating upgrade`: the zero lines it printed prove nothing."""
    world = MadeWorld(tmp_path / "world")
    world.run("apt_simulation", "", code=100, stderr="E: dpkg was interrupted")
    report = world.report()
    assert "patch_age" in undetermined(report) and "patch_age" not in passed(report)


@requirement("security.patching")
def test_dnf_advisories_are_dated_by_their_issued_column(tmp_path: Path) -> None:
    """A host without dpkg: the oldest advisory of a package gives its age, in the table and in JSON."""
    table = (
        "Name                 Type     Severity  Package                    Issued\n"
        "FEDORA-2026-aaaa     security Important openssl-1:3.2.1-2.fc41.x86_64 2026-08-01 00:11:22\n"
        "FEDORA-2026-bbbb     security Moderate  openssl-1:3.2.2-1.fc41.x86_64 2026-11-20 00:11:22\n"
    )
    assert [each.issued for each in parse_advisories(table)][0] == datetime(2026, 8, 1, tzinfo=UTC)
    json_form = '[{"name": "FEDORA-2026-aaaa", "nevra": "openssl-3.2.1-2.fc41.x86_64", "buildtime": 1785542400}]'
    assert parse_advisories(json_form)[0].issued == datetime(2026, 8, 1, tzinfo=UTC)
    world = MadeWorld(tmp_path / "world")
    world.names("/var/lib", ["rpm"])
    world.run("dnf_advisories", table)
    (finding,) = [each for each in world.report().findings if each.code == "patch_age"]
    assert "openssl 116 d" in finding.says


@requirement("security.theatre_deferred")
def test_installed_but_not_running_is_not_patched(tmp_path: Path) -> None:
    """An older kernel runs, replaced libraries are in use, the reboot has waited for nine days: three findings."""
    world = MadeWorld(tmp_path / "world")
    world.read("/proc/sys/kernel/osrelease", "6.12.8-amd64\n")
    kernels = [f"linux-image-6.12.{n}-amd64\tlinux-signed-amd64\t6.12.{n}-1\t6.12.{n}+1\tii " for n in (8, 9)]
    world.run("dpkg_list", "\n".join(kernels) + "\n")
    used = {"pid": 7, "program": "nginx", "files": ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]}
    world.snapshot("deleted_mappings", {"processes": 40, "unreadable": 0, "found": [used]})
    flagged = (NOW - timedelta(days=9)).timestamp()
    world.snapshot(
        "stat", {"mode": 420, "uid": 0, "gid": 0, "mtime": flagged, "link": False}, "/var/run/reboot-required"
    )
    names = {"theatre_deferred_kernel", "theatre_deferred_libraries", "theatre_deferred_reboot"}
    assert names <= codes(world.report())


@requirement("security.patching")
def test_a_held_package_is_found_in_dpkgs_own_list_and_an_empty_list_proves_nothing(tmp_path: Path) -> None:
    """Wanted state h is a hold, as apt-mark hold sets it; without any line there is no answer, not "none"."""
    rows = "nginx\tnginx\t1.24-1\t1.24-1\thi \nlibssl3:amd64\topenssl\t3.0.11-1\t3.0.11-1\tii \n"
    assert held(rows) == ["nginx"]
    world = MadeWorld(tmp_path / "world")
    world.run("dpkg_list", rows)
    (finding,) = [each for each in world.report().findings if each.code == "packages_held"]
    assert [each.model_dump()["quote"] for each in world.report().evidence if each.id in finding.evidence] == ["nginx"]
    empty = MadeWorld(tmp_path / "empty")
    empty.run("dpkg_list", "")
    assert "packages_held" in undetermined(empty.report())


def test_versions_are_ordered_as_dpkg_orders_them() -> None:
    """Two hundred pairs of the versions installed here and of odd ones, each asked of dpkg --compare-versions."""
    needs("dpkg")
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n"], capture_output=True, text=True, check=True)
    versions = [*set(listed.stdout.split()), "1.0~rc1", "1.0", "1.0-1", "1:0.5", "1.0~~", "1.0a", "1.0+b1", "0"]
    chooser = random.Random(7)
    for _ in range(200):
        one, two = DebianVersion(chooser.choice(versions)), DebianVersion(chooser.choice(versions))
        relation = "lt" if one < two else "eq" if one == two else "gt"
        asked = ["dpkg", "--compare-versions", one.text, relation, two.text]
        assert subprocess.run(asked, check=False).returncode == 0, asked


def test_pending_updates_are_grouped_by_source_as_dpkg_names_it() -> None:
    """Two binaries of one source are one fix; what comes from no security archive is none."""
    simulation = (
        "Inst libssl3 [3.0.11-1] (3.0.15-1 Debian-Security:12/oldstable-security [amd64]) []\n"
        "Inst openssl [3.0.11-1] (3.0.15-1 Debian-Security:12/oldstable-security [amd64])\n"
        "Inst tzdata [2024a] (2024b Debian:12.15/oldstable [all])\n"
    )
    listed = "libssl3:amd64\topenssl\t3.0.11-1\t3.0.11-1\tii \nopenssl\topenssl\t3.0.11-1\t3.0.11-1\tii \n"
    (group,) = by_source(parse_simulation(simulation), parse_installed(listed))
    assert (group.source, group.binaries, group.binary) == ("openssl", 2, "libssl3")


def test_an_offered_changelog_names_the_candidate_it_was_downloaded_for() -> None:
    """A real package from the configured archive: its top entry is the version that was asked for."""
    needs("apt-get")
    policy = subprocess.run(["apt-cache", "policy", "libexpat1"], capture_output=True, text=True, check=True).stdout
    candidate = next((line.split()[1] for line in policy.splitlines() if "Candidate:" in line), "(none)")
    if candidate == "(none)":
        pytest.skip("needs a package index: apt-get update")
    top = next(entries(offered_changelog(f"libexpat1={candidate}")))
    assert DebianVersion(top.version) == DebianVersion(candidate.split("+b")[0])


def test_every_source_of_the_baseline_is_registered_for_the_job() -> None:
    """The folder is the list."""
    names = {each.name for each in all_sources() if "security" in each.jobs}
    assert {"security_patches", "listeners", "open_secrets", "ssh_logins", "storage_encryption"} <= names


@requirement("security.patching")
def test_three_real_changelogs_are_read_as_dpkg_parsechangelog_reads_them(tmp_path: Path) -> None:
    """An independent reader of the changelogs on this machine: dates, versions and CVE names of what is missing."""
    parser = needs("dpkg-parsechangelog", "dpkg-dev")
    compared = 0
    for path in sorted(Path("/usr/share/doc").glob("*/changelog.Debian.gz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        uploads = list(entries(text))
        if len(uploads) < 6 or not any(each.is_security for each in uploads[:5]):
            continue
        installed = uploads[5].version
        (tmp_path / "changelog").write_text(text, encoding="utf-8")
        argv = [parser, "-l", str(tmp_path / "changelog"), "--since", installed, "--all", "--format", "rfc822"]
        blocks = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip().split("\n\n")
        theirs = [dict(re.findall(r"^(\w+): ?(.*)$", block, re.MULTILINE)) | {"text": block} for block in blocks]
        theirs = [each for each in theirs if DebianVersion(each["Version"]) > DebianVersion(installed)]
        security = [
            e for e in theirs if "security" in e["Distribution"] or re.search(r"\bCVE-\d{4}-\d{4,}\b", e["text"])
        ]
        lag = missing_fixes(text, installed)
        assert lag is not None and lag.uploads == len(security), path
        assert lag.oldest.timestamp() == min(float(each["Timestamp"]) for each in security), path
        names = {name for each in security for name in re.findall(r"\bCVE-\d{4}-\d{4,}\b", each["text"])}
        assert set(lag.cves) == names, path
        compared += 1
        if compared == 3:
            return
    pytest.skip(f"needs three packages with a changelog of security uploads: found {compared}")
