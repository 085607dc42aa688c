"""Processes that could not be looked into: unknown with the true reason, also for one who is root already."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import AnyEvidence, Report, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.security.plain_text import judge
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.world.own_rights import CAPABILITIES, hides_others, identity
from infra_maintainer.world.secret_places import process_secrets
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.made_world import ROOT, MadeWorld, codes, passed
from tests.security.test_baseline_report import ROOT as TREE
from tests.worlds import measured, missing

ORDINARY = {"euid": 1000, "capabilities": []}
IN_A_CONTAINER = {"euid": 0, "capabilities": ["CAP_DAC_READ_SEARCH"]}
REFUSED_ONE: dict[str, dict[str, Any]] = {
    "secrets_in_processes": {"processes": 40, "unreadable": 1, "refused": ["init"], "found": []},
    "deleted_mappings": {"processes": 39, "unreadable": 1, "found": []},
}
ASKED = {"secrets_in_processes": "secrets.processes", "deleted_mappings": "libraries.replaced.in_use"}
SECRET = {
    "where": "command line of shop (pid 7)",
    "form": "argv",
    "key": "password",
    "class": "named_secret",
    "confidence": "high",
    "length": 12,
    "fingerprint": "0a1b2c",
}


def unknown(report: Report, quantity: str) -> Unknown:
    """The one unknown of a quantity."""
    (found,) = [each for each in report.unknowns if each.quantity == quantity]
    return found


@requirement("honesty.unknown", "security.theatre_env_passwords")
@pytest.mark.parametrize("snapshot", REFUSED_ONE)
@pytest.mark.parametrize(
    ("who", "closed", "step"),
    [
        (ROOT, True, "look from outside this container or namespace"),
        (IN_A_CONTAINER, False, "give this process CAP_SYS_PTRACE: it is root without it"),
        (ORDINARY, False, "run as root or with CAP_SYS_PTRACE"),
        (None, False, "run as root or with CAP_SYS_PTRACE"),
        ({"euid": 0, "capabilities": None}, True, "look from outside this container or namespace"),
    ],
    ids=["root", "root of a container", "ordinary user", "a recording that does not know", "no capabilities"],
)
def test_who_is_root_already_is_not_told_to_become_root(
    snapshot: str, who: dict[str, Any] | None, closed: bool, step: str, tmp_path: Path
) -> None:
    """One process of forty is refused: the item is unknown, and the step is one that this user has not yet taken."""
    world = MadeWorld(tmp_path / "world")
    world.snapshot(snapshot, REFUSED_ONE[snapshot])
    if who is None:
        world.absent("snapshot", ["identity", ""])
    else:
        world.snapshot("identity", who)
    told = unknown(world.report(), ASKED[snapshot])
    assert told.why == "denied" and told.how.startswith(step) and "1 of 40" in told.detail
    assert told.detail.endswith("closed even to root, by the kernel or a namespace") is closed


@requirement("honesty.unknown", "honesty.coverage")
@pytest.mark.parametrize(
    ("unseen", "reason"),
    [
        ({"closed": 3}, "3 processes may not be looked into"),
        ({"others_hidden": True}, "/proc lists only the processes that this user may look into (hidepid)"),
    ],
)
def test_no_secret_on_a_command_line_is_said_only_of_command_lines_that_were_seen(
    unseen: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    """Closed or not even listed processes take both passes away; a secret that was seen is found all the same."""
    items = {"theatre_secret_on_command_line", "theatre_secret_in_environment"}
    world = MadeWorld(tmp_path / "world")
    assert items <= passed(world.report())
    world.snapshot("identity", ORDINARY)
    seen = {"processes": 4, "unreadable": 0, "refused": [], "closed": 0, "others_hidden": False, "found": [], **unseen}
    world.snapshot("secrets_in_processes", seen)
    report = world.report()
    assert not items & (passed(report) | codes(report))
    for quantity in ("secrets.command_lines", "secrets.processes"):
        told = unknown(report, quantity)
        assert (told.why, told.detail, told.how) == ("denied", reason, "run as root or with CAP_SYS_PTRACE")
    world.snapshot("secrets_in_processes", {**seen, "found": [SECRET]})
    assert "theatre_secret_on_command_line" in codes(world.report())


@requirement("honesty.unknown")
def test_replaced_libraries_of_processes_that_are_not_listed_are_unknown(tmp_path: Path) -> None:
    """All that is listed was read, and it is one process of many: that is not "0 processes run old code"."""
    world = MadeWorld(tmp_path / "world")
    world.snapshot("identity", ORDINARY)
    world.snapshot("deleted_mappings", {"processes": 1, "unreadable": 0, "others_hidden": True, "found": []})
    report = world.report()
    assert "theatre_deferred_libraries" not in passed(report)
    detail = unknown(report, "libraries.replaced.in_use").detail
    assert detail == "only 1 process of this user could be seen (hidepid of /proc)"


@requirement("honesty.unknown", "security.firewall")
@pytest.mark.parametrize(
    ("who", "said"),
    [
        (ROOT, "no program seen behind it: closed even to root, by the kernel or a namespace"),
        (ORDINARY, "no program seen behind it; to see it, run as root or with CAP_SYS_PTRACE"),
    ],
)
def test_a_socket_of_an_unseen_program_says_whether_root_would_see_it(
    who: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """It used to be "a program that only root may see" for root as well."""
    world = MadeWorld(tmp_path / "world")
    world.filter()
    world.snapshot("identity", who)
    world.snapshot("listeners", [{"protocol": "udp", "address": "0.0.0.0", "port": 2049, "program": None}])
    (reach,) = [each for each in world.report().evidence if each.quantity == "listener.reachable"]
    assert isinstance(reach, Measured) and reach.quote == said


@requirement("honesty.unknown", "security.firewall")
def test_root_without_the_right_to_read_the_filter_is_told_which_right(tmp_path: Path) -> None:
    """In most containers: nft says "you must be root" to root. Socket and filter give that reason and one step."""
    world = MadeWorld(tmp_path / "world")
    world.snapshot("identity", IN_A_CONTAINER)
    said = "Operation not permitted (you must be root)\n"
    for command in ("nft_ruleset", "iptables_rules", "iptables_nat_rules", "ufw_status"):
        world.run(command, "", code=1, stderr=said)
    world.snapshot("listeners", [{"protocol": "udp", "address": "0.0.0.0", "port": 2049, "program": "x"}])
    gaps = [each for each in world.report().evidence if isinstance(each, Missing)]
    told = {each.quantity: each for each in gaps if each.quantity in ("listener.reachable", "firewall.filters")}
    assert len(told) == 2
    for each in told.values():
        assert each.why == "denied" and "Operation not permitted" in each.detail
        assert each.how.startswith("give this process CAP_NET_ADMIN: it is root without it")


def test_a_process_that_emptied_its_command_line_is_no_kernel_thread() -> None:
    """A real program started with one empty argument: its environment is judged all the same."""
    environment = {"SHOP_DB_PASSWORD": "Zq7-kanarien-vogel-0815"}
    with subprocess.Popen([""], executable=needs("cat", "coreutils"), env=environment, stdin=subprocess.PIPE) as child:
        found = [each["where"] for each in process_secrets("")["found"] if f"(pid {child.pid})" in each["where"]]
        assert child.stdin is not None
        child.stdin.close()
    assert found == [f"environment of cat (pid {child.pid})"]


MOUNT = "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw"


@pytest.mark.parametrize(
    ("mounts", "groups", "held", "hides"),
    [
        (MOUNT, [100], [], False),
        (f"{MOUNT},hidepid=invisible", [100], [], True),
        (f"{MOUNT},hidepid=2", [100], [], True),
        (f"{MOUNT},hidepid=noaccess", [100], [], False),
        (f"{MOUNT},hidepid=invisible", [100], ["CAP_SYS_PTRACE"], False),
        (f"{MOUNT},gid=33,hidepid=invisible", [100, 33], [], False),
        (f"{MOUNT},gid=33,hidepid=ptraceable", [100, 33], [], True),
        (f"{MOUNT},hidepid=invisible\n{MOUNT}", [100], [], False),
        (f"{MOUNT}\n{MOUNT},hidepid=invisible", [100], [], True),
        (f"{MOUNT.replace('/proc rw', '/srv/x/proc rw', 1)},hidepid=invisible", [100], [], False),
        ("", [100], [], False),
    ],
)
def test_the_mount_of_proc_tells_whether_others_are_listed(
    mounts: str, groups: list[int], held: list[str], hides: bool
) -> None:
    """proc(5): level, exempt group, the mount on top, and what only looks like it."""
    assert hides_others(mounts, groups, held) is hides


def test_capabilities_are_those_that_another_program_reads() -> None:
    """capsh of libcap decodes the same mask."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    said = subprocess.run(
        [needs("capsh", "libcap2-bin"), f"--decode={mask}"], capture_output=True, text=True, check=True
    ).stdout
    assert identity("")["capabilities"] == [name for name in CAPABILITIES if name.lower() in said]


LOOK = """
import json, os
from infra_maintainer.world.own_rights import others_hidden
from infra_maintainer.world.secret_places import process_secrets
seen = process_secrets("")
print(json.dumps({"hidden": seen["others_hidden"], "closed": seen["closed"], "listed": len(os.listdir("/proc"))}))
"""


@requirement("honesty.unknown")
@pytest.mark.parametrize(("level", "hidden", "closed"), [(0, False, False), (1, False, True), (2, True, False)])
def test_a_real_proc_that_hides_processes_is_noticed(level: int, hidden: bool, closed: bool) -> None:
    """The kernel's own hidepid over a /proc that only this child sees, as nobody."""
    if os.geteuid() != 0:
        pytest.skip("needs root: run the tests as root")
    paths = [str(TREE / root) for root in ("server", "tools")] + [each for each in sys.path if "site-packages" in each]
    as_nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
    script = f"mount -t proc -o hidepid={level} proc /proc && exec {as_nobody}"
    argv = [needs("unshare", "util-linux"), "--mount", "sh", "-c", script, "sh", "/usr/bin/python3", "-c", LOOK]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, cwd="/", timeout=30, check=False)
    if done.returncode and "permi" in done.stderr.lower():
        pytest.skip("needs mount namespaces: run where root may mount /proc")
    seen = json.loads(done.stdout)
    assert (seen["hidden"], seen["closed"] > 0) == (hidden, closed), seen


@requirement("honesty.unknown", "security.firewall")
@pytest.mark.parametrize("told", [True, False], ids=["the filter says why", "nothing was said"])
def test_a_plain_port_that_may_be_reachable_gives_the_reason_why_nobody_knows(told: bool) -> None:
    """It used to be "denied: run as root" whatever had stopped the look, a time limit included."""
    port = "listener:tcp/0.0.0.0:8080"
    reach = missing("listener.reachable", "timeout", subject=port)
    elsewhere = missing("listener.reachable", "denied", subject="listener:tcp/0.0.0.0:9090")
    evidence: list[AnyEvidence] = [measured("tls.offered", False, subject=port), elsewhere]
    evidence += [reach] if told else []
    (said,) = [each for each in judge(Facts(evidence), Policy()) if each.subject == port]
    assert isinstance(said, Unknown) and said.quantity == "listener.reachable" and said.could_be == "high"
    reason = ("timeout", "because", "do this") if told else ("no_data", "", "look at the port from another host")
    assert (said.why, said.detail, said.how) == reason
