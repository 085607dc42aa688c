"""Counts of hits: small files, whatever the size of the log. A group has a row in each batch that it is in."""

import os
from pathlib import Path
from typing import Literal, NamedTuple

import polars as pl

from infra_maintainer.logs.hits import SCHEMA, UNTIMED
from infra_maintainer.logs.wanted import Wanted

_COUNT, _FAILED = pl.len().alias("n"), pl.col("failure").count().alias("failed")
_SEED, _ODD = int.from_bytes(os.urandom(7)), 0x9E3779B97F4A7C15


class _Table(NamedTuple):
    keys: tuple[str, ...]
    sums: tuple[pl.Expr, ...]
    rows: Literal["all", "users", "failed"] = "all"


_TABLES: dict[str, _Table] = {
    "tally": _Table(("route", "status", "failure", "agent", "tries", "us"), (_COUNT, pl.col("upstream_us").sum())),
    "moments": _Table(("moment",), (_COUNT, _FAILED), "users"),
    "failed": _Table(("route", "client", "moment"), (_COUNT,), "failed"),
    "upstreams": _Table(("upstream", "attempts", "status", "upstream_us"), (_COUNT,)),
}


# Most clients come in every batch, and their rows are small: many batches together cost half.
_OF_CLIENT = (_COUNT, _FAILED, (pl.col("status") == 404).sum().alias("not_found"))
_CLIENT_ROWS = 1_000_000
_PACES = _Table(("route", "moment", "over"), (_COUNT, _FAILED))


class Counts:
    """Batches of hits, counted into Parquet files in a folder; `name` tells them from those of others there."""

    def __init__(self, folder: Path, name: str, wanted: Wanted) -> None:
        self._folder, self._name, self._files, self._wanted = folder, name, 0, wanted
        self._clients: list[pl.DataFrame] = []

    def add(self, batch: list[pl.DataFrame]) -> None:
        """Count the hits of one batch, and empty it: they are copied once, and should not stand in memory twice."""
        hits = pl.concat([pl.DataFrame(schema=SCHEMA), *batch])
        hits = hits.with_columns(us=pl.when(pl.col("us") != UNTIMED).then(pl.col("us")))
        batch.clear()
        of_user = hits["agent"] == 0
        users = hits.select("status", "failure", "client", "moment").filter(of_user)
        failed = hits.select("route", "client", "moment").filter(of_user & hits["failure"].is_not_null())
        rows = {"all": hits, "users": users, "failed": failed}
        for table, shape in _TABLES.items():
            self._write(table, _counted(shape, rows[shape.rows]))
        if self._wanted.by_minute:
            paced = self._paced(hits.select("route", "moment", "us", "failure").filter(of_user))
            self._write("paces", _counted(_PACES, paced))
        self._clients.append(users.select("client", "failure", "status"))
        if sum(map(len, self._clients)) >= _CLIENT_ROWS:
            self.finish()

    def finish(self) -> None:
        """Count the clients of the batches so far."""
        if self._clients:
            # The streaming engine keeps no list of the rows of each group: half the time where groups are many.
            rows = pl.concat(self._clients).lazy()
            self._write("clients", rows.group_by("client").agg(_OF_CLIENT).collect(engine="streaming"))
            self._clients = []

    def _paced(self, users: pl.DataFrame) -> pl.DataFrame:
        """Hits of wanted routes; `over` is how many of the limits an answer took longer than."""
        names = pl.DataFrame({"route": self._wanted.of(users["route"].unique())}, schema={"route": pl.String})
        found = users.join(names, on="route", how="semi")
        over = [(pl.col("us") > limit).fill_null(False) for limit in self._wanted.limits_us]
        return found.with_columns(over=pl.sum_horizontal(pl.lit(0, pl.Int64), *over))

    def _write(self, table: str, counted: pl.DataFrame) -> None:
        self._files += 1
        path = self._folder / f"{table}-{self._name}-{self._files}.parquet"
        counted.write_parquet(path, compression="lz4", statistics=False)


def _counted(table: _Table, rows: pl.DataFrame) -> pl.DataFrame:
    keys = [pl.col(key).first() for key in table.keys]
    return rows.with_columns(hash=_hash(table.keys)).group_by("hash").agg(*keys, *table.sums).drop("hash")


def _hash(keys: tuple[str, ...]) -> pl.Expr:
    """One number for all keys: grouping on it takes half the time. 64 bits with a seed of this process: a batch of
    250,000 hits with 50,000 groups meets two of the same number once in ten thousand million batches."""
    found = pl.col(keys[0]).hash(_SEED)
    for number, key in enumerate(keys[1:], start=1):
        found = found * _ODD + pl.col(key).hash(_SEED + number)
    return found
