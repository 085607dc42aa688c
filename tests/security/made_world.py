"""Worlds written by hand: what each call outside answers, in the format that RecordedWorld replays."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.store import Store
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import parse_system
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.security import check_security_baseline
from infra_maintainer.world.recorded import RecordedWorld
from infra_maintainer.world.tape import FORMAT, key_of
from infra_maintainer.world.world import LiveWorld

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EMPTY_NFT = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'
NO_FILTER = {
    "nft": EMPTY_NFT,
    "iptables": "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n",
    "nat": "",
    "ufw": "Status: inactive\n",
}
SSHD = (
    "port 22\nusepam yes\npermitrootlogin no\npubkeyauthentication yes\npasswordauthentication no\n"
    "kbdinteractiveauthentication yes\nauthenticationmethods publickey,keyboard-interactive\n"
)
ROOT = {"euid": 0, "capabilities": ["CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN", "CAP_SYS_PTRACE"]}
PAM = "auth required pam_google_authenticator.so\n@include common-auth\n"


class MadeWorld:
    """A sound host by default; each test changes the one thing that it is about."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, dict[str, Any]] = {}
        self._sound()

    def _sound(self) -> None:
        self.snapshot("identity", ROOT)
        self.snapshot("listeners", [])
        self.snapshot("deleted_mappings", {"processes": 40, "unreadable": 0, "others_hidden": False, "found": []})
        self.snapshot("privileged_files", {"found": [], "looked": 900, "unreadable": 0})
        self.snapshot("writable_places", {"found": [], "looked": 300, "unreadable": []})
        all_seen = {"processes": 40, "unreadable": 0, "refused": [], "closed": 0, "others_hidden": False}
        self.snapshot("secrets_in_processes", {**all_seen, "found": []})
        self.snapshot("secrets_in_units", {"units": 90, "unreadable": [], "found": []})
        self.snapshot("secrets_in_files", {"files": 2, "unreadable": [], "found": [], "truncated": False})
        self.snapshot("sshd_effective", SSHD, "user=root,host=203.0.113.9,addr=203.0.113.9")
        self.snapshot("sshd_effective", SSHD, "user=root,host=10.0.0.1,addr=10.0.0.1")
        self.absent("snapshot", ["stat", "/var/run/reboot-required"])
        self.names("/var/lib", ["apt", "dpkg"])
        self.names("/var/lib/apt/lists", ["sec_InRelease"])
        self.read(
            "/var/lib/apt/lists/sec_InRelease",
            "Label: Debian-Security\nSuite: stable-security\nDate: Tue, 24 Nov 2026 06:00:00 UTC\n",
        )
        self.pending({})
        self.run("apt_config", 'APT::Periodic::Unattended-Upgrade "1";\n')
        self.read("/proc/sys/kernel/osrelease", "6.12.9-amd64\n")
        self.read("/etc/os-release", 'ID=debian\nVERSION_ID="13"\n')
        self.read("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndeploy:x:1000:1000::/home/deploy:/bin/bash\n")
        self.read("/etc/group", "root:x:0:\nsudo:x:27:\ndocker:x:990:\n")
        self.read("/etc/shadow", "root:!:20000:0:99999:7:::\ndeploy:$y$j9T$abc$def:20000:0:99999:7:::\n")
        self.read("/etc/sudoers", "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n")
        self.read("/etc/pam.d/sshd", PAM)
        self.read("/etc/pam.d/common-auth", "auth required pam_unix.so\n")
        self.absent("list", ["/etc/postgresql"])
        self.absent("read", ["/var/lib/pgsql/data/pg_hba.conf"])
        self.absent("read", ["/etc/crypttab"])
        self.absent("read", ["/var/log/lynis-report.dat"])
        self.read("/proc/swaps", "Filename Type Size Used Priority\n")
        self.run("mount_with_type", '{"filesystems": [{"source": "/dev/mapper/root", "fstype": "ext4"}]}', "/")
        stack = {"name": "root", "type": "crypt", "fstype": "ext4", "children": [{"name": "sda", "type": "disk"}]}
        self.run("block_devices_below", json.dumps({"blockdevices": [stack]}), "/dev/mapper/root")
        self.run("virtualisation", "none\n")
        drops = {
            "family": "inet",
            "table": "filter",
            "name": "input",
            "type": "filter",
            "hook": "input",
            "policy": "drop",
        }
        self.filter(nft=json.dumps({"nftables": [{"chain": drops}]}))

    def filter(
        self,
        *,
        nft: str = EMPTY_NFT,
        iptables: str = NO_FILTER["iptables"],
        nat: str = "",
        ufw: str = "Status: inactive\n",
    ) -> None:
        """Set what the packet filter's programs print."""
        self.run("nft_ruleset", nft)
        self.run("iptables_rules", iptables)
        self.run("iptables_nat_rules", nat)
        self.run("ufw_status", ufw)

    def pending(self, updates: dict[str, tuple[str, str]]) -> None:
        """Set the pending security updates: package to (installed, candidate)."""
        lines = [
            f"Inst {name} [{old}] ({new} Debian-Security:13/stable-security [amd64])"
            for name, (old, new) in updates.items()
        ]
        self.run("apt_simulation", "Calculating upgrade...\n" + "\n".join(lines) + "\n")
        listed = [f"{name}\t{name}\t{old}\t{old}\tii " for name, (old, _) in updates.items()]
        kernel = "linux-image-6.12.9-amd64\tlinux-signed-amd64\t6.12.9-1\t6.12.9+1\tii "
        self.run("dpkg_list", "\n".join([kernel, *listed]) + "\n")

    def read(self, path: str, text: str) -> None:
        """Set the text of a file."""
        self.answers[key_of("read", [path])] = {"result": text}

    def names(self, path: str, found: list[str]) -> None:
        """Set the names in a folder."""
        self.answers[key_of("list", [path])] = {"result": found}

    def run(self, command: str, stdout: str, *arguments: str, code: int = 0, stderr: str = "") -> None:
        """Set what a command prints."""
        result = {"stdout": stdout, "stderr": stderr, "code": code}
        self.answers[key_of("run", [command, *arguments])] = {"result": result}

    def snapshot(self, name: str, result: Any, argument: str = "") -> None:
        """Set a reading."""
        self.answers[key_of("snapshot", [name, argument])] = {"result": result}

    def absent(self, verb: str, arguments: list[str]) -> None:
        """Say that something does not exist on this host."""
        error = {"why": "not_supported", "detail": "does not exist here", "how": "nothing to do"}
        self.answers[key_of(verb, arguments)] = {"error": error}

    def denied(self, verb: str, arguments: list[str]) -> None:
        """Say that something may not be read."""
        self.answers[key_of(verb, arguments)] = {"error": {"why": "denied", "detail": "no", "how": "run as root"}}

    def report(
        self, config: str = "", store: Store | None = None, *, exact: bool = False, now: datetime = NOW
    ) -> Report:
        """Write the folder and check it."""
        self.write(now)
        kit = Kit(parse_system(config), store)
        return check_security_baseline(kit, RecordedWorld(self.folder), [], exact=exact)

    def write(self, now: datetime = NOW) -> None:
        """Write the folder as it stands."""
        self.folder.mkdir(exist_ok=True)
        about = {"format": FORMAT, "recorded_at": now.isoformat(), "host": "web-1"}
        (self.folder / "world.json").write_text(json.dumps(about), encoding="utf-8")
        lines = [json.dumps({"call": call, **outcome}) for call, outcome in self.answers.items()]
        (self.folder / "calls.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def codes(report: Report) -> set[str]:
    """The codes of what was found to be wrong."""
    return {finding.code for finding in report.findings}


def passed(report: Report) -> set[str]:
    """The codes of what was looked at and holds."""
    return {each.code for each in report.passes}


def undetermined(report: Report) -> set[str]:
    """The codes of what could not be judged."""
    return {each.code for each in report.unknowns}


def judged_by(sources: tuple[str, ...], system: System) -> Report:
    """The report of this machine from some of the sources only, for tests that are about them."""
    chosen = tuple(each for each in sources_for("security") if each.name in sources)
    return assess(gather(chosen, Survey(LiveWorld(60), system)), Policy(), "security", datetime.now(UTC))
