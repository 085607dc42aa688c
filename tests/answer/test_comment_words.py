"""Free words of a structured answer: what can be checked is accepted, the rest is refused with the way to write it."""

from dataclasses import replace
from typing import Any

import pytest

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.run import Judged, Run, Unmeasured
from infra_maintainer.answer.verification import Fault
from infra_maintainer.answer.verify import verify
from tests.answer.shop import CHECKOUT, answer, honest, leaf, run


def _faults(text: str, about: Run | None = None, **more: Any) -> list[Fault]:
    data = honest()
    data.update(explanation=text, **more)
    return [fault for fault in verify(answer(data), about or run()).faults if fault.about == "explanation"]


@pytest.mark.parametrize(
    "text",
    [
        "There is one critical figure among two values: {c1} and {c2}.",
        "The two hosts answered beside {c7}.",
        "One of two hosts is busy, which {c7} shows.",
        "The reports have one high finding, see {c1}.",
        "Finance wants thirty percent off, which {c7} does not give.",
        "More than four times its normal, {c3}: it is not zero.",
        "A third host would not help against {c7}.",
        "The share of {c7} is more than thirty percent.",
        "Two kinds of trouble stand out: {c1} and {c7}.",
        "Ten times the mean of {c2} is what {c1} comes to.",
        "Thirty percent cannot go, as {c7} shows.",
        "Compared with {c4}, your one hundred and eighty-two milliseconds, the tail is {c1}.",
    ],
)
def test_a_number_word_that_can_be_checked_is_accepted(text: str) -> None:
    """Counts of what is listed, values that the sentence cites, and the user's number called theirs."""
    assert [fault.says for fault in _faults(text) if fault.check == "references"] == []


@pytest.mark.parametrize(
    "text",
    [
        "The three hosts answered beside {c7}.",
        "Some four findings stand behind {c1}.",
        "Two customers left because of {c1}.",
        "Half of the users wait {c1}.",
        "It doubled to {c1}.",
        "Thirty percent can go, see {c7}.",
        "About a third of the routes wait {c1}.",
        "There are zero failures beside {c1}.",
        "The share of {c7} is less than thirty percent.",
        "Three kinds of trouble stand out: {c1} and {c7}.",
        "Two customers left: {c1} and {c7}.",
        "Three times the mean of {c2} is what {c1} comes to.",
        "It is not slower than one hundred and eighty-two milliseconds, {c1}.",
        "It is two of the hosts, not 2 others, beside {c7}.",
    ],
)
def test_a_number_word_that_nothing_bears_out_is_refused_with_the_way_to_write_it(text: str) -> None:
    """The refusal says what may be counted in words and how anything else is written."""
    faults = [fault for fault in _faults(text) if fault.check == "references"]
    assert faults
    assert "make it a claim" in faults[0].do and "two hosts: {c1} and {c2}" in faults[0].do


def test_a_tail_is_not_called_an_average_nor_a_mean_a_tail() -> None:
    """The words beside a reference say which statistic it is; the claim knows."""
    for text in ("On average users wait {c1}.", "Users wait {c1} on average.", "The slow tail is {c2}."):
        assert [fault.check for fault in _faults(text)] == ["references"], text
    kept = (
        "The P95 is {c1}, although the mean is {c2}. A mean hides the tail of {c1}. Their average is not theirs: {c1}."
    )
    assert _faults(kept) == []


def test_a_cause_in_words_stands_under_root_cause_or_is_refused() -> None:
    """There its evidence is checked; in a sentence nobody would notice."""
    assert [fault.check for fault in _faults("The wait of {c1} is caused by lock contention.")] == ["root_cause"]
    assert _faults("The wait of {c1} is caused by a slow query.") == []  # the root cause of this answer
    assert _faults("Whether {c1} comes from lock contention is not known.") == []


def _quiet(*unknown: Unmeasured) -> Run:
    """A run in which nothing is wrong."""
    return replace(run(), verdict="healthy", severity="none", findings=(), unmeasured=unknown)


BACKUP = Unmeasured("backup.age", "host:web-1", "denied", "ev5")


@pytest.mark.parametrize("text", ["Checkout is healthy: {c1}.", "The service looks fine at {c1}, backups are unknown."])
def test_healthy_may_be_said_where_the_verdict_is_healthy_whatever_else_is_unknown(text: str) -> None:
    """A benign twin with one unread backup is still healthy by what was measured."""
    assert _faults(text, _quiet(BACKUP), verdict="healthy", severity="none", findings=[]) == []


@pytest.mark.parametrize("text", ["Everything is fine, see {c1}.", "Beside {c1} the backups are fine."])
def test_a_healthy_verdict_is_no_word_about_everything_nor_about_what_nobody_could_measure(text: str) -> None:
    """The verdict covers what was checked."""
    faults = _faults(text, _quiet(BACKUP), verdict="healthy", severity="none", findings=[])
    assert [fault.check for fault in faults] == ["wording"]


def test_what_is_fine_may_be_called_so_by_its_name_beside_what_is_not() -> None:
    """Login works while checkout does not: the clause cites it, names it, and nothing is wrong or unknown about it."""
    assert _faults("The database orders is fine at {c7}, checkout waits {c1}.") == []
    for text in ("It is fine at {c7}, checkout waits {c1}.", "The route /checkout is fine at {c1}."):
        assert [fault.check for fault in _faults(text)] == ["wording"], text
    cpu = {"kind": "observed", "id": "w1", "quantity": "cpu.utilisation", "subject": "host:web-1", "stat": "mean"}
    claims = [*honest()["claims"], {**cpu, "value": 12, "unit": "%", "evidence": ["ev2#/data/cpu"]}]
    faults = _faults("The host web-1 is fine at {w1}.", claims=claims)  # a finding about a disk of it is about it too
    assert [fault.check for fault in faults] == ["wording"]


def test_a_digit_in_a_name_is_no_number_in_words() -> None:
    """Hosts, statements and files are called by names that hold digits."""
    about = replace(run(), findings=(), unmeasured=())
    fields = {"calls": leaf("db.query.calls", "query:orders:5d1f", "count", 7, "1")}
    about = replace(about, ledger=Ledger([*about.ledger.entries(), Entry("ev9", data=dict(fields))]))
    assert (
        _faults("Statement 5d1f on web-2, from /etc/sudoers:4 by uid 0 under the 3-2-1 rule, waits {c1}.", about) == []
    )
    assert [fault.check for fault in _faults("Statement 6d1f waits {c1}.", about)] == ["references"]


def test_a_short_no_belongs_to_the_sentence_that_says_why() -> None:
    """ "No." alone says nothing that could be checked, at the end least of all."""
    assert _faults("No. Users wait {c1}.") == []
    assert [fault.check for fault in _faults("Users wait {c1}. No.")] == ["references"]


def test_what_hides_failures_may_be_told_and_nobody_told_to_hide_them() -> None:
    """A finding says it in these words; as advice they give up a protection."""
    assert _faults("Retries hide failures behind {c1}.") == []
    for text in ("With {c1} hide failures behind retries.", "Let the retries run and hide failures, {c1}."):
        assert [fault.check for fault in _faults(text)] == ["wording"], text


def test_healthy_beside_a_finding_is_refused() -> None:
    """The same words, in a run that is not healthy."""
    about = replace(run(), verdict="critical", findings=(Judged("down", CHECKOUT, "critical", ("ev1#/data/p95",)),))
    assert [fault.check for fault in _faults("Checkout is healthy: {c1}.", about)] == ["wording"]
