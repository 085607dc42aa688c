"""A bill whose owner ran the checked-in queries in a warehouse we do not connect to, and handed the answers back.

The folder holds daily.csv, tags.csv, resources.csv and commitments.csv, each the answer of the query of that name
(`infra-maintainer costs --sql DIALECT` prints them for BigQuery, Snowflake, Databricks and Athena).
"""

import csv
from pathlib import Path
from typing import Any

from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.focus import Shape
from infra_maintainer.bills.questions import CommitmentRow, DailyRow, Loading, Question, ResourceRow, TagRow

MOST_BYTES = 256 << 20
ROWS: dict[str, Any] = {
    "daily": DailyRow,
    "tags": TagRow,
    "resources": ResourceRow,
    "commitments": CommitmentRow,
}


class ResultsBill:
    """Answers read from files. A question that nobody ran has no rows where it is optional, else it is refused."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # What the table's header was, nobody handed back; its columns are those the queries name.
        self._loading = Loading(str(folder), Shape("handed back", (), ()), 1, (), (), 0)

    @property
    def loading(self) -> Loading:
        """One table, read elsewhere."""
        return self._loading

    def ask(self, question: Question, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of QUESTION.csv in the order that the question's row names. Raises BillError."""
        if question not in ROWS:
            return []
        path = self._folder / f"{question}.csv"
        try:
            if path.stat().st_size > MOST_BYTES:
                raise BillError("not_supported", f"{path} is larger than {MOST_BYTES >> 20} MB", "aggregate it first")
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [{str(key).lower(): value for key, value in row.items()} for row in csv.DictReader(file)]
        except FileNotFoundError as error:
            how = f"run the query {question} and save its answer there"
            raise BillError("no_data", f"{path} does not exist", how) from error
        except PermissionError as error:
            raise BillError("denied", f"{path} may not be read", f"give this user read access to {path}") from error
        fields: tuple[str, ...] = ROWS[question]._fields
        absent = [name for name in fields if rows and name not in rows[0]]
        if absent:
            raise BillError(
                "error", f"{path} lacks the columns {', '.join(absent)}", "save the whole answer, with header"
            )
        return [tuple(None if row[name] in ("", "NULL", "null") else row[name] for name in fields) for row in rows]


def open_results(folder: str) -> ResultsBill:
    """The answers in a folder. Raises BillError when there is no such folder."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise BillError("no_data", f"{folder!r} is not a folder", "name the folder with the four answers")
    return ResultsBill(path)
