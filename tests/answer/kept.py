"""A store with one report made by the product itself over a hand-written recorded world."""

import json
from pathlib import Path

from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.store import Store
from infra_maintainer.tools.health import probe_health
from infra_maintainer.tools.kit import Kit

_GIB = 2**30


def full_disk(folder: Path, used_share: float = 0.91) -> Kit:
    """A kit over a world whose only known thing is a disk, `used_share` full."""
    world = folder / "world"
    world.mkdir(parents=True)
    about = {"format": 1, "recorded_at": "2026-11-20T09:30:00+00:00", "host": "web-1"}
    (world / "world.json").write_text(json.dumps(about), encoding="utf-8")
    used = int(100 * _GIB * used_share)
    space = {
        "total": 105 * _GIB, "used": used, "available": 100 * _GIB - used, "inodes": 1_000_000, "inodes_free": 437_000,
    }  # fmt: skip
    calls = [
        ('snapshot ["file_systems", ""]', [{"device": "/dev/sda1", "mount": "/", "type": "ext4"}]),
        ('snapshot ["space", "/"]', space),
    ]
    lines = [json.dumps({"call": call, "result": result}) for call, result in calls]
    (world / "calls.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Kit.from_paths(None, world, Store(folder / "store.db"))


def health(kit: Kit) -> Report:
    """The health report of the kit's world, kept in its store."""
    return probe_health(kit, kit.world(20), [], lambda message: None)
