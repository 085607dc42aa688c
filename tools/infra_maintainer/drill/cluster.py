"""A throw-away PostgreSQL: its own data folder, a private socket, no network, gone with the drill's place."""

import errno
import glob
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from infra_maintainer.drill.errors import NotPossible, StepFailed
from infra_maintainer.drill.process import SPACE_MESSAGES, Programs, end_group
from infra_maintainer.drill.session import ARGUMENTS, Session, SqlError

ROLE = "postgres"
SOCKET_PATH_LIMIT = 107  # sockaddr_un.sun_path, unix(7)
START_SECONDS = 60.0
POLL_SECONDS = 0.05
STOP_SECONDS = 30.0

# Given on the command line, so that nothing which a restored configuration says can win over them. A restored
# server must not archive into the real repository, replicate, run scheduled jobs or open a socket for others.
QUIET = {
    "listen_addresses": "",
    "archive_mode": "off",
    "primary_conninfo": "",
    "shared_preload_libraries": "",
    "session_preload_libraries": "",
    "max_logical_replication_workers": "0",
    "ssl": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "256MB",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_messages": "warning",
    "dynamic_shared_memory_type": "mmap",  # files in the data folder; a kill would leave the ones of /dev/shm behind
}


@dataclass(frozen=True)
class Cluster:
    """Where a running throw-away server stands."""

    programs: Programs
    bin: Path
    data: Path
    socket: Path
    log: Path
    process: "subprocess.Popen[bytes]"
    role: str

    def session(self, database: str = "postgres") -> Session:
        argv = [self.program("psql"), *ARGUMENTS, *self.where(), "-d", f"dbname='{escaped(database)}'"]
        process = self.programs.start(argv, as_account=True, stdin=subprocess.PIPE)
        return Session(process, self.programs.stop, self.programs.deadline)

    def program(self, name: str) -> str:
        return str(self.bin / name)

    def where(self) -> list[str]:
        return ["-h", str(self.socket), "-U", self.role]

    def log_tail(self, size: int = 1500) -> str:
        return self.log.read_bytes()[-size:].decode("utf-8", "replace").strip()

    def reason(self) -> str | None:
        """The last fatal line of the log that is not a refused client. Untrusted text."""
        fatal = re.findall(r"(?:FATAL|PANIC|ERROR):\s+(?!the database system is)(.+)", self.log_tail(20_000))
        return fatal[-1] if fatal else None


def server_programs(major: str | None = None, configured: Path | None = None) -> Path:
    """Folder of initdb and postgres: the configured one, else the one of `major`, else the newest installed.

    Raises NotPossible when there is none.
    """
    if configured is not None:
        found = [str(configured / "initdb")] if (configured / "initdb").is_file() else []
    else:
        found = glob.glob(f"/usr/lib/postgresql/{major or '*'}/bin/initdb") + glob.glob(
            f"/usr/pgsql-{major or '*'}/bin/initdb"
        )
        if not found and major is None and (on_path := shutil.which("initdb")):
            found = [on_path]
    if not found:
        raise NotPossible(
            "postgres-absent",
            f"no PostgreSQL {major or ''} server programs are installed here".replace("  ", " "),
            f"install postgresql{'-' + major if major else ''}, or name `postgres_bin` in [recovery]",
        )
    return Path(max(found, key=_version)).parent


def initialise(programs: Programs, bin_folder: Path, data: Path) -> None:
    """initdb into `data`. Synchronised to disk as a real recovery would be. Raises NotPossible when it fails."""
    argv = [str(bin_folder / "initdb"), "-D", str(data), "-U", ROLE, "-A", "peer", "-k", "--no-locale", "-E", "UTF8"]
    ended = programs.run(argv, as_account=True)
    if any(message in ended.out + ended.err for message in SPACE_MESSAGES):  # it has cleaned up after itself by now
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if ended.code != 0:
        raise NotPossible("initdb-failed", f"initdb failed: {ended.err.strip()[-300:]}", "see the message of initdb")


@contextmanager
def running(
    programs: Programs,
    bin_folder: Path,
    data: Path,
    place: Path,
    role: str = ROLE,
    settings: dict[str, str] | None = None,
) -> Generator[Cluster]:
    """Start a server on `data`, wait until it accepts connections, end it on the way out.

    Raises StepFailed("scratch-start-failed") with the tail of its log when it ends or never becomes ready.
    """
    socket = place / "s"
    if len(str(socket / ".s.PGSQL.5432")) > SOCKET_PATH_LIMIT:
        raise NotPossible(
            "scratch-path-long", f"{place} is too long for a socket", "name a shorter `scratch` in [recovery]"
        )
    socket.mkdir(mode=0o700, exist_ok=True)
    _write_rules(place, programs.account.name, role)
    programs.account.own(place)
    log = place / "server.log"
    options = QUIET | {
        "unix_socket_directories": str(socket),
        "config_file": str(place / "postgresql.conf"),
        "hba_file": str(place / "pg_hba.conf"),
        "ident_file": str(place / "pg_ident.conf"),
        "external_pid_file": "",
    }
    argv = [str(bin_folder / "postgres"), "-D", str(data)]
    for name, value in (options | (settings or {})).items():
        argv += ["-c", f"{name}={value}"]
    with log.open("wb") as lines:
        process = programs.start(argv, as_account=True, stdout=lines, stderr=lines)
    cluster = Cluster(programs, bin_folder, data, socket, log, process, role)
    try:
        _await_ready(cluster)
        yield cluster
    finally:
        end_server(process, signal.SIGQUIT)


def end_server(process: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    """SIGQUIT stops at once, SIGINT leaves a clean data folder. SIGKILL comes last: it would leave shared memory."""
    if process.poll() is None:
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
    end_group(process)


def _await_ready(cluster: Cluster) -> None:
    """The server writes "ready" into its pid file; asking its process first tells an end from a slow start at once."""
    waited = 0.0
    while waited < START_SECONDS:
        if (code := cluster.process.poll()) is not None:
            raise StepFailed(
                "scratch-start-failed",
                f"the restored server ended with {code}: {cluster.reason() or cluster.log_tail()}",
            )
        if _is_ready(cluster.data / "postmaster.pid"):
            return
        cluster.programs.pause(POLL_SECONDS)
        waited += POLL_SECONDS
    raise StepFailed("scratch-start-failed", f"not ready after {START_SECONDS:.0f} s: {cluster.log_tail()}")


def _is_ready(pid_file: Path) -> bool:
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def await_promotion(cluster: Cluster, time_limit: float) -> None:
    """Wait until the server has left recovery: only then was the target reached.

    Raises StepFailed("target-not-reached"). A start without an error is no proof: with a target after the last
    archived commit the server accepts connections first and ends later.
    """
    waited = 0.0
    while waited < time_limit:
        try:
            with cluster.session() as session:
                if session.ask("select pg_is_in_recovery()") == "f":
                    return
        except SqlError:
            if cluster.process.poll() is not None:
                break
        cluster.programs.pause(POLL_SECONDS)
        waited += POLL_SECONDS
    raise StepFailed("target-not-reached", cluster.reason() or f"still in recovery after {time_limit:.0f} s")


def _write_rules(place: Path, user: str, role: str) -> None:
    (place / "postgresql.conf").write_text("")
    (place / "pg_hba.conf").write_text("local all all peer map=drill\n")
    (place / "pg_ident.conf").write_text(f'drill "{user}" "{role}"\n')


def _version(path: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)(?:\.(\d+))?/bin/initdb$", path)
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)


def escaped(value: str) -> str:
    """A value inside the single quotes of a connection string."""
    return value.replace("\\", "\\\\").replace("'", "\\'")
