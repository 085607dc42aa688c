"""Run restore drills of declared backups and write each into the ledger. The caller has asked and was told yes."""

from contextlib import closing
from datetime import UTC, datetime

from infra_maintainer.drill.ledger import NAME
from infra_maintainer.drill.process import StopSignal
from infra_maintainer.drill.record import DrillRecord, Issue
from infra_maintainer.drill.run import run_drill
from infra_maintainer.drill.target import Limits, Target
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.system.backup import Backup
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.world.world import World

LEFT_FOR_THE_REPORT_S = 30.0


def chosen(system: System, names: list[str]) -> list[Backup]:
    """The declared backups of these names. Raises ValueError for one that is not declared, with those that are."""
    declared = {backup.name: backup for backup in system.backup}
    unknown = [name for name in names if name not in declared]
    if unknown:
        known = ", ".join(sorted(declared)) or "none; declare [[backup]] in infra.toml"
        raise ValueError(f"no backup {unknown[0]!r} is declared. Declared backups: {known}")
    return [declared[name] for name in dict.fromkeys(names)]


def drill_backups(
    kit: Kit,
    world: World,
    names: list[str],
    progress: Progress | None = None,
    *,
    canary: bool = False,
    target_time: datetime | None = None,
) -> tuple[DrillRecord, ...]:
    """Drill one after the other; a cancel ends the running one and starts no other.

    Raises ValueError for an undeclared name, a drill in a recorded world, or a moment without a physical backup.
    """
    backups = chosen(kit.system, names)
    if not backups:
        return ()
    if kit.replays:
        raise ValueError("a recorded world has no repositories to restore from; drill on the live machine")
    if target_time is not None and any(backup.kind != "pgbackrest" for backup in backups):
        raise ValueError("a moment in time can only be restored from a pgBackRest backup")
    stop = StopSignal()
    records: list[DrillRecord] = []
    with closing(stop), world.deadline.watched(stop.set):
        for backup in backups:
            if world.deadline.cancelled:
                break
            target, limits = target_of(backup, canary, target_time), limits_of(kit.system, world)
            record = run_drill(target, limits, stop, _named(backup.name, progress))
            records.append(_recorded(record, kit))
    return tuple(records)


def _recorded(record: DrillRecord, kit: Kit) -> DrillRecord:
    """The record, written down; or with an issue that says why not: what was restored is not thrown away for that."""
    if kit.store is None:
        return record
    try:
        kit.store.append(NAME, record.at, record.model_dump_json())
    except StoreError as error:
        lost = Issue(code="not-recorded", detail=str(error))
        return record.model_copy(update={"issues": (*record.issues, lost)})
    return record


def moment_of(text: str) -> datetime:
    """A moment to restore to; one without a zone is UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as odd:
        raise ValueError(f"{text!r} is not a time such as 2026-11-24T14:30:00Z") from odd
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named(name: str, progress: Progress | None) -> Progress:
    return lambda phase: progress(f"drill {name}: {phase}") if progress else None


def target_of(backup: Backup, canary: bool = False, target_time: datetime | None = None) -> Target:
    """The declared backup as the drill takes it."""
    return Target(
        name=backup.name,
        kind=backup.kind,
        place=backup.place,
        protects=", ".join(backup.protects),
        password_file=backup.password_file,
        escrow_file=backup.escrow_file,
        keys_folder=backup.keys_folder,
        stanza=backup.stanza,
        database=backup.database,
        tables=tuple(backup.tables),
        newest=tuple(backup.newest),
        live=backup.live,
        rpo_seconds=backup.rpo_h * 3600 if backup.rpo_h else None,
        role=backup.role,
        target_time=target_time,
        canary=canary,
    )


def limits_of(system: System, world: World) -> Limits:
    """The declared limits, cut to what is left of the request's time."""
    left = max(1.0, world.deadline.remaining() - LEFT_FOR_THE_REPORT_S)
    return Limits(
        scratch=system.recovery.scratch,
        seconds=min(system.recovery.drill_limit_s, left),
        user=system.recovery.user,
        postgres_bin=system.recovery.postgres_bin,
    )
