"""The checked-in questions of every dialect, parsed by an independent parser, with exactly the columns we read."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

from infra_maintainer.bills.audit import run_audit
from infra_maintainer.bills.duckdb_bill import open_files
from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.questions import CommitmentRow, DailyRow, ResourceRow, TagRow
from infra_maintainer.bills.results_bill import open_results
from tests.costs.focus_files import toolkit_file

SQL = Path(__file__).parents[2] / "tools/infra_maintainer/bills/sql"
DIALECTS = sorted(each.name for each in SQL.iterdir() if each.is_dir())
FIELDS = {
    "daily": DailyRow._fields,
    "tags": TagRow._fields,
    "resources": ResourceRow._fields,
    "commitments": CommitmentRow._fields,
}


def test_the_dialects_are_those_that_are_promised() -> None:
    """Three that are run here, four that are handed out."""
    assert DIALECTS == ["athena", "bigquery", "clickhouse", "databricks", "duckdb", "postgres", "snowflake"]


@pytest.mark.parametrize("question", FIELDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_question_parses_and_answers_the_columns_that_are_read(dialect: str, question: str) -> None:
    """sqlglot, strict, in the dialect's own grammar; names in the order of the typed row."""
    text = (SQL / dialect / f"{question}.sql").read_text(encoding="utf-8")
    parsed = sqlglot.parse_one(text, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert tuple(each.alias_or_name for each in parsed.selects) == FIELDS[question]  # type: ignore[attr-defined]  # a select


def test_answers_handed_back_as_files_give_the_same_audit(tmp_path: Path) -> None:
    """What DuckDB answers, written as CSV by hand, read back: the same rows to the cent."""
    path = toolkit_file(tmp_path, "1.3")
    with open_files(str(path)) as bill:
        direct = run_audit(bill, owner_tag="Owner", top=500)
    folder = tmp_path / "answers"
    folder.mkdir()
    for question, fields in FIELDS.items():
        with (folder / f"{question}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([name.upper() for name in fields])  # Snowflake folds names to upper case
            writer.writerows(getattr(direct, question))
    handed = run_audit(open_results(str(folder)), owner_tag="Owner")
    assert [row._replace() for row in handed.daily] == direct.daily
    assert handed.tags == direct.tags
    assert handed.resources == direct.resources
    assert handed.commitments == direct.commitments


def test_a_missing_answer_says_which_query_to_run(tmp_path: Path) -> None:
    """A folder with nothing in it."""
    with pytest.raises(BillError) as refused:
        run_audit(open_results(str(tmp_path)))
    assert refused.value.why == "no_data"
    assert "daily" in refused.value.how


def test_the_command_prints_the_queries_of_a_dialect() -> None:
    """Each with the name its answer is to be saved under."""
    argv = [sys.executable, "-m", "infra_maintainer.cli", "costs", "--sql", "bigquery"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == 0, done.stderr
    assert [name for name in FIELDS if f"-- {name}.csv" in done.stdout] == list(FIELDS)
    assert "JSON_VALUE" in done.stdout
