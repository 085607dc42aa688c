"""Numbers in text: what is one, what only looks like one, and what it is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.answer.numbers import read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPU pinned at 99.7 % and memory at 3 %", [(99.7, 1, "%"), (3, 0, "%")]),
        ("1,837 ms", [(1837, 0, "ms")]),
        ("1.2k requests per second", [(1200, -2, "1/s")]),
        ("$483/mo or 483 USD per month", [(483, 0, "USD/mo"), (483, 0, "USD/mo")]),
        ("40-50 ms, 40 to 50 ms, between 40 and 50 ms", [(40, 0, "ms"), (50, 0, "ms")] * 3),
        ("it took 6 h 12 min", [(372, 0, "min")]),
        ("three hundred and twelve ms", [(312, 0, "ms")]),
        ("about ninety-nine percent", [(99, 0, "%")]),
        ("twice the normal, half of users", [(2, 0, "x"), (50, 0, "%")]),
        ("3 of 8 backends", [(3, 0, None), (8, 0, None)]),
        ("4.5x and 4.5 times", [(4.5, 1, "x"), (4.5, 1, "x")]),
        ("-5 % against 12.5 GiB", [(-5, 0, "%"), (12.5, 1, "GiBy")]),
        ("2.11e9 ids", [(2.11e9, -7, None)]),
        ("412 alerts/week", [(412, 0, "1/wk")]),
    ],
)
def test_numbers_are_read_with_value_precision_and_unit(
    text: str, expected: list[tuple[float, int, str | None]]
) -> None:
    """Figures, words, ranges, scales and rates; written by hand from how people write them."""
    found = read(text)
    assert [(number.decimals, number.unit) for number in found] == [(places, unit) for _, places, unit in expected]
    assert [number.value for number in found] == pytest.approx([value for value, _, _ in expected])


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 14:05:33Z, 24 Nov 2026, November 2026, 14:05",
        "TLS 1.2 and TLS 1.3 and HTTP/2 and SOC 2 and CVE-2024-3094 and RFC 9325",
        "web-1, m5.large, /dev/sda1, orders_db_2, ev_7f3a9c01bd, {c12}, p95, the 95th percentile",
        "10.0.0.1:8080, nginx 1.24.0, PostgreSQL 15.4, v2.3, port 443",
        "1. first\n2. second\n\nStep 3: one of the hosts, two reasons",
    ],
)
def test_names_dates_and_versions_are_not_numbers(text: str) -> None:
    """The skip-list: nothing here is a quantity."""
    assert read(text) == []


def test_digits_in_a_subject_of_the_run_are_part_of_its_name() -> None:
    """A host called 7 is no count of seven."""
    assert read("rack 12-b is slow", ("rack 12-b",)) == []
    assert [number.value for number in read("rack 12-b is slow")] != []


def test_numbers_in_a_table_of_results_count_and_those_in_a_shell_block_do_not() -> None:
    """A settings file in the text states nothing about the system; an untagged block could hide a result."""
    assert read("```sh\nsysctl -w vm.swappiness=10\n```") == []
    assert [number.value for number in read("```\nCPU 97 %\n```")] == [97]


@given(st.integers(0, 10**9), st.sampled_from(["ms", "%", "GiB", "days", "x"]))
def test_grouping_of_thousands_does_not_change_the_value(value: int, unit: str) -> None:
    """1,837 and 1837 and 1_837 are one number."""
    forms = [f"{value:,} {unit}", f"{value} {unit}", f"{value:_} {unit}"]
    assert {read(form)[0].value for form in forms} == {float(value)}


@given(st.text(max_size=300))
def test_reading_never_fails_and_positions_lie_inside_the_text(text: str) -> None:
    """Other hosts write anything."""
    for number in read(text):
        assert 0 <= number.start < number.end <= len(text)
