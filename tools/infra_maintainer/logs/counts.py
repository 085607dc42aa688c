"""Counts of hits: small frames per batch on disk, merged into tables in the end, whatever the size of the log."""

import random
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import polars as pl

from infra_maintainer.logs.hits import SCHEMA, UNTIMED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COUNT, _FAILED = pl.len().alias("n"), pl.col("failure").count().alias("failed")
_SEED, _ODD = random.getrandbits(60), 0x9E3779B97F4A7C15
# Requests keep a rare protocol until here, where it has to be taken off a few distinct texts only.
_ROUTE = "split_part(route, ' HTTP/', 1) AS route"


class _Table(NamedTuple):
    keys: tuple[str, ...]
    sums: tuple[pl.Expr, ...]
    rows: Literal["all", "users", "failed"] = "all"

    @property
    def counted(self) -> list[pl.Expr]:
        """Keys and sums of a group."""
        return [*(pl.col(key).first() for key in self.keys), *self.sums]


_TABLES: dict[str, _Table] = {
    "tally": _Table(("route", "status", "failure", "agent", "tries", "us"), (_COUNT, pl.col("upstream_us").sum())),
    "moments": _Table(("moment",), (_COUNT, _FAILED), "users"),
    "clients": _Table(("client",), (_COUNT, _FAILED, (pl.col("status") == 404).sum().alias("not_found")), "users"),
    "failed": _Table(("route", "client", "moment"), (_COUNT,), "failed"),
    "upstreams": _Table(("upstream", "attempts", "status", "upstream_us"), (_COUNT,)),
}


class Counts:
    """Batches of hits, counted into Parquet files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, number: int, batch: list[pl.DataFrame]) -> None:
        """Count the hits of one batch, whose number is its own."""
        hits = pl.concat([pl.DataFrame(schema=SCHEMA), *batch])
        hits = hits.with_columns(us=pl.when(pl.col("us") != UNTIMED).then(pl.col("us")))
        users = hits.select("route", "status", "failure", "client", "moment").filter(hits["agent"] == 0)
        rows = {"all": hits, "users": users, "failed": users.filter(users["failure"].is_not_null())}
        for name, table in _TABLES.items():
            counted = (
                rows[table.rows].with_columns(hash=_hash(table.keys)).group_by("hash").agg(table.counted).drop("hash")
            )
            counted.write_parquet(self._folder / f"{name}-{number}.parquet", compression="lz4", statistics=False)

    def tables(self, connection: "DuckDBPyConnection") -> None:
        """Give a database the counts of all batches: tally, moments, clients, failed, upstreams.

        A group has a row per batch that it is in, so that whoever asks sums them up.
        """
        for name, table in _TABLES.items():
            columns = f"* REPLACE ({_ROUTE})" if "route" in table.keys else "*"
            connection.execute(
                f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} "
                f"FROM read_parquet('{self._folder}/{name}-*.parquet')"
            )


def _hash(keys: tuple[str, ...]) -> pl.Expr:
    """One number for all keys: grouping on it takes half the time. 64 bits with a seed of this process: a batch of
    250,000 hits with 50,000 groups meets two of the same number once in ten thousand million batches."""
    found = pl.col(keys[0]).hash(_SEED)
    for number, key in enumerate(keys[1:], start=1):
        found = found * _ODD + pl.col(key).hash(_SEED + number)
    return found
