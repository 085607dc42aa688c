"""A real PostgreSQL on loopback and a private socket, as an unprivileged account when the tests run as root.

with postgres({"shared_preload_libraries": "pg_stat_statements"}) as server:
    server.sql("CREATE TABLE t (a int)")
    psycopg.connect(server.dsn())
"""

import os
import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.needs import needs
from tests.services.program import answers, free_port, running, scratch, unprivileged

_INSTALLED = "/usr/lib/postgresql"
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_senders": "4",
    "wal_level": "logical",
}


def postgres_program(name: str) -> str:
    """The path of one of PostgreSQL's programs, of the newest version installed. Skips, or fails in CI, without it."""
    versions = sorted(Path(_INSTALLED).glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    for folder in versions:
        if (folder / name).exists():
            return str(folder / name)
    return needs(name, "postgresql")


class Postgres(NamedTuple):
    """A running server: superuser `postgres` with no password, trust on loopback."""

    port: int
    folder: Path

    def dsn(self, user: str = "postgres", database: str = "postgres") -> str:
        """A connection string over loopback TCP."""
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run statements as superuser through psql, an independent client; its unaligned output."""
        argv = [
            postgres_program("psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            self.dsn(database=database),
        ]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def postgres(settings: Mapping[str, str] | None = None) -> Generator[Postgres]:
    """A fresh server with these settings."""
    owner = unprivileged()
    with scratch("pg", owner) as folder:
        _initdb(folder / "data", owner)
        with _serving(folder, owner, settings or {}) as server:
            yield server


@contextmanager
def standby(primary: Postgres, slot: str, settings: Mapping[str, str] | None = None) -> Generator[Postgres]:
    """A streaming replica of a running server, reading from a slot that is made for it and stays after it."""
    owner = unprivileged()
    with scratch("pgs", owner) as folder:
        argv = [
            postgres_program("pg_basebackup"), "-d", primary.dsn(), "-D", str(folder / "data"), "-R", "-X", "stream",
            "-C", "-S", slot, "--checkpoint=fast", "--no-sync",
        ]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, user=owner, cwd=folder)
        assert done.returncode == 0, done.stderr
        with _serving(folder, owner, settings or {}) as server:
            yield server


@contextmanager
def _serving(folder: Path, owner: str | None, settings: Mapping[str, str]) -> Generator[Postgres]:
    port = free_port()
    values = {
        **_FAST,
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        **settings,
    }
    argv = [postgres_program("postgres"), "-D", str(folder / "data")]
    for name, value in values.items():
        argv += ["-c", f"{name}={value}"]
    server = Postgres(port, folder)
    with running(argv, lambda: _accepts(server), folder, owner):
        yield server


def _initdb(data: Path, owner: str | None) -> None:
    argv = [
        postgres_program("initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, user=owner, cwd=data.parent)
    if done.returncode != 0:
        pytest.fail(f"initdb: {done.stderr}")


def _accepts(server: Postgres) -> bool:
    if not answers(server.port):
        return False
    argv = [postgres_program("psql"), "-X", "-c", "SELECT 1", server.dsn()]
    return subprocess.run(argv, capture_output=True, timeout=20).returncode == 0


def as_owner(path: Path) -> None:
    """Give a file to the account that the server runs as, when that is not ours."""
    owner = unprivileged()
    if owner is not None and os.geteuid() == 0:
        shutil.chown(path, owner)
