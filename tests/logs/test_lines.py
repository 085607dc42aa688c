"""No line is lost in silence: lines read = parsed + refused + unfinished, whatever is in the file."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.logs.account import Lines
from infra_maintainer.logs.engine import LogEngine
from tests.logs.logbook import UPSTREAM_FORMAT, Hit, mixed_hits, write

GOOD = Hit("/a").line().encode()


def lines_of(path: Path, block_bytes: int = 1 << 20) -> Lines:
    """Read one file."""
    with LogEngine(UPSTREAM_FORMAT, block_bytes) as engine:
        return engine.read([path])


def balanced(lines: Lines, content: bytes) -> bool:
    """The account holds, and agrees with the newlines of the file."""
    count = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    return lines.lines == count == lines.parsed + sum(lines.refused.values()) + lines.unfinished


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (b"", "empty"),
        (b" ", "empty"),
        (b"\x00\xff\x13garbage", "binary"),
        (GOOD.replace(b"/a", b"/\xff\xfe"), "binary"),
        (GOOD.replace(b"/a", b"/a\rb"), "binary"),
        (b'{"status": 200}', "json_line"),
        (GOOD.replace(b'HTTP/1.1"', b"HTTP/1.1"), "unbalanced_quote"),
        (b"Nov 10 kernel: something else", "other_format"),
        (GOOD.replace(b" 200 512 ", b" two 512 "), "other_format"),
        (GOOD.replace(b" 0.010 200", b" 0.010  200"), "other_format"),
        (GOOD.replace(b"10.1.0.1:80", b"10.1.0.1:80 x"), "other_format"),
        (GOOD.replace(b"/a", b"/" + b"a" * 2_000_000), "too_long"),
    ],
)
def test_a_bad_line_is_refused_by_kind_and_takes_no_neighbour_with_it(tmp_path: Path, bad: bytes, kind: str) -> None:
    """A thousand good lines around three bad ones all count."""
    content = (GOOD + b"\n") * 500 + (bad + b"\n" + GOOD + b"\n") * 3 + (GOOD + b"\n") * 497
    (tmp_path / "a.log").write_bytes(content)
    lines = lines_of(tmp_path / "a.log")
    assert (lines.parsed, lines.refused) == (1000, {kind: 3})
    assert balanced(lines, content)
    assert len(lines.examples[kind]) == 3 and all(len(example) <= 1300 for example in lines.examples[kind])


def test_a_first_line_with_more_quotes_than_the_format_is_one_refused_line(tmp_path: Path) -> None:
    """The reader takes the shape of a block from its first line: it must not refuse the block for it."""
    (tmp_path / "a.log").write_bytes(GOOD.replace(b"/a", b'/a"b"c') + b"\n" + (GOOD + b"\n") * 10)
    lines = lines_of(tmp_path / "a.log")
    assert (lines.parsed, lines.refused) == (10, {"other_format": 1})


def test_an_escaped_quote_takes_the_slow_way_and_still_counts(tmp_path: Path) -> None:
    """Apache writes a quote inside the agent as a backslash and a quote."""
    odd = GOOD.replace(b"Mozilla/5.0", rb"Moz\"illa\"/5.0")
    (tmp_path / "a.log").write_bytes((GOOD + b"\n" + odd + b"\n") * 10)
    assert lines_of(tmp_path / "a.log").parsed == 20


def test_windows_line_ends_are_an_ordinary_log(tmp_path: Path) -> None:
    """Carriage returns before newlines are no damage."""
    (tmp_path / "a.log").write_bytes((GOOD + b"\r\n") * 100)
    assert lines_of(tmp_path / "a.log").parsed == 100


def test_the_line_being_written_is_unfinished(tmp_path: Path) -> None:
    """The end of a growing log without its newline is neither parsed nor refused."""
    (tmp_path / "a.log").write_bytes((GOOD + b"\n") * 10 + GOOD[:40])
    lines = lines_of(tmp_path / "a.log")
    assert (lines.lines, lines.parsed, lines.refused, lines.unfinished) == (11, 10, {}, 1)


def test_a_file_is_read_to_the_size_it_had(tmp_path: Path) -> None:
    """What is appended while the first block is being counted belongs to the next look."""
    path = tmp_path / "a.log"
    path.write_bytes((GOOD + b"\n") * 1000)
    asked = 0

    def append() -> bool:
        nonlocal asked
        asked += 1
        with path.open("ab") as log:
            log.write((GOOD + b"\n") * 100)
        return True

    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
        assert engine.read([path], append).lines == 1000
    assert asked > 5


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_a_truncated_archive_keeps_what_came_before_the_damage(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    """Half of the compressed bytes give some of the lines, and the report says where it stopped."""
    packed = compress(b"".join(hit.line().encode() + b"\n" for hit in mixed_hits(5_000)))
    (tmp_path / "a.log").write_bytes(packed[: len(packed) // 2])
    lines = lines_of(tmp_path / "a.log")
    assert 0 < lines.parsed < 5_000 and lines.lines == lines.parsed + lines.unfinished
    assert "reading stopped" in lines.problems[0]


def test_a_damaged_archive_keeps_what_came_before_the_damage(tmp_path: Path) -> None:
    """A byte that flipped in the middle: the library names it by an error of its own."""
    packed = bytearray(gzip.compress(b"".join(hit.line().encode() + b"\n" for hit in mixed_hits(20_000))))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    (tmp_path / "a.log").write_bytes(packed)
    lines = lines_of(tmp_path / "a.log", 100_000)
    assert 0 < lines.parsed < 20_000 and "reading stopped" in lines.problems[0]


def test_reading_stops_when_told_and_says_so(tmp_path: Path) -> None:
    """A time limit ends the reading between two blocks; what was counted stays."""
    path = write(tmp_path / "a.log", mixed_hits(2_000))
    answers = iter([True, True, False])
    with LogEngine(UPSTREAM_FORMAT, 50_000) as engine:
        lines = engine.read([path], lambda: next(answers))
    assert lines.stopped_early and 0 < lines.parsed < 2_000


_PIECES = st.lists(
    st.one_of(
        st.just(GOOD), st.binary(max_size=60), st.text(max_size=40).map(lambda text: text.encode()), st.just(GOOD[:50])
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(pieces=_PIECES, ends=st.booleans(), block_bytes=st.integers(300, 3000))
def test_any_mixture_of_lines_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], ends: bool, block_bytes: int
) -> None:
    """Good lines, text, raw bytes and fragments in any order, with blocks cut anywhere."""
    content = GOOD + b"\n" + b"\n".join(pieces) + (b"\n" if ends else b"")
    path = tmp_path_factory.mktemp("any") / "a.log"
    path.write_bytes(content)
    assert balanced(lines_of(path, block_bytes), content)
