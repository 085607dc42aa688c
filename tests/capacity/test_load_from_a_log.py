"""The load of a service from its access log, and the lines that declare it where nobody did."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra_maintainer.sources.log_history import read_log
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import ConfigError, parse_system
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import LiveWorld
from tests.capacity.worlds import START, plan, write_world

HISTORY = '[[history]]\nsubject = "service:shop"\nquantity = "service.load"\naccess_log = "{name}"\n'
LOG = '[[access_log]]\nname = "shop"\npath = "{path}"\nformat = "combined"\n'
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


def written(path: Path, counts: list[int]) -> None:
    """A log in nginx's combined format with so many requests in each minute, and a robot beside each tenth of them."""
    with path.open("w", encoding="utf-8") as log:
        for minute, count in enumerate(counts):
            at = datetime.fromtimestamp(START.timestamp() + 60 * minute, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
            for number in range(count):
                log.write(f'192.0.2.{number % 9 + 1} - - [{at}] "GET /cart HTTP/1.1" 200 9 "-" "{AGENT}"\n')
                if number % 10 == 0:
                    log.write(f'192.0.2.99 - - [{at}] "GET /cart HTTP/1.1" 200 9 "-" "Googlebot/2.1"\n')


def test_the_load_is_what_users_asked_in_each_whole_minute(tmp_path: Path) -> None:
    """Against the counts that the log was written from: silence is zero, cut minutes and robots do not count."""
    counts = [random.Random(7).randrange(0, 40) for _ in range(2)] + [0, 12, 0, 33, 18]
    counts = [5, *counts, 7]
    written(tmp_path / "access.log", counts)
    system = parse_system(LOG.format(path=tmp_path / "access.log") + HISTORY.format(name="shop"))
    trace = read_log(Survey(LiveWorld(60), system), system.history[0])
    assert [round(each * 60) for each in trace.mean] == counts[1:-1]
    assert trace.at == [START.timestamp() + 60 * minute for minute in range(1, len(counts) - 1)]
    assert f"{counts[1:-1].count(0)} minutes without a request: quiet or down, a log cannot tell" in trace.notes
    robots = sum((count + 9) // 10 for count in counts)
    assert any(each.startswith(f"{robots} requests of programs") for each in trace.notes)


def test_a_log_that_nobody_declared_is_named_with_those_there_are(tmp_path: Path) -> None:
    """A slip of the name is told, and no empty history is made of it."""
    system = parse_system(LOG.format(path=tmp_path / "access.log") + HISTORY.format(name="shpo"))
    with pytest.raises(WorldError, match=r"no \[\[access_log\]\] is called shpo \(shop\)"):
        read_log(Survey(LiveWorld(60), system), system.history[0])


@pytest.mark.parametrize("more", ['csv = "/srv/load.csv"\n', "counter = true\n"])
def test_a_log_with_another_origin_is_refused(more: str) -> None:
    """One origin for each history, and a log is no counter."""
    with pytest.raises(ConfigError, match="access_log"):
        parse_system(HISTORY.format(name="shop") + more)


PROMETHEUS = '[[prometheus]]\nname = "main"\nurl = "http://127.0.0.1:9"\nrequests = "shop_requests_total"\n'


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        (LOG.format(path="/var/log/nginx/access.log"), 'access_log = "shop"'),
        (PROMETHEUS, 'prometheus = "http://127.0.0.1:9" query = "sum(rate(shop_requests_total[5m]))"'),
    ],
)
def test_a_load_that_nobody_declared_is_unknown_with_the_lines_to_write(
    tmp_path: Path, declared: str, line: str
) -> None:
    """What is declared already holds it; written as told, the parser takes the lines."""
    system = f'[[service]]\nname = "shop"\n{declared}'
    report = plan(system, write_world(tmp_path / "w", START, {}))
    (gap,) = [each for each in report.unknowns if each.quantity == "service.load"]
    assert gap.subject == "service:shop" and gap.how.endswith(line)
    words = gap.how.removeprefix("declare [[history]] ")
    for key in ("quantity", "access_log", "prometheus", "query"):
        words = words.replace(f" {key} = ", f"\n{key} = ")
    (history,) = parse_system(f"{system}[[history]]\n{words}\n").history
    assert (history.subject, history.quantity) == ("service:shop", "service.load")


def test_without_a_log_or_metrics_nothing_is_said_of_lines(tmp_path: Path) -> None:
    """A machine alone has no users to count."""
    report = plan("", write_world(tmp_path / "w", START, {}))
    assert not [each for each in report.unknowns if each.quantity == "service.load"]
