"""What a restore drill costs over the bare commands that bring the same backup back by hand.

A PostgreSQL of its own is filled and backed up with restic; then the same copy is restored in turns, by hand (restic
restore, initdb, start, pg_restore, stop) and by the drill. Compared is the time to the data, from the fetch to the end
of pg_restore; listing, the check of the repository, validation and clearing up are the drill's own and shown beside it.
Content is compared too: the rows that the drill counted, with the rows of the living database.

    python bench/drill.py [--quick] [--rows N] [--rounds N]

Needs PostgreSQL's server programs and restic (Debian: apt-get install postgresql restic).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tools")]

from infra_maintainer.drill.account import Account, ordinary_account  # noqa: E402  # after the path is set
from infra_maintainer.drill.cluster import server_programs  # noqa: E402
from infra_maintainer.drill.process import StopSignal  # noqa: E402
from infra_maintainer.drill.record import DrillRecord, recovery_seconds  # noqa: E402
from infra_maintainer.drill.run import run_drill  # noqa: E402
from infra_maintainer.drill.target import Limits, Target  # noqa: E402

TO_THE_DATA = ("fetch", "read", "contents", "initdb", "start", "restore")
LIMIT = 1.2
SCHEMA = """
create table orders (id int primary key, customer int, total numeric, at timestamptz, note text);
insert into orders select i, i % 50000, i * 1.25, now() - i * interval '1 minute', md5(i::text)
  from generate_series(1, {rows}) i;
create table payments (id int primary key, order_id int references orders, amount numeric);
insert into payments select i, i, i * 1.25 from generate_series(1, {rows}) i;
create index orders_at on orders (at);
"""
CONFIG = "listen_addresses = ''\nfsync = off\nautovacuum = off\n"


class Server(NamedTuple):
    """A server that this script started, and the way to run its programs as its user."""

    bin: Path
    home: Path
    account: Account

    def run(self, program: str, *words: str) -> str:
        """One of PostgreSQL's programs, as the ordinary user. Raises CalledProcessError."""
        changes = not self.account.is_caller
        done = subprocess.run(
            [str(self.bin / program), *words],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a pipe would be held open by the server that pg_ctl leaves running
            text=True,
            cwd=self.home,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PGHOST": str(self.home), "PGUSER": "postgres"},
            user=self.account.uid if changes else None,
            group=self.account.gid if changes else None,
            extra_groups=[] if changes else None,
        )
        return done.stdout

    def start(self, config: str, *more: str) -> None:
        """initdb and start on a private socket in the home folder."""
        self.run("initdb", *more, "-D", "data", "-U", "postgres", "-A", "trust", "-k", "--no-locale", "-E", "UTF8")
        with (self.home / "data/postgresql.conf").open("a") as file:
            file.write(f"{config}unix_socket_directories = '{self.home}'\n")
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", "-c logging_collector=off", "start")

    def stop(self) -> None:
        """At once: nothing of it is kept."""
        self.run("pg_ctl", "-D", "data", "-m", "immediate", "stop")


class Times(NamedTuple):
    """Seconds of one round."""

    by_hand: float
    drilled: float
    own: float


@contextmanager
def folder(where: Path, account: Account) -> Generator[Path]:
    """A short private folder of the ordinary user, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="imb-", dir=where))
    account.own(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def by_hand(bin_folder: Path, where: Path, account: Account, restic: list[str]) -> float:
    """The bare commands, from nothing to restored data, in seconds."""
    with folder(where, account) as home:
        started = time.monotonic()
        subprocess.run([*restic, "restore", "latest", "--target", str(home / "files")], check=True, capture_output=True)
        account.own(home / "files")
        server = Server(bin_folder, home, account)
        server.start("listen_addresses = ''\nmax_wal_size = 4GB\nmaintenance_work_mem = 256MB\n")
        try:
            (dump,) = (home / "files").rglob("shop.dump")
            server.run("createdb", "shop")
            server.run("pg_restore", "-j", "2", "--no-owner", "--no-privileges", "-d", "shop", str(dump))
            return time.monotonic() - started
        finally:
            server.stop()


def drilled(target: Target, where: Path) -> DrillRecord:
    """The drill of the same copy. Raises SystemExit when it did not pass: its times would mean nothing."""
    stop = StopSignal()
    try:
        record = run_drill(target, Limits(scratch=where), stop, lambda phase: None)
    finally:
        stop.close()
    if record.result != "passed":
        raise SystemExit(f"the drill did not pass: {record.issues}")
    return record


def measure(rows: int, rounds: int, where: Path) -> dict[str, object]:
    """Fill, back up, and restore in turns."""
    account, bin_folder = ordinary_account(), server_programs()
    with folder(where, account) as home:
        server = Server(bin_folder, home, account)
        server.start(CONFIG, "--no-sync")
        try:
            server.run("createdb", "shop")
            server.run("psql", "-q", "-d", "shop", "-c", SCHEMA.format(rows=rows))
            (home / "nightly").mkdir()
            account.own(home / "nightly")
            server.run("pg_dump", "-Fc", "-f", "nightly/shop.dump", "shop")
            size = int(server.run("psql", "-XAtq", "-d", "shop", "-c", "select pg_database_size('shop')"))
            living = server.run("psql", "-XAtq", "-d", "shop", "-c", "select count(*) from orders").strip()
        finally:
            server.stop()
        key = home / "key"
        key.write_text("bench")
        restic = ["restic", "-r", str(home / "repo"), "--password-file", str(key), "-q", "--no-cache"]
        subprocess.run([*restic, "init"], check=True, capture_output=True)
        subprocess.run([*restic, "backup", str(home / "nightly")], check=True, capture_output=True)
        target = Target(name="shop", kind="restic", place=str(home / "repo"), password_file=key, database="shop")
        times: list[Times] = []
        records: list[DrillRecord] = []
        for _ in range(rounds):
            bare = by_hand(bin_folder, where, account, restic)
            records.append(drilled(target, where))
            phases = records[-1].phases
            data = sum(seconds for name, seconds in phases.items() if name in TO_THE_DATA)
            times.append(Times(bare, data, sum(phases.values()) - data))
        return figures(times, records[-1], size, int(living))


def figures(times: list[Times], record: DrillRecord, size: int, living: int) -> dict[str, object]:
    """Medians, the ratio, and whether the content is the same."""
    bare, data = (statistics.median(each) for each in ([t.by_hand for t in times], [t.drilled for t in times]))
    return {
        "bench": "drill",
        "rounds": len(times),
        "database_bytes": size,
        "by_hand_s": round(bare, 3),
        "drill_to_data_s": round(data, 3),
        "overhead_ratio": round(data / bare, 3),
        "limit": LIMIT,
        "drill_own_s": round(statistics.median([t.own for t in times]), 3),
        "observed_recovery_s": round(recovery_seconds(record.phases, validation=True), 3),
        "phases_s": record.phases,
        "rows_living": living,
        "rows_restored": record.rows["public.orders"],
    }


def main() -> int:
    """Print a table for people and one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small database, two rounds")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--where", type=Path, default=Path("/var/tmp"), help="a folder on the disk to restore to")
    options = parser.parse_args()
    if shutil.which("restic") is None:
        print("needs restic: apt-get install restic", file=sys.stderr)
        return 2
    found = measure(50_000 if options.quick else options.rows, 2 if options.quick else options.rounds, options.where)
    print(f"{'database':<28} {found['database_bytes']:>14,} By")
    print(f"{'by hand, to the data':<28} {found['by_hand_s']:>14} s   median of {found['rounds']}")
    print(
        f"{'drill, to the data':<28} {found['drill_to_data_s']:>14} s   ratio {found['overhead_ratio']} (limit {LIMIT})"
    )
    print(f"{'drill, list check validate':<28} {found['drill_own_s']:>14} s")
    print(f"{'rows restored of living':<28} {found['rows_restored']:>14,} of {found['rows_living']:,}")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
