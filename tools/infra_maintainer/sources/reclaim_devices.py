"""Block devices that hold no file system and no mount: rented and empty, or somebody's raw volume."""

import json
from collections.abc import Iterator
from typing import Any

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


@source(title="unused block devices", jobs=("costs",), quantities=("reclaim.bytes",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One figure per unused disk; none of them is one figure of 0."""
    output = survey.world.host.run("block_devices")
    try:
        devices = json.loads(output.stdout).get("blockdevices", [])
    except ValueError as error:
        raise WorldError("error", f"lsblk: {output.stderr[:200] or 'no JSON'}", "run lsblk -J by hand") from error
    spare = unused(devices)
    if not spare:
        yield survey.measured("reclaim.bytes", 0, subject="reclaim:unused-disks", source="lsblk")
    for name, size in spare:
        yield survey.measured("reclaim.bytes", size, subject="reclaim:unused-disks", source="lsblk", quote=name)


def unused(devices: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Disks without a file system, a mount, or a child that has one."""
    return [
        (str(each.get("name")), int(each.get("size") or 0))
        for each in devices
        if each.get("type") == "disk" and not _in_use(each) and int(each.get("size") or 0) > 0
    ]


def _in_use(device: dict[str, Any]) -> bool:
    mounts = [mount for mount in device.get("mountpoints") or [] if mount]
    return bool(device.get("fstype") or mounts or any(_in_use(child) for child in device.get("children") or []))
