"""Readers of histories, against independent programs and hostile input."""

import subprocess
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.history.csv_file import parse_csv
from infra_maintainer.history.sysstat import parse_day
from infra_maintainer.world.failure import WorldError
from tests.needs import needs


def test_a_real_sysstat_archive_reads_as_its_own_database_form_says(tmp_path: Path) -> None:
    """sadc writes, `sadf -j` is parsed by us, `sadf -d` is the oracle for the idle share."""
    sadf = needs("sadf", "sysstat")
    archive = tmp_path / "sa01"
    subprocess.run(["/usr/lib/sysstat/sadc", "1", "3", str(archive)], check=True, timeout=20)
    text = subprocess.run(
        [sadf, "-j", str(archive), "--", "-u", "-r"], capture_output=True, text=True, check=True, env={"TZ": "UTC"}
    ).stdout
    found = [(at, value) for quantity, at, value in parse_day(text) if quantity == "cpu.utilisation"]
    table = subprocess.run(
        [sadf, "-d", "-U", str(archive), "--", "-u"], capture_output=True, text=True, check=True
    ).stdout
    rows = [
        line.split(";") for line in table.splitlines() if line and not line.startswith("#") and "RESTART" not in line
    ]
    oracle = [(float(row[2]), 100 - float(row[-1]) - float(row[-3])) for row in rows if int(row[1]) > 0]
    assert len(found) >= 2
    assert [value for _, value in found] == pytest.approx([value for _, value in oracle], abs=0.03)
    assert [at for at, _ in found] == pytest.approx([at for at, _ in oracle], abs=1.0)


@pytest.mark.parametrize("text", ["", "[]", '{"sysstat": 1}', "<html>", '{"sysstat": {"hosts": 3}}'])
def test_output_that_is_no_sysstat_is_an_error_and_not_an_empty_history(text: str) -> None:
    """A half-written answer must not look like a quiet machine."""
    with pytest.raises(WorldError):
        list(parse_day(text))


def test_csv_takes_epoch_and_iso_times_with_and_without_zone() -> None:
    """Noon in Berlin in summer is ten o'clock UTC; the header is no error, the broken line is told."""
    text = "time,value\n2026-07-01T12:00:00,1.5\n2026-07-01T10:05:00+00:00,2\n1782900600,3\nbroken\n"
    trace = parse_csv(text, "x.csv", "service.load", "service:shop", ZoneInfo("Europe/Berlin"), counter=False)
    assert trace.at == [1782900000.0, 1782900300.0, 1782900600.0]
    assert trace.mean == [1.5, 2.0, 3.0]
    assert trace.notes == ("1 lines are not time,value and were left out",)


def test_a_counter_in_csv_becomes_rates_and_its_reset_is_told() -> None:
    """Ten a second, a restart, ten a second."""
    text = "0,0\n60,600\n120,0\n180,600\n"
    trace = parse_csv(text, "x.csv", "service.load", "service:shop", UTC, counter=True)
    assert trace.mean == [10.0, 10.0]
    assert trace.notes == ("1 counter resets: those steps are left out",)


@given(st.text())
def test_no_text_breaks_the_csv_reader(text: str) -> None:
    """Either samples or one clear reason; never another exception."""
    try:
        trace = parse_csv(text, "x.csv", "service.load", "service:shop", UTC, counter=False)
    except WorldError as error:
        assert error.why == "no_data"
    else:
        assert trace.at == sorted(trace.at)


@pytest.mark.parametrize("line", ["nan,1", "1e300,1", "-5,1", "60,nan", "60,inf", "60,"])
def test_times_and_values_that_are_none_are_refused(line: str) -> None:
    """NaN, infinity, milliseconds beyond any clock."""
    with pytest.raises(WorldError, match="no line of time,value"):
        parse_csv(f"time,value\n{line}\n", "x.csv", "service.load", "service:shop", UTC, counter=False)
