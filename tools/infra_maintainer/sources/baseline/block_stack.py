"""Whether what is stored under a path is encrypted on its way to the disk: the stack of block devices beneath it."""

import json
from typing import Any, Literal, NamedTuple

_ELSEWHERE = ("nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "virtiofs", "overlay", "glusterfs")


class AtRest(NamedTuple):
    """The answer and the layer that gives it; `ask` names who can answer when this host cannot."""

    encrypted: Literal["yes", "no", "unknown", "not stored"]
    layer: str
    ask: str


def parse_mount(text: str) -> tuple[str, str]:
    """Read `findmnt --json -T PATH -o SOURCE,FSTYPE`. Return the source and the file system type.

    Raise ValueError when findmnt printed no file system.
    """
    try:
        last: dict[str, Any] = json.loads(text)["filesystems"][-1]
        # A bind mount or a subvolume is written as /dev/vda1[/folder].
        return str(last["source"]).split("[", 1)[0], str(last["fstype"])
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError("findmnt found no file system") from error


def layers(text: str) -> list[tuple[str, str, str]]:
    """Read `lsblk -s --json -o NAME,TYPE,FSTYPE`: name, type and file system of the device and all it stands on.

    Raise ValueError when lsblk printed something else.
    """
    found: list[tuple[str, str, str]] = []
    try:
        waiting: list[dict[str, Any]] = list(json.loads(text).get("blockdevices", []))
        while waiting:
            device = waiting.pop(0)
            found.append((str(device.get("name")), str(device.get("type")), str(device.get("fstype"))))
            waiting += device.get("children", [])
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not the output of lsblk: {error}") from error
    return found


def judge_path(source: str, kind: str, stack: list[tuple[str, str, str]], virtualisation: str | None) -> AtRest:
    """Answer for one path. A virtual machine without a layer of its own is unknown: its provider may encrypt."""
    if kind in ("tmpfs", "ramfs"):
        return AtRest("not stored", kind, "")
    if kind == "ecryptfs" or kind.startswith("fuse.gocryptfs"):
        return AtRest("yes", kind, "")
    if kind.startswith("fuse") or kind in _ELSEWHERE:
        return AtRest("unknown", kind, f"whoever serves the {kind} file system {source}")
    if any(type_ == "crypt" or file_system == "crypto_LUKS" for _, type_, file_system in stack):
        return AtRest("yes", "dm-crypt", "")
    if not stack:
        return AtRest("unknown", source, f"what the device {source} stands on: lsblk did not say")
    names = " on ".join(name for name, _, _ in stack)
    if virtualisation is None:
        return AtRest("unknown", names, "whether this is a virtual machine: install systemd for systemd-detect-virt")
    if virtualisation != "none":
        return AtRest("unknown", names, provider_call(virtualisation))
    return AtRest("no", names, "")


def provider_call(virtualisation: str) -> str:
    """Name the provider's own call that tells whether a virtual disk is encrypted below what the machine can see."""
    calls = {
        "amazon": "aws ec2 describe-volumes, field Encrypted",
        "google": "gcloud compute disks describe, field diskEncryptionKey",
        "microsoft": "az disk show, field encryption.type",
    }
    known = "; ".join(calls.values())
    return calls.get(virtualisation, f"ask the provider of this virtual machine ({virtualisation}): {known}")


def open_key_files(crypttab: str) -> list[str]:
    """Return the key files that /etc/crypttab names: a key on a disk in clear opens the lock it hangs on."""
    rows = [line.split() for line in crypttab.splitlines() if line.strip() and not line.startswith("#")]
    return [row[2] for row in rows if len(row) >= 3 and row[2].startswith("/") and not row[2].startswith("/dev/")]
