"""Whether what came back is what was there: tables, rows, hashes, constraints, indexes, newest rows."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.drill.catalogue import live_tables
from infra_maintainer.drill.cluster import Cluster
from infra_maintainer.drill.formats.manifest import (
    OBJECTS,
    SAME_TEXT,
    TABLES,
    Manifest,
    TableContent,
    content_statement,
    newest_statement,
    quoted,
)
from infra_maintainer.drill.notes import Notes
from infra_maintainer.drill.record import Checked, Completeness
from infra_maintainer.drill.session import Session, SqlError
from infra_maintainer.drill.target import Target

DIFFERENCES = ("missing-tables", "missing-vs-manifest", "content-differs", "objects-missing", "nothing-restored")
SHOWN = 5  # names listed in one sentence


class Content(NamedTuple):
    """What the restored database holds. Hashes only where a manifest gives something to compare with."""

    tables: dict[str, int]
    hashes: dict[str, str]
    objects: dict[str, int]
    newest: dict[str, str | None]
    unvalidated_keys: int
    invalid_indexes: int


class Expected(NamedTuple):
    """What should be there, from the operator, the manifest and the living catalogue."""

    tables: tuple[str, ...]
    newest: tuple[str, ...]
    manifest: Manifest | None
    live_tables: tuple[str, ...] | None


def validate(
    cluster: Cluster, database: str, target: Target, manifest: Manifest | None, notes: Notes, *, physical: bool = False
) -> None:
    """Compare everything that can be compared; each check and each fault goes into `notes`."""
    live = live_tables(cluster.programs, cluster.program("psql"), target.live, notes) if target.live else None
    expected = Expected(target.tables, target.newest, manifest, live)
    try:
        with cluster.session(database) as session:
            content = read_content(session, expected)
    except SqlError as damaged:
        notes.checked(Checked(name="content", outcome="failed", says=str(damaged)[:200], code="content-unreadable"))
        return
    notes.rows |= content.tables
    notes.newest |= content.newest
    checks = list(compare(content, expected))
    for check in checks:
        notes.checked(check)
    notes.checked(amcheck(cluster, database))
    notes.completeness = completeness(checks, manifest, physical)


def completeness(checks: list[Checked], manifest: Manifest | None, physical: bool) -> Completeness:
    """Exact only against a manifest: without one, rows are plausible at best.

    A physical restore compares every file with the checksum taken when it was copied.
    """
    if any(check.code in DIFFERENCES for check in checks):
        return "differs"
    if physical:
        return "every file by its checksum"
    return "plausible, not proven" if manifest is None else "exact"


def read_content(session: Session, expected: Expected) -> Content:
    """Ask the restored server. Raises SqlError when even that fails (a damaged page, for one)."""
    session.ask(SAME_TEXT)
    names: list[list[str]] = json.loads(session.ask(TABLES) or "null") or []
    rows: dict[str, int] = {}
    hashes: dict[str, str] = {}
    for schema, table in names:
        if expected.manifest is None:
            rows[f"{schema}.{table}"] = int(session.ask(f"select count(*) from only {quoted(schema)}.{quoted(table)}"))
            continue
        content = TableContent.model_validate_json(session.ask(content_statement(schema, table)))
        rows[f"{schema}.{table}"], hashes[f"{schema}.{table}"] = content.rows, content.hash
    columns = set(expected.newest) | set(expected.manifest.newest if expected.manifest else ())
    present = {f"{schema}.{table}" for schema, table in names}
    newest = {column: _newest(session, column) for column in sorted(columns) if column.rpartition(".")[0] in present}
    return Content(
        tables=rows,
        hashes=hashes,
        objects=json.loads(session.ask(OBJECTS)),
        newest=newest,
        unvalidated_keys=int(
            session.ask("select count(*) from pg_constraint where contype = 'f' and not convalidated")
        ),
        invalid_indexes=int(session.ask("select count(*) from pg_index where not indisvalid")),
    )


def compare(content: Content, expected: Expected) -> Iterator[Checked]:
    """Every comparison that could be made, and by name every one that could not."""
    yield _present("required tables", expected.tables, content, "missing-tables", "no table is named as required")
    yield from _against_manifest(content, expected.manifest)
    if expected.live_tables is None:
        yield Checked(name="living catalogue", outcome="not_done", says="no `live` connection is declared")
    else:
        yield _present(
            "living catalogue", expected.live_tables, content, "live-table-not-in-backup", "it has no tables"
        )
    if not content.tables:
        yield Checked(
            name="any table", outcome="failed", says="the restored database has no tables", code="nothing-restored"
        )
    yield _none(
        "foreign keys validated", content.unvalidated_keys, "foreign keys are not validated", "constraints-not-valid"
    )
    yield _none("indexes valid", content.invalid_indexes, "indexes are not valid", "indexes-not-valid")


def amcheck(cluster: Cluster, database: str) -> Checked:
    """Heap and indexes page by page with pg_amcheck, when it is installed beside the server."""
    if not (cluster.bin / "pg_amcheck").is_file():
        return Checked(name="pages", outcome="not_done", says="pg_amcheck is not installed")
    argv = [cluster.program("pg_amcheck"), "--install-missing", "--heapallindexed", "-j", "2", *cluster.where()]
    ended = cluster.programs.run([*argv, "--", database], as_account=True)
    if "amcheck" in ended.err and "not available" in ended.err:
        return Checked(name="pages", outcome="not_done", says="the extension amcheck is not installed")
    if ended.code == 0 and not ended.out.strip():
        return Checked(name="pages", outcome="passed", says="pg_amcheck found no fault in heaps and indexes")
    said = " ".join((ended.out + ended.err).split())[:200]
    return Checked(name="pages", outcome="failed", says=said, code="pages-damaged")


def _against_manifest(content: Content, manifest: Manifest | None) -> Iterator[Checked]:
    if manifest is None:
        yield Checked(
            name="manifest", outcome="not_done", says="no manifest in the copy: complete is plausible, not proven"
        )
        return
    yield _present(
        "tables of the manifest", tuple(manifest.tables), content, "missing-vs-manifest", "it names no tables"
    )
    differing = [
        name
        for name, was in sorted(manifest.tables.items())
        if name in content.tables and (content.tables[name], content.hashes.get(name)) != (was.rows, was.hash)
    ]
    total = sum(was.rows for was in manifest.tables.values())
    says = (
        f"rows or hashes differ: {_some(differing)}"
        if differing
        else (f"{len(manifest.tables)} tables, {total} rows: counts and hashes are equal")
    )
    yield Checked(
        name="content",
        outcome="failed" if differing else "passed",
        says=says,
        code="content-differs" if differing else None,
    )
    fewer = {
        name: (count, content.objects.get(name, 0))
        for name, count in manifest.objects.items()
        if content.objects.get(name, 0) < count
    }
    lost = ", ".join(f"{name} {now} of {was}" for name, (was, now) in sorted(fewer.items()))
    yield Checked(
        name="views, indexes, keys, triggers, functions",
        outcome="failed" if fewer else "passed",
        says=f"fewer than at backup time: {lost}" if fewer else "as many as at backup time",
        code="objects-missing" if fewer else None,
    )


def _present(name: str, wanted: tuple[str, ...], content: Content, code: str, nothing: str) -> Checked:
    if not wanted:
        return Checked(name=name, outcome="not_done", says=nothing)
    absent = sorted(set(wanted) - set(content.tables))
    if absent:
        return Checked(name=name, outcome="failed", says=f"absent: {_some(absent)}", code=code)
    return Checked(name=name, outcome="passed", says=f"all {len(wanted)} are there")


def _none(name: str, count: int, says: str, code: str) -> Checked:
    if count:
        return Checked(name=name, outcome="failed", says=says, code=code)
    return Checked(name=name, outcome="passed", says=f"0 {says}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" and more" if len(names) > SHOWN else "")


def _newest(session: Session, column: str) -> str | None:
    value = json.loads(session.ask(newest_statement(column)) or "null")
    return None if value is None else str(value)
