"""What a log says of its users agrees with a plain count, whatever way the lines took in."""

import gzip
from pathlib import Path

import pytest
import zstandard

from infra_maintainer.logs.apache import COMBINED, apache_format
from tests.logs.logbook import (
    GOOGLE,
    Expected,
    Hit,
    hits_of_every_kind,
    mixed_hits,
    plain_count,
    route,
    summary_of,
    write,
)
from tests.requirements_link import requirement


@requirement("monitoring.user_percentiles", "monitoring.user_errors", "antipatterns.hidden_retries")
def test_every_route_agrees_with_a_plain_count(tmp_path: Path) -> None:
    """Requests, exact P50, P95 and P99, failures, hidden retries and failed clients of 20,000 mixed requests."""
    hits = mixed_hits(20_000)
    summary = summary_of(write(tmp_path / "a.log", hits))
    found = {
        each.route: Expected(
            each.requests,
            each.p50_us or 0,
            each.p95_us or 0,
            each.p99_us or 0,
            each.failed,
            each.hidden_retries or 0,
            each.clients_failed or 0,
        )
        for each in summary.routes
    }
    assert found == plain_count(hits)
    assert summary.clients == len({hit.client for hit in hits})


def test_blocks_of_any_size_give_the_same_counts(tmp_path: Path) -> None:
    """A block boundary in the middle of a line neither loses nor doubles it."""
    path = write(tmp_path / "a.log", mixed_hits(3_000))
    assert summary_of(path, block_bytes=10_007).routes == summary_of(path, block_bytes=64 << 20).routes


def test_rotated_and_compressed_logs_are_one_log(tmp_path: Path) -> None:
    """gzip and zstd are recognised by content, and a hard link beside a log does not double it."""
    hits = mixed_hits(3_000)
    whole = summary_of(write(tmp_path / "whole.log", hits))
    (tmp_path / "old.bin").write_bytes(gzip.compress("".join(h.line() + "\n" for h in hits[:1000]).encode()))
    text = "".join(h.line() + "\n" for h in hits[1000:2000]).encode()
    (tmp_path / "older").write_bytes(zstandard.ZstdCompressor().compress(text))
    new = write(tmp_path / "new.log", hits[2000:])
    (tmp_path / "link.log").hardlink_to(new)
    parts = summary_of(tmp_path / "old.bin", tmp_path / "older", new, tmp_path / "link.log")
    assert parts.routes == whole.routes
    assert parts.lines == 3_000


@requirement("performance.complete_errors")
def test_failures_are_told_apart_by_kind(tmp_path: Path) -> None:
    """5xx of the server, of the balancer alone, time-outs and users who left are four things."""
    hits = [
        Hit("/pay", 500, tries=(("10.1.0.1:80", 500),)),
        Hit("/pay", 502, tries=()),
        Hit("/pay", 504, tries=(("10.1.0.1:80", 504),)),
        Hit("/pay", 499, tries=()),
        Hit("/pay", 404),
        Hit("/pay", 200),
    ]
    pay = route(summary_of(write(tmp_path / "a.log", hits)), "GET /pay")
    assert pay.failures == {"server_error": 1, "balancer_error": 1, "timeout": 1, "aborted": 1}


@requirement("antipatterns.optimistic_timeouts")
def test_a_time_out_at_a_round_value_is_seen(tmp_path: Path) -> None:
    """Ten requests that end with 504 at 60.00x s are a time-out of 60 s; the same count spread out is none."""
    fast = [Hit("/report", ms=40) for _ in range(500)]
    cut = [Hit("/report", 504, 60_000 + n, tries=(("10.1.0.1:80", 504),)) for n in range(10)]
    spread = [Hit("/report", 504, 41_300 + 1_700 * n, tries=(("10.1.0.1:80", 504),)) for n in range(10)]
    assert route(summary_of(write(tmp_path / "a.log", fast + cut)), "GET /report").cut_off_us == 60_000_000
    assert route(summary_of(write(tmp_path / "b.log", fast + spread)), "GET /report").cut_off_us is None


def test_static_bot_and_health_traffic_stands_apart(tmp_path: Path) -> None:
    """None of them moves the users' percentiles, all of them are counted."""
    hits = [Hit("/shop", ms=100)] * 10 + [Hit("/app.css", ms=1)] * 7 + [Hit("/healthz", ms=1)] * 5
    hits += [Hit("/shop", ms=9000, agent="Googlebot/2.1 (+http://www.google.com/bot.html)")] * 3
    hits += [Hit("/shop", ms=1, agent="kube-probe/1.29")] * 2
    summary = summary_of(write(tmp_path / "a.log", hits))
    assert summary.traffic == {"user": 10, "static": 7, "health": 7, "bot": 3}
    assert summary.users is not None and summary.users.p99_us == 100_000


@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2.0"])
def test_minutes_count_the_same_requests_as_all_figures_of_users(tmp_path: Path, protocol: str) -> None:
    """Static files and health paths would thin a burn rate out, here those that fail would add to it."""
    hits = [*hits_of_every_kind(), *(Hit("/app.css", 500, minute=n) for n in range(50))]
    path = write(tmp_path / "a.log", hits)
    path.write_text(path.read_text().replace("HTTP/1.1", protocol))
    summary = summary_of(path)
    assert summary.users is not None and summary.traffic["static"] and summary.traffic["health"]
    requests, failed = (sum(each[at] for each in summary.minutes) for at in (1, 2))
    assert (requests, failed) == (summary.users.requests, summary.users.failed)


def test_a_document_that_a_person_asks_for_is_a_request_and_a_part_of_a_page_is_none(tmp_path: Path) -> None:
    """An invoice that cannot be loaded is a failure that a user felt; a missing picture is told apart."""
    documents = ("all.zip", "orders.csv", "a.docx", "feed.xml", "terms.txt")
    parts = ("app.css", "app.mjs", "app.js.map", "logo.jpeg", "a.svg", "a.woff2", "film.mp4", "favicon.ico")
    hits = [Hit(f"/invoices/{n}.pdf", 500 if n < 3 else 200) for n in range(10)] + [
        Hit(f"/{each}") for each in documents
    ]
    hits += [Hit(f"/{each}", 500) for each in parts] + [Hit("/a.pdf", agent=GOOGLE)]
    summary = summary_of(write(tmp_path / "a.log", hits))
    assert summary.traffic == {"user": 15, "static": 8, "bot": 1}
    invoices = route(summary, "GET /invoices/:id.pdf")
    assert (invoices.requests, invoices.failed) == (10, 3)
    assert {each.route for each in summary.routes} == {"GET /invoices/:id.pdf", *(f"GET /{each}" for each in documents)}


def test_upstreams_are_blamed_for_their_own_attempts(tmp_path: Path) -> None:
    """The one that failed first and was retried elsewhere has the failed attempts, although every user got a 200."""
    hits = [Hit("/", tries=(("10.1.0.9:80", 502), ("10.1.0.1:80", 200)))] * 5 + [Hit("/")] * 95
    summary = summary_of(write(tmp_path / "a.log", hits))
    failed = {each.address: (each.attempts, each.failed_attempts) for each in summary.upstreams}
    assert failed == {"10.1.0.9:80": (5, 5), "10.1.0.1:80": (100, 0)}
    assert summary.users is not None and summary.users.hidden_retries == 5 and summary.users.failed == 0


def test_a_log_without_times_has_no_latency(tmp_path: Path) -> None:
    """The plain combined format: requests and errors are known, percentiles are not zero but absent."""
    line = '10.0.0.1 - - [10/Nov/2026:00:00:00 +0000] "GET / HTTP/1.1" 500 5 "-" "Mozilla/5.0"\n'
    (tmp_path / "a.log").write_text(line * 50)
    users = summary_of(tmp_path / "a.log", log_format=apache_format(COMBINED)).users
    assert users is not None
    assert (users.requests, users.failed, users.timed, users.p95_us, users.mean_us) == (50, 50, 0, None, None)
    assert users.hidden_retries is None


def test_identifiers_of_every_shape_fold_into_one_route(tmp_path: Path) -> None:
    """Numbers, UUIDs, long hexadecimal and mixed words; versions and plain words stay."""
    paths = [
        "/v2/item/17",
        "/v2/item/0a1b2c3d4e5f60718293",
        "/v2/item/3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "/v2/item/AbC9dEf8gHi7Kk",
    ]
    summary = summary_of(write(tmp_path / "a.log", [Hit(path) for path in paths] + [Hit("/v2/item/list")]))
    assert {each.route: each.requests for each in summary.routes} == {"GET /v2/item/:id": 4, "GET /v2/item/list": 1}


def test_scanners_words_do_not_become_routes(tmp_path: Path) -> None:
    """A thousand paths that never existed are one line of the report, and their client is named a scanner."""
    hits = [Hit(f"/wp-{n:x}-admin.php", 404, client="10.9.9.9") for n in range(1000)] + [Hit("/")] * 20
    summary = summary_of(write(tmp_path / "a.log", hits))
    assert {each.route: each.requests for each in summary.routes} == {"(no such path)": 1000, "GET /": 20}
    assert summary.scanners == 1


def test_a_request_again_after_its_failure_counts_as_a_visible_retry(tmp_path: Path) -> None:
    """A user who reloads a failing page three times has one failure and two repeats; others have none."""
    failing = [Hit("/pay", 500, client="10.0.0.7", tries=(("10.1.0.1:80", 500),))] * 3
    summary = summary_of(write(tmp_path / "a.log", failing + [Hit("/pay", 500, client="10.0.0.8")]))
    assert summary.repeats == 2
