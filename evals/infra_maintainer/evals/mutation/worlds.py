"""Twelve small systems as recorded worlds, written by seed; the product itself assesses them."""

import json
import random
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.store import Store
from infra_maintainer.tools.health import probe_health
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.exchange import Ask

_GIB = 2**30
_RECORDED_AT, _EPOCH_S = "2026-11-20T09:30:00+00:00", 1_795_167_000.0
_MAX_BYTES = 8 << 20


class Address(NamedTuple):
    """One endpoint: typical latency in ms, how much longer its tail is, failing share, days left of its certificate."""

    name: str
    median_ms: float
    tail: float
    failing: float = 0.0
    days_left: float = 71.0


class Spec(NamedTuple):
    """One world: its disks (share used, share of inodes used) and its addresses."""

    name: str
    disks: dict[str, tuple[float, float]]
    addresses: tuple[Address, ...]


SPECS = (
    Spec("slow_tail", {"/": (0.38, 0.11)}, (Address("checkout", 174, 14.0), Address("catalogue", 61, 1.4))),
    Spec("all_quiet", {"/": (0.41, 0.07)}, (Address("checkout", 52, 1.3), Address("search", 33, 1.6))),
    Spec("disk_high", {"/": (0.87, 0.22), "/var": (0.64, 0.31)}, (Address("shop", 71, 1.5),)),
    Spec("disk_critical", {"/": (0.97, 0.44)}, (Address("shop", 83, 1.8),)),
    Spec("inodes", {"/": (0.52, 0.93)}, (Address("api", 47, 1.7),)),
    Spec("failing", {"/": (0.33, 0.09)}, (Address("payments", 118, 1.9, failing=0.07),)),
    Spec("down", {"/": (0.29, 0.18)}, (Address("payments", 96, 1.2, failing=1.0), Address("login", 37, 1.5))),
    Spec("certificate", {"/": (0.46, 0.13)}, (Address("login", 58, 1.5, days_left=6.3),)),
    Spec("two_faults", {"/": (0.91, 0.12)}, (Address("checkout", 221, 9.0), Address("login", 41, 1.4, failing=0.03))),
    Spec("slow_everywhere", {"/": (0.57, 0.21)}, (Address("home", 463, 4.2), Address("api", 388, 5.1))),
    Spec("nothing_declared", {"/": (0.84, 0.16), "/srv": (0.23, 0.04)}, ()),
    Spec("many_disks", {f"/data{n}": (0.19 + 0.11 * n, 0.05 * n) for n in range(1, 7)}, (Address("files", 143, 2.2),)),
)


def assess(spec: Spec, folder: Path) -> tuple[Kit, Report]:
    """Write the world into `folder`, run the health job on it, keep the report in a store there."""
    world = folder / spec.name
    world.mkdir(parents=True)
    about = {"format": 1, "recorded_at": _RECORDED_AT, "host": "web-1"}
    (world / "world.json").write_text(json.dumps(about), encoding="utf-8")
    calls = "\n".join(json.dumps(call) for call in [*_disks(spec), *_requests(spec)])
    (world / "calls.jsonl").write_text(calls + "\n", encoding="utf-8")
    config = folder / f"{spec.name}.toml"
    config.write_text("".join(f'[[endpoint]]\nurl = "{_url(each)}"\n' for each in spec.addresses), encoding="utf-8")
    kit = Kit.from_paths(config, world, Store(folder / f"{spec.name}.db"))
    return kit, probe_health(kit, kit.world(30), [], lambda message: None)


def _url(address: Address) -> str:
    return f"https://shop.example/{address.name}"


def _disks(spec: Spec) -> list[dict[str, object]]:
    draw = random.Random(spec.name)
    mounts = [
        {"device": f"/dev/sd{chr(97 + i)}1", "mount": mount, "type": "ext4"} for i, mount in enumerate(spec.disks)
    ]
    calls: list[dict[str, object]] = [{"call": 'snapshot ["file_systems", ""]', "result": mounts}]
    for mount, (used, inodes) in spec.disks.items():
        total = draw.randint(90, 400) * _GIB + draw.randint(1, _GIB)
        space = {
            "total": int(total * 1.05),
            "used": int(total * used),
            "available": total - int(total * used),
            "inodes": 6_553_600,
            "inodes_free": int(6_553_600 * (1 - inodes)),
        }
        calls.append({"call": f"snapshot {json.dumps(['space', mount])}", "result": space})
    return calls


def _requests(spec: Spec) -> list[dict[str, object]]:
    draw = random.Random(f"{spec.name} requests")
    calls: list[dict[str, object]] = []
    for address in spec.addresses:
        ask = Ask(url=_url(address), timeout_s=5.0, max_bytes=_MAX_BYTES).model_dump(mode="json")
        key = f"http {json.dumps(ask, sort_keys=True, ensure_ascii=False)}"
        for index in range(100):
            calls.append({"call": key, "result": _exchange(address, draw, first=index == 0)})
    return calls


def _exchange(address: Address, draw: random.Random, *, first: bool) -> dict[str, object]:
    """One request: log-normal around the median, every twelfth in the tail."""
    body = address.median_ms * draw.lognormvariate(0, 0.12)
    if draw.random() < 1 / 12:
        body = address.median_ms * address.tail * draw.uniform(0.8, 1.2)
    timings = {"dns": 1.7, "connect": 4.3, "tls": 9.1, "first_byte": round(body * 0.9, 2), "body": round(body * 0.1, 2)}
    failed = draw.random() < address.failing and not (first and address.failing < 1)
    certificate = {
        "trusted": True,
        "not_after_epoch_s": _EPOCH_S + address.days_left * 86_400,
        "names": ["shop.example"],
    }
    return {
        "url": _url(address),
        "final_url": _url(address),
        "status": None if failed else 200,
        "failure": "timeout" if failed else None,
        "detail": "no answer in 5 s" if failed else "",
        "body_bytes": 0 if failed else 1_873,
        "tls_version": "TLSv1.3",
        "certificate": certificate,
        "timings": {**timings, "total": round(15.1 + body, 2)},
    }
