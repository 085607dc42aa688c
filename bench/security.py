"""The security baseline beside Lynis, on this machine: time, size of the output, and which items each answered.

    python bench/security.py [--quick]

Lynis is the rival: apt-get install lynis. Both run one after the other, as the same user. An item counts as answered by
us when its evidence has a value, as not here when the thing it asks about does not exist on this host (no swap, no ssh
server, no pending fix that could have an age), and as told unknown when it is Missing with a reason; by Lynis when one
of its tests for the item was executed (the ids are in ITEMS, its own report says which ran). --quick stops Lynis after
35 seconds: its time is then a lower bound. On a machine with other work compare the CPU seconds (user + system,
children included).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ROOTS = ("server", "tools", "prompts", "agents", "evals")
QUICK_LIMIT_S = 35.0
FULL_LIMIT_S = 900.0

# Item of the baseline: our quantity, and the Lynis tests that ask the same question.
ITEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "TLS of listening services": ("tls.offered", ()),
    "encryption at rest": ("storage.encrypted", ("CRYP-7930",)),
    "encryption of swap": ("swap.encrypted", ("CRYP-7931",)),
    "pending security updates": ("patch.security.pending", ("PKGS-7392",)),
    "age of missing fixes": ("patch.security.age.at_most", ()),
    "age of the package index": ("patch.index.age", ()),
    "reboot owed": ("reboot.required.age", ("KRNL-5830",)),
    "replaced libraries in use": ("libraries.replaced.in_use", ()),
    "automatic updates": ("updates.automatic", ("PKGS-7420",)),
    "end of support": ("release.support.left", ("GEN-0010",)),
    "sudo rules as good as root": ("privilege.sudo.excess", ()),
    "other accounts with uid 0": ("privilege.accounts.uid0", ("AUTH-9204",)),
    "groups as good as root": ("privilege.accounts.root_equal", ()),
    "weak password hashes": ("privilege.accounts.weak_password", ("AUTH-9229", "AUTH-9283")),
    "privileged files of no package": ("privilege.files.foreign", ()),
    "writable places root runs from": ("privilege.places.writable", ()),
    "packet filter drops by default": ("firewall.filters", ("FIRE-4512", "FIRE-4590")),
    "forwarding past the filter": ("firewall.forwarded.ports", ()),
    "sockets reachable from outside": ("listener.reachable", ("NETW-3012",)),
    "second factor per ssh login": ("ssh.login.second_factor", ()),
    "database access rules": ("database.access.rules.weak", ()),
    "secrets in environments": ("secrets.processes", ()),
    "secrets on command lines": ("secrets.command_lines", ()),
    "secrets in units and files": ("secrets.units", ()),
    "restore tests": ("drill.count", ()),
    "incident exercise": ("incident.plan.exercised", ()),
}


class Ours(NamedTuple):
    """One run of ours."""

    seconds: float
    cpu_seconds: float
    size: int
    known: set[str]
    absent: set[str]
    unknown: dict[str, str]


class Theirs(NamedTuple):
    """One run of Lynis; `complete` is False when it was stopped."""

    seconds: float
    cpu_seconds: float
    size: int
    executed: set[str]
    complete: bool


def main() -> int:
    """Run both and print the table; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="stop Lynis after 35 s")
    options = parser.parse_args()
    ours = run_ours()
    theirs = run_lynis(QUICK_LIMIT_S if options.quick else FULL_LIMIT_S)
    if theirs is None:
        print("Lynis is not installed: apt-get install lynis\n")
    print(f"{'item':34} {'infra-maintainer':34} Lynis")
    answered = not_here = told = by_lynis = 0
    for item, (quantity, tests) in ITEMS.items():
        known = quantity in ours.known
        answered += known
        absent = not known and quantity in ours.absent
        not_here += absent
        told += not known and not absent
        why = "not here" if absent else f"unknown: {ours.unknown.get(quantity, 'no_data')}"
        mine = "answered" if known else why
        ran = theirs is not None and bool(theirs.executed.intersection(tests))
        by_lynis += ran
        yours = "not run" if theirs is None else "test ran" if ran else "no test ran" if tests else "no such test"
        print(f"{item:34} {mine:34} {yours}")
    print(f"\n{'':24}{'infra-maintainer':>18}{'Lynis':>18}")
    print(f"{'seconds':24}{ours.seconds:>18.1f}{_seconds(theirs):>18}")
    print(f"{'CPU seconds':24}{ours.cpu_seconds:>18.1f}{(theirs.cpu_seconds if theirs else 0):>18.1f}")
    print(f"{'bytes of output':24}{ours.size:>18,}{(theirs.size if theirs else 0):>18,}")
    print(f"{'items answered':24}{answered:>18}{by_lynis:>18}")
    print(f"{'not on this host':24}{not_here:>18}{'-':>18}")
    print(f"{'unknown, with reason':24}{told:>18}{0:>18}")
    figures = {
        "seconds": round(ours.seconds, 2),
        "lynis_seconds": round(theirs.seconds, 2) if theirs else None,
        "lynis_complete": bool(theirs and theirs.complete),
        "time_share": round(ours.seconds / theirs.seconds, 3) if theirs else None,
        "cpu_seconds": round(ours.cpu_seconds, 2),
        "lynis_cpu_seconds": round(theirs.cpu_seconds, 2) if theirs else None,
        "bytes": ours.size,
        "lynis_bytes": theirs.size if theirs else None,
        "items": len(ITEMS),
        "answered": answered,
        "not_here": not_here,
        "unknown_with_reason": told,
        "lynis_answered": by_lynis,
        "euid": os.geteuid(),
        "load_1m": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(figures))
    return 0


def run_ours() -> Ours:
    """The command line in a process of its own, quick mode, as JSON."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / root) for root in ROOTS)}
    argv = [sys.executable, "-m", "infra_maintainer.cli", "security", "--json", "--no-store"]
    started, used = time.monotonic(), _children_cpu_s()
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False, cwd="/")
    seconds, cpu_seconds = time.monotonic() - started, _children_cpu_s() - used
    if done.returncode not in (0, 1, 2):
        raise SystemExit(done.stderr)
    evidence = json.loads(done.stdout)["evidence"]
    known = {each["quantity"] for each in evidence if each["kind"] != "missing"}
    unknown = {each["quantity"]: each["why"] for each in evidence if each["kind"] == "missing"}
    here = {each["quantity"] for each in evidence if each["kind"] == "missing" and each["why"] != "not_supported"}
    absent = unknown.keys() - here
    if any(each["quantity"] == "patch.security.pending" and each.get("value") == 0 for each in evidence):
        absent |= {"patch.security.age.at_most"}
    return Ours(seconds, cpu_seconds, len(done.stdout), known, absent, unknown)


def run_lynis(limit_s: float) -> Theirs | None:
    """Lynis with its usual profile, reports in a scratch folder; None when it is not installed."""
    program = shutil.which("lynis", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        report, log = Path(scratch) / "report.dat", Path(scratch) / "lynis.log"
        argv = [
            program,
            "audit",
            "system",
            "--quick",
            "--no-colors",
            "--report-file",
            str(report),
            "--logfile",
            str(log),
        ]
        started, used = time.monotonic(), _children_cpu_s()
        with subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=scratch,
        ) as child:
            try:
                printed, _ = child.communicate(timeout=limit_s)
                complete = True
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                printed, _ = child.communicate()
                complete = False
        seconds, cpu_seconds = time.monotonic() - started, _children_cpu_s() - used
        text = report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""
        noted = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    executed = {
        word
        for line in noted.splitlines()
        if "Performing test ID " in line
        for word in [line.split("ID ")[1].split()[0]]
    }
    return Theirs(seconds, cpu_seconds, len(printed) + len(text), executed, complete)


def _children_cpu_s() -> float:
    """User and system seconds of all children that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(theirs: Theirs | None) -> str:
    if theirs is None:
        return "-"
    return f"{theirs.seconds:.1f}" if theirs.complete else f"over {theirs.seconds:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
