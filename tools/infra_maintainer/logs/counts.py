"""Counts of hits: small files, whatever the size of the log. A group may have a row in each of them."""

import os
from pathlib import Path
from typing import NamedTuple

import polars as pl

from infra_maintainer.logs.classes import HEALTH, STATIC
from infra_maintainer.logs.hits import SCHEMA, UNTIMED, USER, without_nobodys
from infra_maintainer.logs.wanted import Wanted

_COUNTS = {"n": pl.len().cast(pl.Int64), "failed": pl.col("failure").count().cast(pl.Int64)}
# By their route no requests of users; a rare protocol may still stand behind it, its number folded like an id.
_ASIDE = "|".join(rf"{each.removesuffix('$')}(?: HTTP/\S*)?$" for each in (STATIC, HEALTH))
_SEED, _ODD = int.from_bytes(os.urandom(7)), 0x9E3779B97F4A7C15


class _Table(NamedTuple):
    keys: tuple[str, ...]
    sums: dict[str, pl.Expr]


_N = {"n": _COUNTS["n"]}
_TABLES: dict[str, _Table] = {
    "tally": _Table(
        ("route", "status", "failure", "agent", "tries", "us"), _N | {"upstream_us": pl.col("upstream_us").sum()}
    ),
    "moments": _Table(("moment",), _COUNTS),
    "failed": _Table(("route", "client", "moment"), _N),
    "upstreams": _Table(("upstream", "attempts", "status", "upstream_us", "agent"), _N),
}
_PACES = _Table(("route", "moment", "over"), _COUNTS)
# Groups of several batches wait to become one of each, but not where a batch has so many that they are all different.
_MOST_WAITING = 60_000
_FEW = 20_000

# Lines stand in the order of their answers, and some formats tell when a request began: the first and the last moment
# of a batch are among so many lines at its ends.
_OUT_OF_ORDER = 1000

# Most clients come in every batch, and their rows are small: many batches together cost half.
_OF_CLIENT = _COUNTS | {"not_found": (pl.col("status") == 404).sum().cast(pl.Int64)}
_CLIENT_ROWS = 1_000_000


class Counts:
    """Batches of hits, counted into Parquet files in a folder; `name` tells them from those of others there."""

    def __init__(self, folder: Path, name: str, wanted: Wanted) -> None:
        self._folder, self._name, self._files, self._wanted = folder, name, 0, wanted
        self._tables = _TABLES | ({"paces": _PACES} if wanted.by_minute else {})
        self._waiting: dict[str, list[pl.DataFrame]] = {table: [] for table in self._tables}
        self._clients: list[pl.DataFrame] = []
        self._ends: list[pl.Series] = []

    def add(self, batch: list[pl.DataFrame]) -> None:
        """Count the hits of one batch, and empty it: they are copied once, and should not stand in memory twice."""
        hits = pl.concat([pl.DataFrame(schema=SCHEMA), *batch])
        hits = hits.with_columns(us=pl.when(pl.col("us") != UNTIMED).then(pl.col("us")))
        batch.clear()
        moments = hits["moment"]
        self._ends += [moments.head(_OUT_OF_ORDER).unique() + "", moments.tail(_OUT_OF_ORDER).unique() + ""]
        hits = without_nobodys(hits)
        of_user = hits["agent"] <= USER
        users = hits.select("status", "failure", "client").filter(of_user)
        failed = hits.select("route", "client", "moment").filter(of_user & hits["failure"].is_not_null())
        routes = self._count("tally", hits)["route"].unique()  # far fewer than hits: the pattern is dear
        aside = routes.filter(routes.str.contains(_ASIDE))
        asked = hits.select("moment", "failure").filter(of_user & ~hits["route"].is_in(aside.implode()))
        for table, rows in (("moments", asked), ("failed", failed), ("upstreams", hits)):
            self._count(table, rows)
        if self._wanted.by_minute:
            self._count("paces", self._paced(hits.select("route", "moment", "us", "failure").filter(of_user)))
        self._clients.append(users.select("client", "failure", "status"))
        if sum(map(len, self._clients)) >= _CLIENT_ROWS:
            self._count_clients()

    def finish(self) -> None:
        """Write the counts that wait for more of their kind."""
        for table in self._tables:
            self._merge(table)
        self._count_clients()
        ends = pl.concat([pl.Series(dtype=pl.String), *self._ends]).unique()
        self._write("ends", pl.DataFrame({"moment": ends}))

    def _paced(self, users: pl.DataFrame) -> pl.DataFrame:
        """Hits of wanted routes; `over` is how many of the limits an answer took longer than."""
        names = pl.DataFrame({"route": self._wanted.of(users["route"].unique())}, schema={"route": pl.String})
        found = users.join(names, on="route", how="semi")
        over = [(pl.col("us") > limit).fill_null(False) for limit in self._wanted.limits_us]
        return found.with_columns(over=pl.sum_horizontal(pl.lit(0, pl.Int64), *over))

    def _count(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The groups of these rows, which will be written."""
        shape, waiting = self._tables[table], self._waiting[table]
        groups = _grouped(rows.with_columns(hash=_hash(shape.keys)), shape, shape.sums)
        if len(groups) > _FEW:
            self._write(table, groups)
            return groups
        # A text of a group lies among the texts of all hits, which a copy lets go.
        waiting.append(groups.with_columns(pl.col(pl.String) + ""))
        if sum(map(len, waiting)) > _MOST_WAITING:
            self._merge(table)
        return groups

    def _merge(self, table: str) -> None:
        shape, waiting = self._tables[table], self._waiting[table]
        if waiting:
            self._write(table, _grouped(pl.concat(waiting), shape, {name: pl.col(name).sum() for name in shape.sums}))
            waiting.clear()

    def _count_clients(self) -> None:
        if self._clients:
            # The streaming engine keeps no list of the rows of each group: half the time where groups are many.
            rows = pl.concat(self._clients).lazy()
            self._write("clients", rows.group_by("client").agg(**_OF_CLIENT).collect(engine="streaming"))
            self._clients = []

    def _write(self, table: str, groups: pl.DataFrame) -> None:
        self._files += 1
        path = self._folder / f"{table}-{self._name}-{self._files}.parquet"
        groups.drop("hash", strict=False).write_parquet(path, compression="lz4", statistics=False)


def _grouped(rows: pl.DataFrame, shape: _Table, sums: dict[str, pl.Expr]) -> pl.DataFrame:
    """Rows of one hash become one."""
    return rows.group_by("hash").agg(*(pl.col(key).first() for key in shape.keys), **sums)


def _hash(keys: tuple[str, ...]) -> pl.Expr:
    """One number for all keys: grouping on it takes half the time. 64 bits with a seed of this process: 200,000 groups
    meet two of the same number once in a thousand million batches."""
    found = pl.col(keys[0]).hash(_SEED)
    for number, key in enumerate(keys[1:], start=1):
        found = found * _ODD + pl.col(key).hash(_SEED + number)
    return found
