"""When a log begins and ends, to the second, whatever way its lines write the time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.logs import engine as engine_module
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.known import Format, recognise
from infra_maintainer.logs.nginx import nginx_format
from infra_maintainer.logs.summary import LogSummary, summarise
from tests.logs.logbook import UPSTREAM_FORMAT, Hit, summary_of, write
from tests.logs.test_formats import CLF, ENVOY, HAPROXY_LINE, JSON_LINE

BEGIN = datetime(2026, 11, 10, 13, 59, 52, tzinfo=UTC)
BOT = "Googlebot/2.1"
ENVOY_LINE = ENVOY.format(status=204, flags="-", back=100)


def at(style: str, line: str, before: str) -> Callable[[datetime], str]:
    """A line of another moment."""
    return lambda moment: line.replace(before, moment.strftime(style).replace("EPOCH", f"{moment.timestamp():.3f}"))


WAYS = {
    "common": at("%d/%b/%Y:%H:%M:%S +0000", CLF + ' 200 5 "-" "Mozilla/5.0"', "10/Nov/2026:00:00:00 +0000"),
    "ISO": at("%Y-%m-%dT%H:%M:%S.310Z", ENVOY_LINE, "2026-11-10T00:00:00.310Z"),
    "JSON, ISO with a zone": at("%Y-%m-%dT%H:%M:%S+00:00", JSON_LINE.format(time="NOW"), "NOW"),
    "JSON, ISO without a zone": at("%Y-%m-%dT%H:%M:%S", JSON_LINE.format(time="NOW"), "NOW"),
    "HAProxy": at("%d/%b/%Y:%H:%M:%S", HAPROXY_LINE, "10/Nov/2026:00:00:00"),
}


def read(path: Path, log_format: Format, zone: str = "UTC") -> LogSummary:
    """The summary of one file."""
    with LogEngine(log_format, 1 << 20) as engine:
        engine.read([path])
        return summarise(engine, ["log"], assumed=True, zone=zone)


@pytest.mark.parametrize("way", WAYS)
def test_a_log_of_fourteen_seconds_is_fourteen_seconds_long(tmp_path: Path, way: str) -> None:
    """It touches two minutes; requests of minutes are still counted by minute."""
    lines = [WAYS[way](BEGIN + timedelta(seconds=n)) for n in range(15)]
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")
    found = recognise(lines)
    assert found is not None
    summary = read(tmp_path / "a.log", found.format)
    assert (summary.begin, summary.end) == (BEGIN, BEGIN + timedelta(seconds=14)) and summary.window_s == 14
    assert summary.last_request == summary.end
    minute = int(BEGIN.timestamp()) // 60
    assert [each[:2] for each in summary.minutes] == [(minute, 8), (minute + 1, 7)]


@pytest.mark.parametrize("variable", ["$msec", "$time_iso8601"])
def test_nginx_writes_other_times_too(tmp_path: Path, variable: str) -> None:
    """Seconds with a fraction, and ISO with a zone of its own."""
    text = {"$msec": "1794319192.4", "$time_iso8601": "2026-11-10T14:59:52+01:00"}[variable]
    end = {"$msec": "1794319221.9", "$time_iso8601": "2026-11-10T15:00:21+01:00"}[variable]
    lines = [f'10.0.0.1 [{each}] "GET / HTTP/1.1" 200 0.010' for each in (text, end)]
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")
    summary = read(tmp_path / "a.log", nginx_format(f'$remote_addr [{variable}] "$request" $status $request_time'))
    assert (summary.begin, summary.window_s) == (BEGIN, 29)


def test_a_wall_clock_is_moved_to_its_zone(tmp_path: Path) -> None:
    """HAProxy in Berlin: an hour earlier, to the second."""
    (tmp_path / "a.log").write_text("".join(WAYS["HAProxy"](BEGIN + timedelta(seconds=n)) + "\n" for n in (0, 41)))
    found = recognise([HAPROXY_LINE])
    assert found is not None
    summary = read(tmp_path / "a.log", found.format, "Europe/Berlin")
    assert (summary.begin, summary.window_s) == (BEGIN - timedelta(hours=1), 41)


@pytest.mark.parametrize("worth_a_process", [0, 1 << 40])
def test_a_log_lasts_as_long_as_its_lines_and_its_users_end_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth_a_process: int
) -> None:
    """Programs ask before and after the users; lines do not stand in order, and come in many blocks of two readers."""
    monkeypatch.setattr(engine_module, "_WORTH_A_PROCESS_BYTES", worth_a_process)
    hits = [Hit("/", minute=5, second=n % 50) for n in range(3000)]
    hits.insert(2, Hit("/", minute=3, second=1, agent=BOT))
    hits.insert(2990, Hit("/healthz", minute=5, second=58))
    path = write(tmp_path / "a.log", hits)
    with LogEngine(UPSTREAM_FORMAT, 30_000) as engine:
        engine.read([path])
        summary = summarise(engine, ["log"], assumed=False)
    day = datetime(2026, 11, 10, tzinfo=UTC)
    assert summary.begin == day.replace(minute=3, second=1)
    assert summary.end == day.replace(minute=5, second=58) and summary.window_s == 177
    assert summary.last_request == day.replace(minute=5, second=49)


def test_all_lines_of_one_second_lasted_no_longer_than_it(tmp_path: Path) -> None:
    """A window of nothing would make a rate of infinity."""
    assert summary_of(write(tmp_path / "a.log", [Hit("/")] * 9)).window_s == 1


def test_times_without_seconds_are_known_to_the_minute(tmp_path: Path) -> None:
    """Nothing is made up: no second, and a window that is at most the one told."""
    times = ("2026-11-10T14:05Z", "2026-11-10T14:07Z")
    (tmp_path / "a.log").write_text("".join(JSON_LINE.format(time=each) + "\n" for each in times))
    found = recognise([JSON_LINE.format(time=times[0])])
    assert found is not None
    summary = read(tmp_path / "a.log", found.format)
    assert summary.begin is None and summary.last_request is None and summary.window_s == 180
    assert len(summary.minutes) == 2
