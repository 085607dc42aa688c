"""The same questions where the bill already lies: real PostgreSQL and the real ClickHouse engine against DuckDB."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psycopg
import pytest

from infra_maintainer.bills.audit import Audit, run_audit
from infra_maintainer.bills.duckdb_bill import open_files
from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.warehouse import open_clickhouse, open_postgres
from tests.costs.clickhouse_server import ClickHouse, serve_clickhouse
from tests.costs.focus_files import toolkit_file, write_csv
from tests.services.postgres import Postgres, postgres


class Held(NamedTuple):
    """One bill held by three engines, and what DuckDB says of it."""

    expected: Audit
    postgres: Postgres
    clickhouse_url: str


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """A 1.3 bill with untagged, wrongly tagged and owned rows, loaded into PostgreSQL (typed) and ClickHouse (text)."""
    folder = tmp_path_factory.mktemp("held")
    path = toolkit_file(folder, "1.3")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    tags = ["", "{}", '{"team": "shop"}', '{"team": ""}', '{"other": "1"}']
    for row in rows:
        row["Tags"] = tags[len(row["ResourceId"]) % 5]
    names = list(rows[0])
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    with open_files(str(path)) as bill:
        expected = run_audit(bill, top=10_000)
    engine = ClickHouse(folder / "clickhouse")
    with postgres() as server, serve_clickhouse(engine) as url:
        _fill_postgres(server, path, names)
        columns = ", ".join(f'"{name}" Nullable(String)' for name in names)
        engine.query("CREATE DATABASE bills")
        engine.query(f"CREATE TABLE bills.focus ({columns}) ENGINE = MergeTree ORDER BY tuple()")
        engine.query(f"INSERT INTO bills.focus SELECT * FROM file('{path}', 'CSVWithNames')")
        yield Held(expected, server, url)
    engine.close()


def _fill_postgres(server: Postgres, path: Path, names: list[str]) -> None:
    kinds = {"BilledCost": "numeric", "EffectiveCost": "double precision", "ChargePeriodStart": "timestamptz"}
    columns = ", ".join(f'"{name}" {kinds.get(name, "jsonb" if name == "Tags" else "text")}' for name in names)
    server.sql(
        f"CREATE SCHEMA bills; CREATE TABLE bills.focus ({columns}); CREATE ROLE reader LOGIN;"
        " CREATE ROLE stranger LOGIN; GRANT USAGE ON SCHEMA bills TO reader, stranger;"
        " GRANT SELECT ON bills.focus TO reader"
    )
    with psycopg.connect(server.dsn()) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY bills.focus FROM STDIN (FORMAT csv, HEADER true, NULL '')") as copy:
            copy.write(path.read_bytes())


def fetch_from(url: str) -> Callable[[Mapping[str, str]], Any]:
    """ClickHouse's HTTP interface, by another client than the product's."""

    def fetch(parameters: Mapping[str, str]) -> Any:
        answer = httpx2.get(url, params=dict(parameters))
        if answer.status_code != 200:
            raise BillError("error", answer.text[:300], "look at the server")
        return json.loads(answer.content)

    return fetch


def comparable(audit: Audit) -> dict[str, list[tuple[Any, ...]]]:
    """Each question's rows with sums to the cent, ordered by what identifies them."""

    def rounded(rows: list[Any]) -> list[tuple[Any, ...]]:
        return sorted(
            (tuple(round(each, 2) if isinstance(each, float) else each for each in row) for row in rows), key=repr
        )

    return {name: rounded(getattr(audit, name)) for name in ("daily", "tags", "resources", "commitments")}


def test_postgresql_answers_every_question_as_duckdb_does(held: Held) -> None:
    """An ordinary role with SELECT only; jsonb tags, numeric and timestamptz columns."""
    with open_postgres(held.postgres.dsn("reader"), "bills.focus") as bill:
        audit = run_audit(bill, top=10_000)
    assert comparable(audit) == comparable(held.expected)


def test_clickhouse_answers_every_question_as_duckdb_does(held: Held) -> None:
    """All columns nullable text; untagged and other keys are two groups, not three."""
    audit = run_audit(open_clickhouse("bills.focus", fetch_from(held.clickhouse_url)), top=10_000)
    assert comparable(audit) == comparable(held.expected)
    assert {row.state for row in audit.tags} == {"none", "empty", "owned", "other_keys"}


def test_a_denied_table_is_denied_and_names_the_grant(held: Held) -> None:
    """A role that may log in and read nothing."""
    with pytest.raises(BillError) as refused, open_postgres(held.postgres.dsn("stranger"), "bills.focus") as bill:
        bill.ask("daily")
    assert refused.value.why == "denied"
    assert "bills.focus" in refused.value.how


def test_an_absent_table_and_an_absent_server_are_told_apart() -> None:
    """Nothing listens on the port."""
    with pytest.raises(BillError) as refused, open_postgres("host=127.0.0.1 port=1 user=x dbname=x", "t"):
        raise AssertionError("connected")
    assert refused.value.why == "unreachable"


@pytest.mark.parametrize("table", ['focus"; DROP TABLE x; --', "a.b.c.d", "", "a b"])
def test_a_table_name_is_a_plain_name_or_refused(table: str) -> None:
    """The declared name is never spliced unchecked into a statement."""
    with pytest.raises(BillError):
        open_clickhouse(table, fetch_from("http://127.0.0.1:1"))


def test_reading_a_warehouse_writes_nothing(held: Held) -> None:
    """The transaction is read-only: even a role that could write does not."""
    with open_postgres(held.postgres.dsn("postgres"), "bills.focus") as bill, pytest.raises(BillError) as refused:
        bill._execute("DELETE FROM bills.focus", {})  # pyright: ignore[reportPrivateUsage]  # the lock itself
    assert "read-only" in refused.value.detail


def test_postgresql_reads_rows_written_by_hand(held: Held, tmp_path: Path) -> None:
    """A lower-case table with a 1.0 header, as dbt models write it."""
    path = write_csv(tmp_path / "bill.csv", [{"BilledCost": "2"}, {"BilledCost": "3"}])
    names = path.read_text().splitlines()[0].lower().split(",")
    held.postgres.sql("CREATE TABLE public.small (" + ", ".join(f"{name} text" for name in names) + ")")
    with psycopg.connect(held.postgres.dsn()) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY public.small FROM STDIN (FORMAT csv, HEADER true)") as copy:
            copy.write(path.read_bytes())
    with open_postgres(held.postgres.dsn(), "public.small") as bill:
        audit = run_audit(bill)
    assert sum(row.billed for row in audit.daily) == 5
