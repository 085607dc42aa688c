"""Bring one dump back into a running throw-away server, and count what went wrong by the words of the program."""

import re
import zlib
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.drill.cluster import Cluster, escaped
from infra_maintainer.drill.errors import NotPossible, StepFailed
from infra_maintainer.drill.formats.dump import Form, blocks, unsafe_line
from infra_maintainer.drill.process import SPACE_MESSAGES, Ended
from infra_maintainer.drill.repository import last_words

PARALLEL = 2
ERROR_LINE = re.compile(r"(?m)^(?:pg_restore: error:|psql:.*?: (?:ERROR|FATAL):|psql: error:).*$")
NEWER_FORMAT = re.compile(r"unsupported version \(([\d.]+)\) in file header")
MISSING_ROLE = re.compile(r'role "(.+?)" does not exist')
OWN_ROLE = re.compile(r'role "postgres" already exists|current user cannot be dropped')


class Restored(NamedTuple):
    """The outcome of one restore. `errors` counts what the program called an error; `first` is untrusted text."""

    database: str
    errors: int
    first: str
    missing_roles: tuple[str, ...]


def restore_dump(cluster: Cluster, dump: Path, form: Form, database: str, work: Path) -> Restored:
    """Restore `dump` into a new database, or for a dump of a whole cluster into the server.

    Raises StepFailed for a dump that psql may not be given, NotPossible when the installed programs are too old.
    """
    if form == "custom.gz":
        return restore_dump(
            cluster, _inflated(cluster, dump, form, work / f"{database}.dump"), "custom", database, work
        )
    if form in ("custom", "directory", "tar"):
        _create(cluster, database)
        jobs = [] if form == "tar" else ["-j", str(PARALLEL)]
        argv = [cluster.program("pg_restore"), *jobs, "--no-owner", "--no-privileges", *cluster.where()]
        return _judged(
            cluster.programs.run([*argv, "-d", f"dbname='{escaped(database)}'", str(dump)], as_account=True), database
        )
    _require_safe(dump, form)
    if not form.startswith("cluster"):
        _create(cluster, database)
    script = dump if not form.endswith(".gz") else _inflated(cluster, dump, form, work / f"{database}.sql")
    where = "postgres" if form.startswith("cluster") else database
    argv = [
        cluster.program("psql"),
        "-X",
        "-q",
        *cluster.where(),
        "-d",
        f"dbname='{escaped(where)}'",
        "-f",
        str(script),
    ]
    return _judged(cluster.programs.run([*argv, "-o", "/dev/null"], as_account=True), database)


def _create(cluster: Cluster, database: str) -> None:
    with cluster.session() as session:
        session.ask(f'create database "{database.replace(chr(34), chr(34) * 2)}" template template0')


def _require_safe(dump: Path, form: Form) -> None:
    try:
        line = unsafe_line(dump, form)
    except (EOFError, zlib.error) as cut:
        raise StepFailed("dump-truncated", str(cut)) from cut
    if line is not None:
        raise StepFailed(
            "dump-unsafe", f"line {line} orders psql to do something that a dump never needs; not restored"
        )


def _inflated(cluster: Cluster, dump: Path, form: Form, into: Path) -> Path:
    try:
        with into.open("wb") as plain:
            for block in blocks(dump, form):
                plain.write(block)
    except (EOFError, zlib.error) as cut:
        raise StepFailed("dump-truncated", str(cut)) from cut
    cluster.programs.account.own(into)
    return into


def _judged(ended: Ended, database: str) -> Restored:
    if any(message in ended.err for message in SPACE_MESSAGES):
        raise OSError(28, "No space left on device")
    if newer := NEWER_FORMAT.search(ended.err):
        raise NotPossible(
            "postgres-too-old", f"the dump has format {newer.group(1)}", "install a newer PostgreSQL here"
        )
    lines = [line for line in ERROR_LINE.findall(ended.err) if not OWN_ROLE.search(line)]
    roles = tuple(sorted({role for line in lines for role in MISSING_ROLE.findall(line)}))
    real = [line for line in lines if not MISSING_ROLE.search(line)]
    if ended.code != 0 and not lines:
        real = [last_words(ended)]
    return Restored(database, len(real), real[0][:200] if real else "", roles)
