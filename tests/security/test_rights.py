"""Who may become root, what is encrypted, what is claimed: each item from the text that proves it to the finding."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Report
from infra_maintainer.sources.baseline.accounts import extra_roots, root_equal_members, weak_passwords
from infra_maintainer.sources.baseline.block_stack import judge_path, layers
from infra_maintainer.sources.baseline.host_access import weak_rules
from infra_maintainer.sources.baseline.sudoers import read_sudoers
from infra_maintainer.system.load import parse_system
from infra_maintainer.world.privilege_places import privileged_files
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.made_world import MadeWorld, codes, judged_by, passed, undetermined
from tests.services.postgres import postgres

CRYPT = {"name": "data", "type": "crypt", "fstype": "ext4", "children": [{"name": "sda2", "type": "part"}]}
PART = {"name": "vda1", "type": "part", "fstype": "ext4", "children": [{"name": "vda", "type": "disk"}]}
LUKS = json.dumps({"blockdevices": [CRYPT]})
PLAIN = json.dumps({"blockdevices": [PART]})


def fact(quantity: str, value: str, day: str) -> str:
    """A dated declaration in infra.toml."""
    return f'[[fact]]\nsubject = "system:shop"\nquantity = "{quantity}"\nvalue = "{value}"\ndeclared_on = {day}\n'


SUDOERS = {
    "/etc/sudoers": "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
    "/etc/sudoers.d/deploy": "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop, /usr/bin/vim /etc/x\n",
    "/etc/sudoers.d/ci": "ci ALL=(ALL) NOPASSWD: \\\n  ALL\n",
    "/etc/sudoers.d/exact": "backup ALL=(root) /usr/local/bin/take-backup --daily\n",
    "/etc/sudoers.d/old.dpkg-old": "evil ALL=(ALL) NOPASSWD: ALL\n",
}
NAMES = {"/etc/sudoers.d": ["ci", "deploy", "exact", "old.dpkg-old"]}


@requirement("security.least_privilege", "security.theatre_broad")
def test_sudo_rules_that_are_as_good_as_root_are_named_with_file_and_line() -> None:
    """NOPASSWD ALL over a continued line, an editor, systemctl; not the exact command, not the file sudo skips."""
    reading = read_sudoers(SUDOERS.get, NAMES.get)
    found = {(each.file, each.line, each.who) for each in reading.excess}
    assert found == {("/etc/sudoers.d/ci", 1, "ci"), ("/etc/sudoers.d/deploy", 1, "deploy")}
    assert sorted(each.kind.split()[0] for each in reading.excess) == ["every", "systemctl", "vim"]
    assert not reading.unread and reading.files == 4


@requirement("security.least_privilege")
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Defaults !authenticate", "no password"),
        ("ops ALL=(ALL) ALL", "every command"),
        ("ops ALL=(root) /usr/bin/less /var/log/*", "less as root"),
        ("ops ALL=(root) /opt/run *", "wildcard"),
        ("ops ALL = NOPASSWD:ALL", "without a password"),
        ("#1000 ALL=(root) /bin/bash", "bash as root"),
        ("ops ALL=(postgres) /bin/psql, (root) /usr/bin/tee /etc/x", "tee as root"),
        ("ops ALL=(root) SHELLS\nCmnd_Alias EDIT = /usr/bin/vim : SHELLS = /opt/x, /bin/zsh", "zsh as root"),
    ],
)
def test_each_kind_of_excess_is_told_apart(line: str, kind: str) -> None:
    """One rule, one kind."""
    (excess,) = read_sudoers({"/etc/sudoers": line + "\n"}.get, NAMES.get).excess
    assert kind in excess.kind


@requirement("security.least_privilege")
@pytest.mark.parametrize(
    "line",
    [
        "ops ALL=(postgres) ALL",
        "ops ALL=(postgres) NOPASSWD: /bin/bash",
        "ops ALL=(root) /usr/local/bin/backup --daily",
    ],
)
def test_what_runs_as_another_user_or_exactly_is_no_way_to_root(line: str) -> None:
    """Rights of postgres, and one exact command."""
    assert not read_sudoers({"/etc/sudoers": line + "\n"}.get, NAMES.get).excess


@requirement("security.least_privilege", "honesty.unknown")
def test_a_sudoers_file_that_may_not_be_read_is_undetermined_and_what_was_found_stays(tmp_path: Path) -> None:
    """One of two included files is denied: the rule of the other is a finding, the count is unknown."""
    world = MadeWorld(tmp_path / "world")
    world.read("/etc/sudoers", "@includedir /etc/sudoers.d\n")
    world.names("/etc/sudoers.d", ["a", "b"])
    world.read("/etc/sudoers.d/a", "ci ALL=(ALL) NOPASSWD: ALL\n")
    world.denied("read", ["/etc/sudoers.d/b"])
    report = world.report()
    assert "theatre_broad_sudo" in codes(report)
    assert [e for e in report.coverage.not_checked if e.quantity == "privilege.sudo.excess" and e.why == "denied"]


@requirement("security.least_privilege", "security.theatre_broad")
def test_other_roots_and_groups_as_good_as_root_are_counted() -> None:
    """toor is root; docker, disk and shadow are root by another name; root itself is not news."""
    assert extra_roots("root:x:0:0:r:/root:/bin/sh\ntoor:x:0:0:t:/root:/bin/sh\nwww:x:33:33::/:/bin/false\n") == [
        "toor"
    ]
    members = root_equal_members("docker:x:990:ci,deploy\nusers:x:100:anna\nshadow:x:42:\ndisk:x:6:root,backup\n")
    assert [(each.user, each.group) for each in members] == [("ci", "docker"), ("deploy", "docker"), ("backup", "disk")]


@requirement("security.least_privilege")
def test_empty_md5_and_des_passwords_are_weak_and_locked_ones_are_not() -> None:
    """The names are told, the hashes are not."""
    shadow = (
        "a::1::::::\nb:$1$ab$cdefgh:1::::::\nc:abJnggxhB/yWI:1::::::\nd:!:1::::::\ne:*:1::::::\nf:$y$j9T$x$y:1::::::\n"
    )
    assert weak_passwords(shadow) == ["a", "b", "c"]


@requirement("security.least_privilege")
@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("local all all trust", "trust"),
        ("host all all 127.0.0.1/32 trust", "trust"),
        ("host all all 10.0.0.0/8 md5", "weak"),
        ("hostssl all all 10.0.0.0 255.0.0.0 password", "weak"),
        ("host all all 0.0.0.0/0 scram-sha-256", "clear"),
        ("hostssl all all 0.0.0.0/0 scram-sha-256", None),
        ("local all all peer", None),
        ("host all all 127.0.0.1/32 scram-sha-256", None),
        ("host all all 0.0.0.0/0 reject", None),
        ("# host all all 0.0.0.0/0 trust", None),
    ],
)
def test_database_rules_are_judged_by_proof_and_by_way(rule: str, kind: str | None) -> None:
    """trust anywhere, weak proof or clear text off loopback; the noise of loopback rules stays out."""
    assert [each.kind for each in weak_rules(rule + "\n")] == ([kind] if kind else [])


@requirement("security.at_rest")
@pytest.mark.parametrize(
    ("kind", "stack", "machine", "answer"),
    [
        ("ext4", LUKS, "none", "yes"),
        ("ext4", LUKS, "kvm", "yes"),
        ("ext4", PLAIN, "none", "no"),
        ("ext4", PLAIN, "kvm", "unknown"),
        ("ext4", PLAIN, "amazon", "unknown"),
        ("ext4", PLAIN, None, "unknown"),
        ("nfs4", "{}", "none", "unknown"),
        ("overlay", "{}", "docker", "unknown"),
        ("fuse.sshfs", "{}", "none", "unknown"),
        ("fuse.gocryptfs", "{}", "none", "yes"),
        ("tmpfs", "{}", "none", "not stored"),
        ("ext4", "{}", "none", "unknown"),
    ],
)
def test_encryption_at_rest_is_read_from_the_stack_of_devices(
    kind: str, stack: str, machine: str | None, answer: str
) -> None:
    """A layer of encryption is a yes; bare metal without one is a no; a virtual machine cannot know."""
    assert judge_path("/dev/vda1", kind, layers(stack), machine).encrypted == answer


@requirement("security.at_rest", "honesty.unknown")
def test_a_virtual_disk_is_undetermined_and_the_provider_s_call_is_named(tmp_path: Path) -> None:
    """The field that answers stands in the step."""
    world = MadeWorld(tmp_path / "world")
    world.run("mount_with_type", '{"filesystems": [{"source": "/dev/vda1", "fstype": "ext4"}]}', "/srv/data")
    world.run("block_devices_below", PLAIN, "/dev/vda1")
    world.run("virtualisation", "amazon\n")
    report = world.report('[security]\nsensitive_paths = ["/srv/data"]\n')
    (unknown,) = [each for each in report.unknowns if each.code == "not_encrypted_at_rest"]
    assert "describe-volumes" in unknown.how and unknown.subject == "path:/srv/data"


@requirement("security.at_rest")
def test_swap_in_clear_and_a_key_file_in_clear_are_found(tmp_path: Path) -> None:
    """Claim: encrypted. Reality: the key lies beside the lock."""
    world = MadeWorld(tmp_path / "world")
    world.read("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda3 partition 1 0 -2\n")
    world.run("block_devices_below", PLAIN, "/dev/sda3")
    world.read("/etc/crypttab", "data UUID=1 /boot/key luks\n")
    world.run("mount_with_type", '{"filesystems": [{"source": "/dev/vda1", "fstype": "ext4"}]}', "/boot/key")
    world.run("block_devices_below", PLAIN, "/dev/vda1")
    report = world.report()
    assert "swap_in_clear" in codes(report)
    assert [each for each in report.findings if each.subject == "key_file:/boot/key" and "claim" in each.says]


@requirement("security.theatre_certificate", "antipatterns.certificate_theatre")
def test_a_certificate_beside_a_measured_fault_is_theatre_and_alone_it_proves_nothing(tmp_path: Path) -> None:
    """Never a pass: beside faults a finding with both sides, else an unknown."""
    config = fact("compliance.certificate", "ISO 27001", "2026-01-10")
    world = MadeWorld(tmp_path / "world")
    report = world.report(config)
    assert "theatre_certificate" in undetermined(report) and "theatre_certificate" not in passed(report) | codes(report)
    world.read("/etc/passwd", "root:x:0:0:r:/root:/bin/sh\ntoor:x:0:0:t:/root:/bin/sh\n")
    (finding,) = [each for each in world.report(config).findings if each.code == "theatre_certificate"]
    assert "claim: certified" in finding.says and len(finding.evidence) == 2


@requirement("security.backup_tests", "security.theatre_untested_dr", "antipatterns.untested_recovery")
def test_a_recovery_plan_without_a_drill_is_theatre(tmp_path: Path) -> None:
    """The plan is a claim; without a declared backup restore tests are unknown, never met."""
    config = fact("recovery.plan", "wiki/dr", "2026-10-01")
    report = MadeWorld(tmp_path / "world").report(config)
    assert "theatre_untested_dr" in codes(report)
    assert "restore_untested" in undetermined(report) and "restore_untested" not in passed(report)


@requirement("security.incident_plan")
@pytest.mark.parametrize(("day", "outcome"), [("2026-05-04", passed), ("2025-05-04", codes), (None, undetermined)])
def test_an_incident_exercise_counts_by_its_declared_date(
    day: str | None, outcome: Callable[[Report], set[str]], tmp_path: Path
) -> None:
    """Within a year a pass that says declared, older a finding, none declared unknown."""
    report = MadeWorld(tmp_path / "world").report(fact("incident.plan.exercised", "db loss", day) if day else "")
    assert "incident_plan_untested" in outcome(report)


@requirement("security.incident_plan")
def test_a_plan_alone_is_untested(tmp_path: Path) -> None:
    """A document is not an exercise."""
    (finding,) = [
        e
        for e in MadeWorld(tmp_path / "world").report(fact("incident.plan", "wiki/ir", "2026-10-01")).findings
        if e.code == "incident_plan_untested"
    ]
    assert "claim" in finding.says


@requirement("security.theatre_certificate", "honesty.coverage")
def test_other_scanners_are_imported_as_claims_with_their_date_and_never_pass_anything(tmp_path: Path) -> None:
    """An OpenSCAP result that judged nothing says 0 judged; a Lynis report keeps its own date."""
    world = MadeWorld(tmp_path / "world")
    lynis = (
        "# Lynis Report\nreport_datetime_start=2026-10-01 08:00:00\nwarning[]=PKGS-7392|x|\ntests_executed=A-1|B-2|\n"
    )
    rule = "<rule-result><result>notapplicable</result></rule-result>"
    scap = f'<TestResult end-time="2026-09-01T00:00:00+00:00">{rule}</TestResult>'
    world.read("/srv/lynis.dat", lynis)
    world.read("/srv/scap.xml", scap)
    world.read("/srv/prowler.json", '[{"status_code": "FAIL"}, {"status_code": "PASS"}]')
    report = world.report('[security]\nreports = ["/srv/lynis.dat", "/srv/scap.xml", "/srv/prowler.json"]\n')
    values = {(e.subject, e.quantity): e for e in report.evidence if e.quantity.startswith("scan.")}
    assert getattr(values["scan:/srv/scap.xml", "scan.openscap.judged"], "value", None) == 0
    assert ("scan:/srv/scap.xml", "scan.openscap.failed") not in values
    lynis_record = values["scan:/srv/lynis.dat", "scan.lynis.warnings"]
    assert lynis_record.as_of.date().isoformat() == "2026-10-01"
    assert getattr(values["scan:/srv/prowler.json", "scan.prowler.failed"], "value", None) == 1
    assert not {each.id for each in values.values()} & {id for each in report.passes for id in each.evidence}


@requirement("security.least_privilege")
def test_roles_of_a_real_postgresql_that_may_too_much_are_counted() -> None:
    """Another superuser, a role past row security, an application that owns its table; psql made them."""
    with postgres() as server:
        server.sql(
            "CREATE ROLE boss LOGIN SUPERUSER; CREATE ROLE peek LOGIN BYPASSRLS; CREATE ROLE shop LOGIN;"
            "CREATE ROLE keeper; CREATE TABLE a (x int); ALTER TABLE a OWNER TO shop;"
            "CREATE TABLE b (x int); ALTER TABLE b OWNER TO keeper; CREATE ROLE monitor LOGIN"
        )
        config = f'[[database]]\nname = "shop"\nhost = "127.0.0.1"\nport = {server.port}\nuser = "monitor"\n'
        report = judged_by(("database_roles",), parse_system(config))
    roles = {each.quantity: each for each in report.evidence if each.quantity.startswith("database.roles.")}
    seen = {name: (getattr(each, "value", None), getattr(each, "quote", None)) for name, each in roles.items()}
    assert seen == {
        "database.roles.superuser": (1, "boss"),
        "database.roles.unrestricted": (1, "peek"),
        "database.roles.owners": (1, "shop"),
    }
    assert {"database_superusers", "database_unrestricted", "database_owners"} <= codes(report)


@requirement("security.least_privilege")
def test_a_real_setuid_program_of_no_package_is_found_beside_the_packaged_ones(tmp_path: Path) -> None:
    """The whole walk of this machine: our own setuid file has no owner, su has the one that dpkg -S says."""
    needs("dpkg")
    planted = tmp_path / "run-as-me"
    planted.write_text("#!/bin/sh\n", encoding="utf-8")
    planted.chmod(0o4755)
    (tmp_path / "plain").write_text("", encoding="utf-8")
    seen = privileged_files("")
    owners = {each["path"]: each["package"] for each in seen["found"]}
    assert owners[str(planted)] is None and str(tmp_path / "plain") not in owners
    assert owners["/usr/bin/su"] == "util-linux"
    assert seen["looked"] >= len(seen["found"]) > 1
