"""How an owner may declare a log: by its server's configuration, by a format's name, and with mistakes."""

import gzip
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.system.access_log import AccessLog
from tests.logs.logbook import Hit, write
from tests.sources.test_access_log import FORMAT, HEALTHY, finding, judged, look, report_of, value

ODD = f"edge-1 {FORMAT}"  # no format known by heart begins so


def odd_log(path: Path) -> Path:
    """A log in a format that only its configuration knows."""
    path.write_text("".join(f"edge-1 {hit.line()}\n" for hit in HEALTHY[:300]))
    return path


def configuration(path: Path, log: str) -> str:
    """An nginx configuration that writes the odd format into `log`."""
    path.write_text(f"http {{ log_format odd '{ODD}'; server {{ access_log {log} odd; }} }}")
    return str(path)


def test_a_copy_of_a_log_is_read_in_the_format_of_its_servers_configuration(tmp_path: Path) -> None:
    """The configuration names another path; comparing paths alone would leave everything unknown."""
    log = odd_log(tmp_path / "copy.log")
    server = configuration(tmp_path / "nginx.conf", "/var/log/nginx/access.log")
    evidence = look(AccessLog(name="shop", path=str(log), server_config=server))
    assert value(evidence, "traffic.requests", "traffic:shop") == 300
    (form,) = [each.value for each in evidence if isinstance(each, Measured) and each.quantity == "log.format"]
    assert form == "nginx odd (recognised from its lines)"


def test_a_format_may_be_named_as_the_servers_configuration_names_it(tmp_path: Path) -> None:
    """`format = "odd"` is the word that stands in nginx.conf."""
    log = odd_log(tmp_path / "copy.log")
    server = configuration(tmp_path / "nginx.conf", "/var/log/nginx/access.log")
    evidence = look(AccessLog(name="shop", path=str(log), server_config=server, format="odd"))
    assert value(evidence, "traffic.requests", "traffic:shop") == 300
    assert value(evidence, "log.lines.refused", "traffic:shop") == 0


def test_a_format_that_nobody_knows_is_the_owners_mistake_and_not_our_fault(tmp_path: Path) -> None:
    """What may stand there is said; a fault of ours would ask for a report."""
    log = write(tmp_path / "access.log", HEALTHY[:100])
    (gap,) = {
        (each.why, each.detail.partition(";")[0])
        for each in look(AccessLog(name="shop", path=str(log), format="shop"))
        if isinstance(each, Missing)
    }
    assert gap == ("no_data", "format 'shop': no known log format")


@pytest.mark.parametrize("named", [None, "odd"])
def test_a_servers_format_without_a_status_is_told_and_no_fault_of_ours(tmp_path: Path, named: str | None) -> None:
    """By the path of the log and by the name of the format; it used to end in a KeyError."""
    log = write(tmp_path / "access.log", HEALTHY[:100])
    server = tmp_path / "nginx.conf"
    server.write_text(f"http {{ log_format odd '$remote_addr [$time_local] $foo'; access_log {log} odd; }}")
    evidence = look(AccessLog(name="shop", path=str(log), server_config=str(server), format=named))
    (gap,) = {(each.why, each.detail, each.how) for each in evidence if isinstance(each, Missing)}
    assert gap[:2] == (
        "no_data",
        f"{log}, written as odd: the format has no status, which tells failed requests; "
        "log $status (nginx) or %>s (Apache)",
    )
    assert gap[2] == "add it to odd in the server's configuration"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("[$time_local] $status", "[10/Nov/2026:10:00:00 +0000] {}\n"),
        ('{"at":"$time_iso8601","s":"$status"}', '{{"at":"2026-11-10T10:00:00+00:00","s":"{}"}}\n'),
    ],
)
def test_a_format_without_the_request_still_tells_how_requests_ended(tmp_path: Path, form: str, line: str) -> None:
    """Whoever logs no paths, for the privacy of users, has errors all the same; it used to end in a TypeError."""
    (tmp_path / "access.log").write_text("".join(line.format(500 if n % 20 == 0 else 200) for n in range(200)))
    evidence = look(AccessLog(name="shop", path=str(tmp_path / "access.log"), format=form))
    assert value(evidence, "traffic.requests", "traffic:shop") == 200
    assert value(evidence, "traffic.errors", "traffic:shop") == 5


def test_lines_that_no_format_fits_name_the_configuration_that_did_not_help(tmp_path: Path) -> None:
    """Asking for the server_config that was given leads nowhere."""
    (tmp_path / "dpkg.log").write_text("2026-11-10 10:00:00 status installed nginx:amd64 1.22\n" * 50)
    server = configuration(tmp_path / "nginx.conf", "/var/log/nginx/access.log")
    evidence = look(AccessLog(name="shop", path=str(tmp_path / "dpkg.log"), server_config=server))
    (detail,) = {each.detail for each in evidence if isinstance(each, Missing)}
    assert detail.endswith(f"its lines have no known format, nor one of {server}")


@pytest.mark.parametrize("mistake", [{"format": "shop"}, {"server_config": "/nowhere/nginx.conf"}, {"path": "odd"}])
def test_a_declared_log_that_cannot_be_read_is_never_beside_the_point(tmp_path: Path, mistake: dict[str, str]) -> None:
    """An unknown that does not matter would let other checks make the system healthy."""
    log = write(tmp_path / "access.log", HEALTHY[:100])
    if mistake.get("path"):
        mistake = {"path": str(odd_log(tmp_path / "odd.log"))}
    report = judged(look(AccessLog.model_validate({"name": "shop", "path": str(log)} | mistake)))
    assert {each.matters for each in report.unknowns if each.code == "traffic_errors"} == {True}


def test_an_empty_log_does_not_ask_for_its_format(tmp_path: Path) -> None:
    """No format helps where there is no line."""
    (tmp_path / "access.log").touch()
    evidence = look(AccessLog(name="shop", path=str(tmp_path / "access.log")))
    assert {each.why for each in evidence if isinstance(each, Missing)} == {"no_data"}
    assert not [each for each in evidence if isinstance(each, Missing) and "format" in each.how]


def test_the_availability_budget_gives_the_reason_of_the_declared_log(tmp_path: Path) -> None:
    """Who declared a log is not told to declare one; who declared none is."""
    report = judged(look(AccessLog(name="shop", path=str(tmp_path / "none.log"))))
    (budget,) = [each for each in report.unknowns if each.code == "budget_availability"]
    assert (budget.why, budget.how) == ("no_data", "correct the path in [[access_log]]")
    (undeclared,) = [each for each in judged([]).unknowns if each.code == "budget_availability"]
    assert (undeclared.why, undeclared.how[:24]) == ("not_configured", "declare an [[access_log]")


def test_a_log_cut_inside_its_compression_is_told_beside_what_was_read(tmp_path: Path) -> None:
    """Half of a day must not pass for the day."""
    packed = gzip.compress("".join(hit.line() + "\n" for hit in HEALTHY).encode())
    (tmp_path / "access.log.gz").write_bytes(packed[: len(packed) // 2])
    log = AccessLog(name="shop", path=str(tmp_path / "access.log.gz"), format=FORMAT)
    (cut,) = [each for each in judged(look(log)).unknowns if each.code == "log_refused"]
    assert cut.says == "all traffic of shop: part of its log was not read, and is in no figure."
    assert "Compressed file ended" in cut.detail
    (tmp_path / "access.log.gz").write_bytes(packed)
    assert not [each for each in judged(look(log)).unknowns if each.code == "log_refused"]


@pytest.mark.parametrize("named", [FORMAT, None, "combined"])
def test_users_who_left_count_alike_in_every_format_that_nginx_writes(tmp_path: Path, named: str | None) -> None:
    """nginx's own default is the combined format, which is Apache's as well."""
    lines = [hit.line() for hit in [*HEALTHY[:195], *(Hit("/item/9", 499, tries=()) for _ in range(5))]]
    if named != FORMAT:
        lines = [line.rsplit('"', 1)[0] + '"' for line in lines]
    (tmp_path / "access.log").write_text("\n".join(lines) + "\n")
    evidence = look(AccessLog(name="shop", path=str(tmp_path / "access.log"), format=named))
    assert value(evidence, "traffic.errors.aborted", "traffic:shop") == 5


def test_a_user_who_left_is_no_failure_of_the_upstream(tmp_path: Path) -> None:
    """nginx writes "-" for the answer that nobody waited for; a refused connection is 502 and counts."""
    hits = [
        *(Hit("/", 499, tries=(("a:80", 0),)) for _ in range(10)),
        *(Hit("/", 502, tries=(("a:80", 502),)) for _ in range(5)),
        *(Hit("/", tries=(("a:80", 200),)) for _ in range(85)),
    ]
    text = "".join(hit.line().replace(" 0 a:80", " - a:80") + "\n" for hit in hits)
    (tmp_path / "access.log").write_text(text)
    evidence = look(AccessLog(name="shop", path=str(tmp_path / "access.log"), format=FORMAT))
    assert value(evidence, "upstream.errors", "upstream:shop:a:80") == 5


def test_shares_of_upstreams_are_of_all_time_in_them_bots_included(tmp_path: Path) -> None:
    """Set against the users' wait alone they were 200 % here."""
    hits = [
        Hit("/", ms=100, tries=((f"{where}:80", 200),), agent=agent, minute=minute)
        for minute in range(50)
        for where, agent in (("a", "Googlebot/2.1"), ("b", "Googlebot/2.1"), ("a", "Firefox"), ("b", "Firefox"))
    ]
    log = AccessLog(name="shop", path=str(write(tmp_path / "access.log", hits)), format=FORMAT)
    shares = [e.value for e in look(log) if isinstance(e, Measured) and e.quantity == "upstream.time.share"]
    assert shares == [50, 50]


def test_slow_routes_are_named_and_fast_ones_are_not_called_alike(tmp_path: Path) -> None:
    """One route of ten holds the tail of the whole; the others are fast."""
    slow = [Hit("/search", ms=2500 + n, minute=n // 10) for n in range(400)]
    says = finding(report_of(tmp_path, HEALTHY + slow), "traffic_slow", "traffic:shop").says
    assert says.endswith("limit P99 2 s; also GET /search")


def test_one_or_two_broken_requests_are_too_few_to_tell_and_never_a_pass(tmp_path: Path) -> None:
    """All such routes are one unknown: "100 % of 2 requests failed: ok" is no answer, and a finding is none either."""
    broken = [Hit(path, 500, tries=(("a:1", 500),)) for path in ("/once", "/pay", "/pay")]
    report = report_of(tmp_path, [*HEALTHY, *broken, Hit("/well")])
    (few,) = [each for each in report.unknowns if each.code == "traffic_errors"]
    assert few.says.startswith("Too few failures to tell: ") and few.says.endswith("(limit 0.1 %)")
    assert "GET /once (shop): 100 % of 1 request failed" in few.says
    assert "GET /pay (shop): 100 % of 2 requests failed" in few.says and "/well" not in few.says
    assert few.why == "no_data" and not few.matters and few.user_facing
    told = [each for each in [*report.passes, *report.findings] if each.code == "traffic_errors"]
    assert not [each for each in told if each.subject[-4:] in ("once", "/pay")]
    assert [each for each in told if each.subject == "route:shop:GET /well"]
    records = {each.id: each for each in report.evidence}
    assert {records[id].subject for id in few.evidence} == {"route:shop:GET /once", "route:shop:GET /pay"}


RETRIED = (("a:1", 502), ("b:1", 200))


def test_paths_that_never_existed_are_nobodys_route_and_few_retries_are_few(tmp_path: Path) -> None:
    """A scanner's 404s behind a retry are in the whole alone; one retry of a quiet route is no finding and no pass."""
    gone = [Hit(f"/wp-{n}", 404, tries=(("a:1", 502), ("b:1", 404)) if n < 12 else (("b:1", 404),)) for n in range(24)]
    quiet = [Hit("/quiet", tries=RETRIED), Hit("/quiet")]
    report = report_of(tmp_path, [*HEALTHY, *gone, *quiet])
    every: list[Finding | Pass | Unknown] = [*report.findings, *report.passes, *report.unknowns]
    told = {each.subject: each for each in every if each.code == "retries_hide_failures"}
    assert "(no such path)" in {each.subject.split(":")[-1] for each in report.evidence}
    assert not [each.says for each in every if each.code == "retries_hide_failures" and "(no such path)" in each.says]
    few = told["route:shop:GET /quiet"]
    assert few.kind == "unknown" and "50 % of 2 requests; fewer than 3 are no rate" in few.says
    assert told["traffic:shop"].kind == "pass" and "0.323 % of 4,026" in told["traffic:shop"].says


def test_three_retries_of_a_route_are_told(tmp_path: Path) -> None:
    """The benign twin of few: as many as a rate needs."""
    report = report_of(tmp_path, [*HEALTHY, *([Hit("/pay", tries=RETRIED)] * 3), *([Hit("/pay")] * 20)])
    assert "13 % of 23 requests" in finding(report, "retries_hide_failures", "route:shop:GET /pay").says


def test_what_was_set_aside_is_counted_beside_the_users_requests(tmp_path: Path) -> None:
    """Whoever counts the lines of the log finds every one of them in the report."""
    hits = [
        *(Hit("/", minute=n) for n in range(40)),
        *(Hit("/app.css", minute=n) for n in range(30)),
        *(Hit("/", agent="Googlebot/2.1", minute=n) for n in range(20)),
        *(Hit("/healthz", minute=n) for n in range(10)),
    ]
    (told,) = [each.says for each in report_of(tmp_path, hits).passes if each.code == "log_refused"]
    assert "0 of 100 log lines refused (none); 40 requests of users, set aside 30 for static files" in told
    assert "20 of bots, 10 of health checks" in told
