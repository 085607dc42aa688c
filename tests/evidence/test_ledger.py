"""Ledgers: records that are only ever appended to."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra_maintainer.evidence.store import Store

AT = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_ledger_gives_its_records_in_the_order_they_came_and_not_those_of_another(tmp_path: Path) -> None:
    """The order of appending counts, not the times inside."""
    store = Store(tmp_path / "store.db")
    store.append("drills", AT, '{"n": 2}')
    store.append("forecasts", AT, '{"n": 9}')
    store.append("drills", AT, '{"n": 1}')
    assert store.ledger("drills") == ['{"n": 2}', '{"n": 1}']


@pytest.mark.parametrize("statement", ["update ledger set record = '{}'", "delete from ledger"])
def test_a_ledger_refuses_to_forget_or_to_change(tmp_path: Path, statement: str) -> None:
    """The database itself refuses, whoever asks."""
    store = Store(tmp_path / "store.db")
    store.append("drills", AT, '{"n": 1}')
    with sqlite3.connect(store.path) as connection, pytest.raises(sqlite3.IntegrityError, match="only ever appended"):
        connection.execute(statement)
    connection.close()
    assert store.ledger("drills") == ['{"n": 1}']
