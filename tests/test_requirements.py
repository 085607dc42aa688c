"""Every promised behaviour has a test that names it, or stands in deferred.toml with its reason."""

from tests.requirements_link import deferred, linked, rows


def test_every_row_is_proved_by_a_test_or_deferred_with_a_reason() -> None:
    """A promise that nobody tests and nobody postponed is forgotten."""
    proved = {row for row, _ in linked()}
    forgotten = set(rows()) - proved - set(deferred())
    assert not forgotten, f"no test and no reason: {sorted(forgotten)}"


def test_no_test_names_a_row_that_does_not_exist() -> None:
    """A link to nowhere proves nothing."""
    assert not [(row, path.name) for row, path in linked() if row not in rows()]


def test_what_is_deferred_is_neither_proved_nor_invented() -> None:
    """A deferred row that has a test is out of date."""
    proved = {row for row, _ in linked()}
    assert not set(deferred()) & proved, f"remove from deferred.toml: {sorted(set(deferred()) & proved)}"
    assert set(deferred()) <= set(rows())
    assert all(reason.strip() for reason in deferred().values())
