"""The store's tables, in the order they came to be. A migration that was released is never edited: add another."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations


def migrations() -> "Migrations":
    """All migrations of the store."""
    from sqlite_utils import Migrations

    steps = Migrations("infra-maintainer")

    @steps()
    def evidence_reports_samples(db: "Database") -> None:  # pyright: ignore[reportUnusedFunction]
        db.table("evidence").create(
            {"run": str, "id": str, "subject": str, "quantity": str, "kind": str, "as_of": str, "record": str},
            pk=("run", "id"),
            strict=True,
        )
        db.table("evidence").create_index(["id"])
        db.table("reports").create(
            {"run": str, "job": str, "as_of": str, "verdict": str, "report": str}, pk="run", strict=True
        )
        db.table("reports").create_index(["job", "as_of"])
        db.table("samples").create(
            {"quantity": str, "subject": str, "at": float, "value": float},
            pk=("quantity", "subject", "at"),
            strict=True,
        )

    @steps()
    def audit(db: "Database") -> None:  # pyright: ignore[reportUnusedFunction]
        db.table("audit").create(
            {"seq": int, "at": str, "tool": str, "arguments": str, "outcome": str, "previous": str, "hash": str},
            pk="seq",
            strict=True,
        )

    @steps()
    def ledger(db: "Database") -> None:  # pyright: ignore[reportUnusedFunction]
        db.table("ledger").create({"seq": int, "name": str, "at": str, "record": str}, pk="seq", strict=True)
        db.table("ledger").create_index(["name", "seq"])
        for change in ("update", "delete"):
            db.execute(
                f"create trigger ledger_no_{change} before {change} on ledger "
                "begin select raise(abort, 'a ledger is only ever appended to'); end"
            )

    return steps
