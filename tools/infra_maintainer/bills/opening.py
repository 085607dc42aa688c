"""Open a declared bill where it is: files, handed-back answers, PostgreSQL, or ClickHouse through the world's HTTP."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from infra_maintainer.bills.duckdb_bill import open_files
from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.questions import Bill as OpenBill
from infra_maintainer.bills.results_bill import open_results
from infra_maintainer.bills.warehouse import open_clickhouse, open_postgres
from infra_maintainer.evidence.model import Why
from infra_maintainer.system.bill import Bill
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.world import World

MOST_ANSWER = 64 << 20


def opened(world: World, bill: Bill) -> AbstractContextManager[OpenBill]:
    """The bill, ready for questions within the world's deadline. Raises BillError, at once or on entering."""
    deadline_s = max(1.0, world.deadline.remaining())
    if bill.results is not None:
        return nullcontext(open_results(bill.results))
    if bill.warehouse == "postgresql":
        return open_postgres(bill.dsn or "", bill.table, _password(bill), deadline_s)
    if bill.warehouse == "clickhouse":
        return nullcontext(open_clickhouse(bill.table, lambda parameters: _fetch(world, bill, parameters)))
    return open_files(bill.path or "", bill.memory_mb, deadline_s)


def _password(bill: Bill) -> str | None:
    if bill.password_file is None:
        return None
    try:
        return Path(bill.password_file).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BillError("denied", f"{bill.password_file}: {error.strerror}", "name a readable password_file") from error


def _fetch(world: World, bill: Bill, parameters: Mapping[str, str]) -> Any:
    """One statement over ClickHouse's HTTP interface."""
    password = _password(bill)
    secret = {"X-ClickHouse-User": bill.user or "default"} | ({"X-ClickHouse-Key": password} if password else {})
    ask = Ask(
        url=f"{bill.url}?{urlencode(parameters)}",
        secret_headers=secret,
        max_bytes=MOST_ANSWER,
        max_redirects=0,
        timeout_s=max(1.0, world.deadline.remaining()),
    )
    answer = world.http.exchange(ask)
    if answer.status != 200:
        denied = answer.status in (401, 403) or "ACCESS_DENIED" in answer.body or "AUTHENTICATION" in answer.body
        why: Why = "denied" if denied else "unreachable" if answer.status is None else "error"
        said = (answer.detail or answer.body or "no answer").splitlines()[0][:300]
        raise BillError(why, f"ClickHouse: {said}", "check the bill's url, user, password_file and table")
    return json.loads(answer.body)
