"""The parsers of kernel files: right on real texts, and silent about numbers on everything else."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.sources.failed_units import parse_units
from infra_maintainer.sources.journal_errors import Line, kind, parse_journal
from infra_maintainer.sources.kernel.groups import parse_cpu_max, parse_membership, parse_memory_max, parse_mounts
from infra_maintainer.sources.kernel.processors import Ticks, parse_allowed, parse_load, parse_stat, shares
from infra_maintainer.sources.kernel.reading import count, grown, parse_uptime
from infra_maintainer.sources.kernel.tables import (
    Device,
    Disk,
    parse_devices,
    parse_disks,
    parse_fields,
    parse_handles,
    parse_pressure,
)
from infra_maintainer.sources.restart import newer_kernels
from infra_maintainer.world.failure import WorldError
from tests.worlds import NOW

GARBAGE = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="cpu0123456789 .:-\n\tmaxkB=avgsomefull", max_size=200),
    st.lists(st.sampled_from(["cpu0", "-1", "1e9", "nan", "inf", "٣", "max", "12", "\n", " ", ":", "x y"])).map(
        "".join
    ),
)
PARSERS: dict[str, Callable[[str], object]] = {
    "stat": parse_stat,
    "allowed": parse_allowed,
    "load": parse_load,
    "uptime": parse_uptime,
    "fields": lambda text: parse_fields(text, "f"),
    "disks": parse_disks,
    "devices": parse_devices,
    "handles": parse_handles,
    "pressure": lambda text: parse_pressure(text, "f"),
    "cpu_max": parse_cpu_max,
    "memory_max": parse_memory_max,
    "membership": parse_membership,
    "mounts": parse_mounts,
    "units": parse_units,
    "journal": parse_journal,
}


@pytest.mark.parametrize("name", sorted(PARSERS))
@given(text=GARBAGE)
def test_a_parser_answers_or_says_that_it_cannot(name: str, text: str) -> None:
    """Any other exception would show the world's fault as ours."""
    try:
        PARSERS[name](text)
    except WorldError as error:
        assert error.why in ("error", "not_supported")


@pytest.mark.parametrize("name", sorted(PARSERS.keys() - {"mounts", "units", "journal", "membership", "disks"}))
@pytest.mark.parametrize("text", ["", "\n", "-", "nothing here", "cpu0 a b c d e f g h", "some avg10=x"])
def test_a_text_without_numbers_never_becomes_a_number(name: str, text: str) -> None:
    """Missing is never zero. (An empty list of units or of journal lines is a true answer.)"""
    with pytest.raises(WorldError):
        PARSERS[name](text)


@given(st.text(max_size=30))
def test_a_counter_is_decimal_digits_and_nothing_else(text: str) -> None:
    """int() takes signs, underscores, spaces and digits of other scripts; a kernel writes none of them."""
    try:
        found = count(text, "f")
    except WorldError:
        assert not (text.isascii() and text.isdigit() and len(text) <= 20)
    else:
        assert str(found) == text.lstrip("0") or (found == 0 and set(text) == {"0"})


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_counter_that_went_back_is_no_data(before: int, after: int) -> None:
    """A negative rate, or the whole counter taken for a rate, would be an invention."""
    if after >= before:
        assert grown(before, after, "f") == after - before
        return
    with pytest.raises(WorldError):
        grown(before, after, "f")


def test_cpu_time_without_guest_time_counted_twice() -> None:
    """The kernel adds guest time to user time; adding all ten fields would show more than passed."""
    before = parse_stat("cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 0 100 800 0 0 0 0 50 0\nintr 1\n")
    after = parse_stat("cpu0 150 0 100 840 5 0 0 5 90 0\n")
    assert before == {0: Ticks(busy=200, idle=800, iowait=0, steal=0)}
    found = shares(before, after)
    assert found is not None
    assert (found.busy, found.iowait, found.steal) == pytest.approx((55, 5, 5))


def test_no_tick_is_no_share() -> None:
    """0 of 0 is not 0 %."""
    one = parse_stat("cpu0 1 1 1 1 1 1 1 1 1 1\n")
    assert shares(one, one) is None


def test_lists_of_cpus() -> None:
    """Ranges and single numbers, as in a cpuset."""
    assert parse_allowed("Name:\tx\nCpus_allowed_list:\t0-2,8\n") == {0, 1, 2, 8}


def test_disks_and_devices() -> None:
    """Fields by the kernel's documentation: reads 1 and 4, writes 5 and 8, busy 10."""
    row = " 254 0 vda 100 5 900 40 50 6 800 60 0 77 100 1 2 3 4 5 6\n"
    assert parse_disks(row) == {"vda": Disk(requests=150, waited_ms=100, busy_ms=77)}
    text = "Inter-|\n face |\n  eth0: 1 20 3 4 0 0 0 0 5 60 7 8 0 0 0 0\n"
    assert parse_devices(text) == {"eth0": Device(packets=80, errors=10, drops=12)}


def test_handles_pressure_and_limits() -> None:
    """Allocated but free handles are not open; "max" is no limit; a quota is a share of its period."""
    assert parse_handles("1200\t200\t4000\n") == (1000, 4000)
    text = "some avg10=1.00 avg60=2.00 avg300=41.50 total=9\nfull avg10=0.00 avg60=0.00 avg300=3.25 total=1\n"
    assert parse_pressure(text, "f") == {"some": 41.5, "full": 3.25}
    assert (parse_cpu_max("150000 100000\n"), parse_cpu_max("max 100000\n")) == ((1.5, 0.1), None)
    assert (parse_memory_max("1048576\n"), parse_memory_max("max\n")) == (1048576, None)


def test_failed_units_with_and_without_the_dot() -> None:
    """Older systemctl prints a dot before the name, which must not be taken for one."""
    text = "● nginx.service loaded failed failed A server\nbackup.timer loaded failed failed Backups\n"
    assert parse_units(text) == ["nginx.service", "backup.timer"]
    with pytest.raises(WorldError):
        parse_units("Failed to connect to bus: Host is down\n")


def test_kinds_of_errors_fold_their_numbers() -> None:
    """Two time-outs of different requests are one kind; another program is another."""
    first = Line("nginx", "*17 upstream 10.0.0.8:80 timed out, id 3fa85f64-5717-4562-b3fc-2c963f66afa6", 3, NOW)
    other = Line("nginx", "*9 upstream 10.0.0.9:81 timed out, id 11111111-5717-4562-aaaa-2c963f66afa6", 3, NOW)
    assert kind(first) == kind(other)
    assert kind(first) != kind(Line("haproxy", first.message, 3, NOW))


def test_journal_fields_that_are_bytes_or_too_long() -> None:
    """journald writes bytes that are no UTF-8 as numbers, and null for a field it will not print."""
    rows = (
        '{"__REALTIME_TIMESTAMP":"1700000000000000","PRIORITY":"3","SYSLOG_IDENTIFIER":"a","MESSAGE":[104,255]}\n'
        '{"__REALTIME_TIMESTAMP":"1700000000000000","PRIORITY":"2","MESSAGE":null}\n'
    )
    assert [(line.program, line.message, line.priority) for line in parse_journal(rows)] == [
        ("a", "h\ufffd", 3),
        ("unnamed", "(no text)", 2),
    ]


@pytest.mark.parametrize(
    ("running", "installed", "newer"),
    [
        ("6.1.0-18-amd64", ["6.1.0-18-amd64", "6.1.0-9-amd64"], []),
        ("6.1.0-9-amd64", ["6.1.0-9-amd64", "6.1.0-18-amd64"], ["6.1.0-18-amd64"]),
        ("6.1.0-9-amd64", ["6.1.0-9-amd64", "6.1.0-18-cloud-amd64"], []),
    ],
)
def test_a_newer_kernel_is_newer_by_number_and_of_the_same_flavour(
    running: str, installed: list[str], newer: list[str]
) -> None:
    """By text 9 is above 18; a kernel of another flavour is not this one's update."""
    assert newer_kernels(running, installed) == newer
