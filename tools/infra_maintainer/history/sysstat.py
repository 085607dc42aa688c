"""The archives of sysstat, one file a day, through `sadf -j`."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra_maintainer.history.trace import Trace, from_pairs
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.host import Host

FOLDERS = ("/var/log/sysstat", "/var/log/sa")
DAY_FILE = re.compile(r"sa(\d{2}|\d{8})")
MOST_FILES = 200


def read_sysstat(host: Host, subject: str) -> list[Trace]:
    """CPU and memory of the host over all kept days. Raises WorldError when there are none."""
    folder, names = _archives(host)
    pairs: dict[str, list[tuple[float, float]]] = {"cpu.utilisation": [], "memory.used": []}
    refused: list[str] = []
    for name in names[-MOST_FILES:]:
        output = host.run("sysstat_day", f"{folder}/{name}")
        if output.code != 0:
            refused.append(name)
            continue
        for quantity, at, value in parse_day(output.stdout):
            pairs[quantity].append((at, value))
    notes = (f"{len(refused)} archives could not be read: {', '.join(refused[:3])}",) if refused else ()
    traces = [
        from_pairs(quantity, subject, found, f"sysstat archives in {folder}", counter=False, notes=notes)
        for quantity, found in pairs.items()
        if found
    ]
    if not traces:
        raise WorldError("no_data", f"{folder} holds no readable sample", 'enable the collector: ENABLED="true"')
    return traces


def _archives(host: Host) -> tuple[str, list[str]]:
    for folder in FOLDERS:
        try:
            names = [name for name in host.list(folder) if DAY_FILE.fullmatch(name)]
        except WorldError as error:
            if error.why != "not_supported":
                raise
            continue
        if names:
            return folder, names
    raise WorldError("not_supported", "no sysstat archives here", "install sysstat and enable its collector")


def parse_day(text: str) -> Iterator[tuple[str, float, float]]:
    """(quantity, epoch seconds, value) of each whole interval in the output of `sadf -j`; times there are UTC.

    Raises WorldError when the text is not that output.
    """
    try:
        hosts = json.loads(text)["sysstat"]["hosts"]
        rows: list[dict[str, Any]] = [row for each in hosts for row in each.get("statistics", [])]
    except (ValueError, KeyError, TypeError) as error:
        raise WorldError("error", "sadf -j gave no readable JSON", "update sysstat") from error
    for row in rows:
        stamp = row.get("timestamp")
        if not stamp or not stamp.get("interval"):  # a restart, or the collector's own double
            continue
        at = datetime.fromisoformat(f"{stamp['date']}T{stamp['time']}").replace(tzinfo=UTC).timestamp()
        for cpu in row.get("cpu-load", []):
            if cpu.get("cpu") == "all":
                yield "cpu.utilisation", at, 100 - cpu["idle"] - cpu["iowait"]
        memory = row.get("memory", {})
        share = memory.get("memused-percent", 0)
        if share >= 1:  # the total is not printed: it follows from the used part and its share
            yield "memory.used", at, 100 * (1 - memory["avail"] / (memory["memused"] * 100 / share))
