"""The manifest written beside a dump at backup time: what makes "complete" provable after a restore."""

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

NAME = "manifest.json"
LIMIT = 20_000_000

# The text of a row depends on these settings, so the hash is only comparable under the same ones.
SAME_TEXT = (
    "set timezone='UTC'; set datestyle='ISO, MDY'; set intervalstyle='postgres'; set extra_float_digits=1; "
    "set bytea_output='hex'; set search_path=''; set lc_monetary='C'; set xmlbinary='base64'"
)
TABLES = (
    "select json_agg(json_build_array(n.nspname, c.relname) order by 1, 2) from pg_class c "
    "join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.relpersistence <> 't' "
    "and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (select from pg_depend d "
    "where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')"
)
OBJECTS = (
    "select json_build_object("
    "'views', (select count(*) from pg_class c where relkind in ('v', 'm') and {mine}), "
    "'sequences', (select count(*) from pg_class c where relkind = 'S' and {mine}), "
    "'indexes', (select count(*) from pg_class c where relkind in ('i', 'I') and {mine}), "
    "'partitioned_tables', (select count(*) from pg_class c where relkind = 'p' and {mine}), "
    "'foreign_keys', (select count(*) from pg_constraint where contype = 'f'), "
    "'triggers', (select count(*) from pg_trigger where not tgisinternal), "
    "'functions', (select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
    "where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'))"
).format(
    mine="c.relnamespace in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema') "
    "and c.relpersistence <> 't'"
)


class TableContent(BaseModel):
    """Rows of a table and the order-free sum of their hashes (the first 60 bits of md5 of each row's text)."""

    model_config = ConfigDict(frozen=True)

    rows: int
    hash: str


class Manifest(BaseModel):
    """What the database held in the very snapshot that the dump was made from."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    database: str
    taken_at: AwareDatetime
    server_version: str
    lsn: str | None
    dump: str
    dump_code: int
    dump_seconds: float
    bytes: int
    sha256: str
    tables: dict[str, TableContent]
    objects: dict[str, int]
    newest: dict[str, str | None]


def read_manifest(path: Path) -> Manifest:
    """Raises OSError, and ValueError when it is too large or not a manifest."""
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path.name} is larger than {LIMIT} bytes")
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as odd:
        raise ValueError(f"{path.name} is not a manifest: {odd.error_count()} faults") from odd


def content_statement(schema: str, table: str) -> str:
    """SQL for rows and hash of one table. The alias is long because a column of the same name would be taken for it."""
    row = "infra_maintainer_row"
    return (
        f"select json_build_object('rows', count(*), 'hash', coalesce(sum(('x' || substr(md5({row}::text), 1, 15))"
        f"::bit(60)::bigint), 0)::text) from only {quoted(schema)}.{quoted(table)} {row}"
    )


def newest_statement(column: str) -> str:
    """SQL for the newest value of `schema.table.column`. Raises ValueError for a name of another shape."""
    parts = column.split(".")
    if len(parts) != 3:
        raise ValueError(f"{column!r} is not schema.table.column")
    schema, table, name = map(quoted, parts)
    return f"select to_json(max({name})) from {schema}.{table}"


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
