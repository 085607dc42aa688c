"""Blocks are read on several cores at once, which changes nothing in what is counted."""

from pathlib import Path

import pytest

from infra_maintainer.logs import blocks as blocks_module
from infra_maintainer.logs import counts as counts_module
from infra_maintainer.logs import hits as hits_module
from infra_maintainer.logs import reader as reader_module
from infra_maintainer.logs.blocks import blocks_of, pieces
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.json_lines import CADDY
from infra_maintainer.logs.summary import LogSummary, summarise
from tests.logs.logbook import UPSTREAM_FORMAT, Hit, mixed_hits, write


def test_blocks_come_in_order_and_together_are_the_file(tmp_path: Path) -> None:
    """All bytes once, in order, cut where lines end."""
    path = tmp_path / "access.log"
    path.write_bytes(b"".join(b"%06d\n" % number for number in range(20_000)))
    copies = [block.clean for block in blocks_of(path, 4096)]
    assert len(copies) > 10
    assert b"".join(copies) == path.read_bytes()


def test_the_last_pieces_are_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who shares the pieces of a file waits for the last one: no byte is lost or read twice by that."""
    monkeypatch.setattr(blocks_module, "_LAST_BYTES", 500)
    path = tmp_path / "access.log"
    path.write_bytes(b"".join(b"%06d\n" % number for number in range(20_000)))
    with path.open("rb", buffering=0) as log:
        cut = list(pieces(log.fileno(), 8_000))
    sizes = [(piece.stop or 0) - piece.start for piece in cut]
    assert [piece.start for piece in cut] == [0, *(piece.stop for piece in cut[:-1])]
    assert sum(sizes) == path.stat().st_size and not any(size % 7 for size in sizes)
    assert max(sizes) <= 8_000 and sizes[0] > 7_900
    assert sizes[-1] <= 500 and sizes[-10:] == sorted(sizes[-10:], reverse=True)


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    """Not an empty log."""
    with LogEngine(UPSTREAM_FORMAT) as engine, pytest.raises(FileNotFoundError):
        engine.read([tmp_path / "absent.log"])


def test_small_blocks_count_the_same_as_one_block(tmp_path: Path) -> None:
    """Many blocks read ahead: the same account and the same clients as in one go."""
    path = tmp_path / "access.log"
    write(path, mixed_hits(3000))
    counts: list[tuple[int, int, object]] = []
    for block_bytes in (1 << 16, 1 << 26):
        with LogEngine(UPSTREAM_FORMAT, block_bytes) as engine:
            lines = engine.read([path])
            query = "SELECT sum(n), sum(failed), count(DISTINCT client) FROM clients"
            counts.append((lines.lines, lines.parsed, engine.counts().execute(query).fetchone()))
    assert counts[0] == counts[1]
    assert counts[0][:2] == (3000, 3000)


@pytest.mark.parametrize(("few", "most"), [(1 << 40, 1 << 40), (1 << 40, 100), (0, 1 << 40), (30, 60)])
def test_batches_that_become_one_count_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int, most: int
) -> None:
    """All batches in one file, a file now and then, a file for each, and both kinds."""
    path = write(tmp_path / "access.log", mixed_hits(3000))

    def summary() -> LogSummary:
        with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
            engine.read([path])
            return summarise(engine, ["log"], assumed=False)

    whole = summary()
    monkeypatch.setattr(reader_module, "_BATCH_HITS", 50)
    monkeypatch.setattr(counts_module, "_CLIENT_ROWS", 400)
    monkeypatch.setattr(counts_module, "_FEW", few)
    monkeypatch.setattr(counts_module, "_MOST_WAITING", most)
    assert summary() == whole


def test_a_retry_is_counted_with_both_its_upstreams(tmp_path: Path) -> None:
    """The line of a retry is read again in full: route, tries and addresses stay."""
    path = tmp_path / "access.log"
    line = (
        '10.0.0.9 - - [10/Nov/2026:00:00:00 +0000] "GET /a/7 HTTP/1.1" 200 5 "https://x.example/, y : z" "Mozilla/5.0" '
        "0.030 0.010, 0.020 502, 200 10.0.0.1:80, 10.0.0.2:80\n"
    )
    path.write_text(line)
    with LogEngine(UPSTREAM_FORMAT) as engine:
        assert engine.read([path]).parsed == 1
        found = engine.counts().execute("SELECT route, tries, upstream_us::BIGINT FROM tally").fetchall()
        behind = engine.counts().execute("SELECT upstream, attempts FROM upstreams").fetchall()
    assert found == [("GET /a/:id", 2, 30_000)]
    assert behind == [("10.0.0.1:80,10.0.0.2:80", "502,200")]


@pytest.mark.parametrize("good", [0, 3])
def test_lines_of_another_encoding_are_refused_one_by_one(tmp_path: Path, good: int) -> None:
    """Latin-1 in a path of one line is no end of the block, in a text log and in JSON, and none may be left."""
    text = Hit("/straße").line().encode("latin-1") + b"\n"
    json_line = b'{"ts": 1794268800.5, "request": {"uri": "/a", "headers": {"X": ["\xe9"]}}, "status": 200}\n'
    kept = json_line.replace(b"\xe9", b"e")
    for log_format, odd, even in (
        (UPSTREAM_FORMAT, text, Hit("/straße").line().encode() + b"\n"), (CADDY, json_line, kept)
    ):  # fmt: skip
        (tmp_path / "access.log").write_bytes((odd * 2 + even) * good + odd)
        with LogEngine(log_format) as engine:
            lines = engine.read([tmp_path / "access.log"])
        assert (lines.parsed, lines.refused) == (good, {"binary": good * 2 + 1})


def test_a_query_is_cut_off_behind_letters_of_several_bytes(tmp_path: Path) -> None:
    """Places in a text are counted in bytes."""
    path = write(tmp_path / "access.log", [Hit("/über/straße?q=1"), Hit("/über/straße")])
    with LogEngine(UPSTREAM_FORMAT) as engine:
        engine.read([path])
        assert engine.counts().execute("SELECT DISTINCT route FROM tally").fetchall() == [("GET /über/straße",)]


def test_agents_are_told_apart_when_there_are_more_than_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting starts again; no bot becomes a user by it."""
    monkeypatch.setattr(hits_module, "_MOST_AGENTS", 5)
    agents = [f"Browser/{number}" for number in range(20)] + ["Googlebot/2.1", "kube-probe/1.29"]
    path = write(tmp_path / "access.log", [Hit("/a", agent=agents[number % 22]) for number in range(2_200)])
    with LogEngine(UPSTREAM_FORMAT, 8_000) as engine:
        engine.read([path])
        found = engine.counts().execute("SELECT agent, sum(n)::BIGINT FROM tally GROUP BY 1 ORDER BY 1").fetchall()
    assert found == [(0, 2_000), (1, 100), (2, 100)]
