"""The database that the tests back up: a real PostgreSQL on a private socket, archiving its log with pgBackRest."""

import glob
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
create table customers (id int primary key, name text not null, born date);
create table orders
  (id int primary key, customer int not null references customers, total numeric(10,2), at timestamptz);
create table payments
  (id int primary key, order_id int not null references orders, amount numeric, paid_at timestamptz);
create table audit_log (id bigint primary key, what text, raw bytea);
create index payments_paid_at on payments (paid_at);
create view unpaid as select o.* from orders o left join payments p on p.order_id = o.id where p.id is null;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger customers_touch before update on customers for each row execute function touch();
insert into customers select i, 'customer ' || i, date '1970-01-01' + i from generate_series(1, 500) i;
insert into orders select i, 1 + i % 500, i * 1.25, now() - i * interval '1 minute' from generate_series(1, 6000) i;
insert into payments select i, i, i * 1.25, now() - i * interval '1 minute' from generate_series(1, 5700) i;
insert into audit_log select i, md5(i::text), decode(md5(i::text || 'raw'), 'hex') from generate_series(1, 3000) i;
"""


def binaries() -> Path | None:
    """Folder of the newest installed PostgreSQL server programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: float(Path(path).parts[4]))
    return Path(found[-1]).parent if found else None


class Cluster:
    """A running server. `run` starts a program as the server's user, `sql` asks one statement through psql."""

    def __init__(self, home: Path, bin_folder: Path) -> None:
        self.home = home
        self.bin = bin_folder
        self.data = home / "data"
        self.socket = home / "socket"
        entry = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.user = entry.pw_name
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self.environment = {
            "PATH": f"{bin_folder}:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PGHOST": str(self.socket),
            "PGUSER": "postgres",
            "HOME": str(home),
        }

    def own(self, path: Path) -> Path:
        os.chown(path, self.uid, self.gid)
        return path

    def run(
        self, *argv: str, check: bool = True, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        root = os.geteuid() == 0
        return subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
            cwd=self.home,
            env=self.environment | dict(env or {}),
            user=self.uid if root else None,
            group=self.gid if root else None,
            extra_groups=[] if root else None,
        )

    def sql(self, statement: str, database: str = "orders") -> str:
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement).stdout.strip()

    def dump(self, into: Path, *options: str, database: str = "orders") -> Path:
        self.run("pg_dump", "-Fc", *options, "-f", str(into), database)
        return into

    def conninfo(self, database: str = "orders") -> str:
        return f"host={self.socket} user=postgres dbname={database}"


@contextmanager
def workplace() -> Generator[Path]:
    """A short path (sockets allow 107 characters) that the server's user may enter, in memory: fsync costs nothing."""
    path = Path(tempfile.mkdtemp(prefix="imr-", dir="/dev/shm"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running_cluster(home: Path, bin_folder: Path) -> Generator[Cluster]:
    """Initialise, start and fill the source; stop it afterwards. The stanza `demo` archives into home/pgbackrest."""
    cluster = Cluster(home, bin_folder)
    cluster.own(home)
    for folder in (cluster.socket, home / "pgbackrest", home / "locks"):
        folder.mkdir(mode=0o700)
        cluster.own(folder)
    config = home / "pgbackrest.conf"
    config.write_text(
        f"[global]\nrepo1-path={home}/pgbackrest\nlog-level-file=off\nlock-path={home}/locks\nstart-fast=y\n"
        f"[demo]\npg1-path={cluster.data}\npg1-socket-path={cluster.socket}\npg1-user=postgres\n"
    )
    config.chmod(0o644)
    cluster.run(
        "initdb", "-D", str(cluster.data), "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8", "-k"
    )
    with (cluster.data / "postgresql.conf").open("a") as settings:
        settings.write(
            f"listen_addresses=''\nunix_socket_directories='{cluster.socket}'\nwal_level=replica\narchive_mode=on\n"
            f"archive_command='pgbackrest --config={config} --stanza=demo archive-push %p'\n"
            "fsync=off\nmax_connections=30\n"
        )
    cluster.run("pg_ctl", "-D", str(cluster.data), "-l", str(home / "log"), "-w", "start")
    try:
        cluster.sql("create database orders", "postgres")
        cluster.sql(SCHEMA)
        yield cluster
    finally:
        postmaster = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGQUIT)
        _await_exit(postmaster)


def _await_exit(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([descriptor], [], [], 20)
    os.close(descriptor)
