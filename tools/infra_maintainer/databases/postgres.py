"""One read-only session with a PostgreSQL for a fixed table of questions.

An ordinary role suffices; what it may not see comes back as NULL or `<insufficient privilege>`, which callers must take
for unknown and never for zero. `pg_monitor` is the role that sees everything asked here.
"""

import threading
import time
from typing import TYPE_CHECKING, Any

from infra_maintainer.databases.postgres_questions import QUESTIONS
from infra_maintainer.system.database import Database
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.secret_file import read_secret

if TYPE_CHECKING:
    from psycopg import Connection

STATEMENT_MS = 5000
ROWS_AT_MOST = 500
GIVEN_BACK_S = 1.0
_TOO_MANY = "53300"
# One session with a server at a time, however many sources ask: two of ours must not take the last slot from users.
_LOCK = threading.Lock()
_TURNS: dict[str, threading.Lock] = {}
_ENDED: dict[str, float] = {}
_DENIED = ("28P01", "28000", "42501", "3D000")


class NoSlotLeft(Exception):
    """The server refused the connection because all its slots are taken: the very thing that users meet."""


def ask(database: Database, names: list[str], timeout_s: float) -> dict[str, Any]:
    """Answers by question: rows as lists, or {"refused": text} for a question that failed alone.

    Raise NoSlotLeft when no connection is left, WorldError when there is no session at all.
    """
    place = f"{database.host}:{database.port}"
    with _LOCK:
        turn = _TURNS.setdefault(place, threading.Lock())
    if not turn.acquire(timeout=timeout_s):
        raise WorldError("timeout", f"PostgreSQL {database.name}: other questions to it took all the time", "ask again")
    try:
        connection = _session(database, timeout_s, place)
        try:
            with connection:
                return {name: _answer(connection, name) for name in names}
        finally:
            _ENDED[place] = time.monotonic()
    finally:
        turn.release()


def _session(database: Database, timeout_s: float, place: str) -> "Connection[Any]":
    """A session; a slot that our own last one has not given back yet is no refusal."""
    while True:
        try:
            return _connect(database, timeout_s)
        except NoSlotLeft:
            if time.monotonic() - _ENDED.get(place, -GIVEN_BACK_S) >= GIVEN_BACK_S:
                raise
            time.sleep(0.1)


def _connect(database: Database, timeout_s: float) -> "Connection[Any]":
    try:
        import psycopg
    except ImportError as absent:
        how = "pip install 'infra-maintainer[postgres]'"
        raise WorldError("not_supported", "PostgreSQL needs the package psycopg", how) from absent
    try:
        return psycopg.connect(
            host=database.host,
            port=database.port,
            user=database.user,
            dbname=database.dbname,
            password=_password(database),
            sslmode=database.sslmode,
            connect_timeout=max(2, int(min(timeout_s, 5))),
            application_name="infra-maintainer",
            options=f"-c statement_timeout={STATEMENT_MS} -c lock_timeout=1000 -c default_transaction_read_only=on",
            autocommit=True,
        )
    except psycopg.OperationalError as error:
        raise _refusal(database, error) from error


def _answer(connection: "Connection[Any]", name: str) -> Any:
    import psycopg

    try:
        with connection.cursor() as cursor:
            cursor.execute(QUESTIONS[name].encode())
            return [[_plain(cell) for cell in row] for row in cursor.fetchmany(ROWS_AT_MOST)]
    except psycopg.Error as error:
        state = error.sqlstate or ""
        why = "denied" if state in _DENIED else "not_supported" if state.startswith("42") else "error"
        return {"refused": str(error).splitlines()[0][:300], "why": "timeout" if state == "57014" else why}


def _plain(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int | float | str):
        return cell
    if isinstance(cell, list):
        return [_plain(each) for each in cell]
    return float(cell) if hasattr(cell, "as_tuple") else str(cell)


def _password(database: Database) -> str | None:
    if database.password_file is None:
        return None
    return read_secret(database.password_file, "password_file in [[database]]")


def _refusal(database: Database, error: Exception) -> Exception:
    text = str(error).strip().splitlines()[-1][:300]
    state = getattr(error, "sqlstate", None) or ""
    if state == _TOO_MANY or "too many clients" in text or "connection slots are reserved" in text:
        return NoSlotLeft(text)
    where = f"PostgreSQL {database.name} at {database.host}:{database.port}"
    how = _let_in(database, text)
    if how is not None:
        return WorldError("denied", f"{where}: {text}", how)
    if "timeout" in text:
        return WorldError("timeout", f"{where}: {text}", "see whether the server is overloaded or the network drops")
    return WorldError("unreachable", f"{where}: {text}", "see whether the server runs and listens there")


def _let_in(database: Database, text: str) -> str | None:
    """What lets us in where the server turned us away; None for a refusal of another kind."""
    if "password authentication failed" in text and database.password_file is not None:
        return (
            f"check that {database.password_file} holds the password of the role {database.user}; "
            f"of a role that is not there the server says the same"
        )
    if "password authentication failed" in text or "no password supplied" in text:
        return f"name a file with the password of the role {database.user}: password_file in [[database]]"
    if "no pg_hba.conf entry" in text:
        return f"let the role {database.user} in from here with a line in pg_hba.conf, and reload"
    if "does not exist" in text and "database" in text.rpartition(":")[2]:
        return "name a database that is there: dbname in [[database]]"
    if "does not exist" in text:
        return f"create the role and let it see: CREATE ROLE {database.user} LOGIN IN ROLE pg_monitor"
    if "authentication failed" in text:
        return f"see how pg_hba.conf lets the role {database.user} in"
    return None
