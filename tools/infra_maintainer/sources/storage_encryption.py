"""Encryption at rest of declared data, backups and swap, through the stack of block devices beneath them."""

from collections.abc import Iterator

from infra_maintainer.sources.baseline.block_stack import (
    AtRest,
    judge_path,
    layers,
    open_key_files,
    parse_mount,
)
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup
from infra_maintainer.world.failure import WorldError


@source(
    title="encryption at rest of data and swap",
    jobs=("security",),
    quantities=("storage.encrypted", "swap.encrypted"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each sensitive path, or the root when none is declared; then the places of backups, then swap."""
    declared = [*survey.system.security.sensitive_paths, *(b.data_path for b in survey.system.backup if b.data_path)]
    for path in dict.fromkeys(declared or ["/"]):
        yield from _answer(survey, "storage.encrypted", f"path:{path}", path)
    for backup in survey.system.backup:
        yield from _backup(survey, backup)
    yield from _swap(survey)


def _backup(survey: Survey, backup: Backup) -> Iterator[AnyEvidence]:
    if backup.kind == "restic":
        says = "a restic repository cannot be made without encryption"
        yield survey.measured("storage.encrypted", True, subject=backup.subject, source="declared kind", quote=says)
    elif backup.place.startswith("/"):
        yield from _answer(survey, "storage.encrypted", backup.subject, backup.place)
    else:
        detail, how = (
            f"{backup.place} lies on another machine",
            "run infra-maintainer security there, or ask its provider",
        )
        yield survey.missing("storage.encrypted", "no_data", detail, how, subject=backup.subject, source="infra.toml")


def _answer(survey: Survey, quantity: str, subject: str, path: str) -> Iterator[AnyEvidence]:
    origin = "findmnt and lsblk -s"
    try:
        found = _look(survey, path)
    except WorldError as error:
        yield survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source=origin)
        return
    if found.encrypted == "not stored":
        says = f"{path} is {found.layer}: in memory, not on a disk"
        yield survey.missing(quantity, "not_supported", says, "nothing to do", subject=subject, source=origin)
    elif found.encrypted == "unknown":
        says = f"no layer of encryption is visible under {path} ({found.layer}); the one below may encrypt"
        yield survey.missing(quantity, "no_data", says, found.ask, subject=subject, source=origin)
    else:
        yield survey.measured(quantity, found.encrypted == "yes", subject=subject, source=origin, quote=found.layer)


def _look(survey: Survey, path: str) -> AtRest:
    host = survey.world.host
    mount = host.run("mount_with_type", path)
    try:
        device, kind = parse_mount(mount.stdout or "{}")
    except ValueError as error:
        raise WorldError("not_supported", f"{path}: {error}", "declare an existing folder") from error
    if kind == "zfs":
        answer = host.run("zfs_encryption", device).stdout.strip()
        return AtRest(
            "no" if answer == "off" else "yes" if answer else "unknown", f"zfs, encryption {answer}", "zfs get"
        )
    return _device(survey, device, kind)


def _device(survey: Survey, device: str, kind: str) -> AtRest:
    try:
        stack = (
            layers(survey.world.host.run("block_devices_below", device).stdout or "{}")
            if device.startswith("/dev/")
            else []
        )
    except ValueError:
        stack = []
    try:
        virtualisation: str | None = survey.world.host.run("virtualisation").stdout.strip() or None
    except WorldError as error:
        if error.why != "not_supported":
            raise
        virtualisation = None
    return judge_path(device, kind, stack, virtualisation)


def _swap(survey: Survey) -> Iterator[AnyEvidence]:
    devices = [line.split()[0] for line in survey.world.host.read("/proc/swaps").splitlines()[1:] if line.strip()]
    devices = [device for device in devices if not device.startswith("/dev/zram")]
    if not devices:
        detail = "no swap on a disk"
        yield survey.missing("swap.encrypted", "not_supported", detail, "nothing to do", source="/proc/swaps")
    for device in devices:
        subject = f"swap:{device}"
        if not device.startswith("/dev/"):
            yield from _answer(survey, "swap.encrypted", subject, device)
            continue
        found = _device(survey, device, "swap")
        if found.encrypted == "unknown":
            detail = f"no layer of encryption is visible under {device}"
            yield survey.missing("swap.encrypted", "no_data", detail, found.ask, subject=subject, source="lsblk -s")
        else:
            answer = found.encrypted == "yes"
            yield survey.measured("swap.encrypted", answer, subject=subject, source="lsblk -s", quote=found.layer)
    yield from _keys(survey)


def _keys(survey: Survey) -> Iterator[AnyEvidence]:
    """A key file on a disk in clear opens the lock it hangs on: then the encrypted device is as good as open."""
    try:
        files = open_key_files(survey.world.host.read("/etc/crypttab"))
    except WorldError:
        return
    for file in files:
        try:
            found = _look(survey, file)
        except WorldError:
            continue
        if found.encrypted == "no":
            origin = "/etc/crypttab"
            says = "key file on a disk in clear"
            yield survey.measured("storage.encrypted", False, subject=f"key_file:{file}", source=origin, quote=says)
