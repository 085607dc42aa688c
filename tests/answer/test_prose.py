"""Free text of other hosts: numbers traced, words around them respected, what must be said is said."""

import time

import pytest

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verify import verify
from tests.answer.shop import leaf, run
from tests.requirements_link import requirement

TAILS = "Checkout P95 is 1,837 ms [ev1#/data/p95] (n = 23,410), P99 2,951 ms"
HONEST = """\
**Verdict: degraded** (severity high).

Checkout P95 is 1,837 ms [ev1#/data/p95] (n = 23,410), P99 2,951 ms; the mean of 182 ms hides it.
Your dashboard's 182 ms is that mean. CPU of web-1 is at 12 % and memory at 41 %, so the machine is not the cause.
Query share of orders: 78 % [ev3#/data/share]. Finding: latency_above_normal, policy threshold 2x.
The declared RTO target is 60 min; it was never tested. Cutting 30 %, as finance wants, is not proven.

Unknown: backup age of web-1 (denied), and ev6 timed out.
"""


def test_honest_prose_holds_number_by_number() -> None:
    """Cited, matched, the user's, the policy's and the declared target, each with its own status."""
    result = verify(HONEST, run())
    assert result.holds, (result.bad_numbers(), result.faults)
    assert {number.status for number in result.numbers} == {"supported", "user", "policy", "declared"}


@requirement("honesty.verify")
def test_invented_utilisation_is_refused_against_the_evidence() -> None:
    """The claim of a peer's own documentation, against evidence 12 % and 41 %."""
    result = verify("CPU pinned at 99.7 % and memory at 3 %", run())
    assert [number.status for number in result.numbers] == ["contradicted", "contradicted"]
    assert "12 %" in result.numbers[0].says and "41 %" in result.numbers[1].says


LIES = {
    "another value": ("1,837 ms", "1,873 ms"),
    "another unit": ("1,837 ms", "1,837 s"),
    "another statistic": ("Checkout P95 is", "Mean checkout latency is"),
    "another subject": ("CPU of web-1 is", "CPU of web-2 is"),
    "another quantity": ("CPU of web-1 is at 12 % and memory at 41 %", "CPU of web-1 is at 41 % and memory at 12 %"),
    "a swapped citation": ("[ev1#/data/p95]", "[ev3#/data/share]"),
    "an invented citation": ("[ev3#/data/share]", "[ev_0123456789]"),
    "a rosier verdict": ("Verdict: degraded", "Verdict: healthy"),
    "no verdict": ("**Verdict: degraded** (severity high).", "Checkout is slow."),
    "a lower severity": ("severity high", "severity low"),
    "a target as a result": ("The declared RTO target is 60 min; it was never tested.", "Recovery takes 60 min."),
    "a dropped unknown": ("backup age of web-1 (denied), and ", ""),
    "a hidden failure": (", and ev6 timed out", ""),
    "an invented sentence": ("Unknown:", "Errors rose to 4.2 %.\nUnknown:"),
    "a number in words": ("Unknown:", "Roughly ninety percent of users are hit.\nUnknown:"),
    "a multiple in one word": ("Unknown:", "It doubled since last week.\nUnknown:"),
    "the user's number as ours": ("Your dashboard's 182 ms is that mean.", "The checkout P95 is 182 ms."),
    "a danger": ("Unknown:", "Disable monitoring until the sale is over.\nUnknown:"),
    "a reassurance": ("Unknown:", "Overall everything is fine.\nUnknown:"),
    "a mean that leads": (
        f"{TAILS}; the mean of 182 ms hides it.",
        "Mean latency of checkout is 182 ms, see latency_above_normal.",
    ),
}


@requirement("honesty.verify")
@pytest.mark.parametrize("lie", LIES)
def test_one_lie_in_honest_prose_is_caught(lie: str) -> None:
    """Each replaces one phrase of the text that holds."""
    old, new = LIES[lie]
    assert old in HONEST
    assert not verify(HONEST.replace(old, new), run()).holds


TABLE = "| host | CPU | memory |\n|---|---|---|\n| web-1 | 12 % | 41 % |\n\nso"

REWRITES = {
    "seconds": ("1,837 ms", "1.837 s"),
    "rounded": ("1,837 ms", "1.84 s"),
    "ungrouped": ("1,837 ms", "1837 ms"),
    "spelled percentile": ("Checkout P95 is", "The 95th percentile of checkout is"),
    "percent in words": ("at 12 % and", "at twelve percent and"),
    "bold": ("1,837 ms", "**1,837 ms**"),
    "a table": ("CPU of web-1 is at 12 % and memory at 41 %, so", TABLE),
    "a warning": ("Unknown:", "Do not disable monitoring.\nUnknown:"),
    "a list": ("P99 2,951 ms", "\n- P99: 2,951 ms"),
    "respectively": (TAILS, "Checkout P95 and P99 are 1,837 and 2,951 ms respectively"),
}


@pytest.mark.parametrize("rewrite", REWRITES)
def test_prose_that_says_the_same_in_other_words_holds(rewrite: str) -> None:
    """Meaning kept, form changed."""
    old, new = REWRITES[rewrite]
    result = verify(HONEST.replace(old, new), run())
    assert result.holds, (result.bad_numbers(), result.faults)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("It is 4.47x (ev1#/data/p95 / ev1#/data/normal) the normal.", "derived"),
        ("It is 4.47x [computed: ev1#/data/p95 / ev1#/data/normal] the normal.", "derived"),
        ("It rose by 347 % ((ev1#/data/p95 - ev1#/data/normal) * 100 / ev1#/data/normal).", "derived"),
        ("It is 5.1x (ev1#/data/p95 / ev1#/data/normal) the normal.", "contradicted"),
        ("It is 4.47x (ev1#/data/p95 / ev9#/data/normal) the normal.", "unsupported"),
        ("It is 4.47x the normal.", "unsupported"),
    ],
)
def test_a_number_may_be_computed_only_by_a_formula_over_evidence_in_brackets(text: str, status: str) -> None:
    """Never by search: with 120 numbers any ratio can be reached."""
    assert [number.status for number in verify(text, run()).numbers] == [status]


def test_a_percentile_of_few_samples_must_say_so() -> None:
    """P99 of 37 requests means nothing: 2,000 are needed."""
    few = Ledger([Entry("ev1", data={"p99": leaf("endpoint.latency", "endpoint:shop", "p99", 812, "ms", n=37)})])
    quoted = verify("P99 latency is 812 ms.", Run(few))
    assert "tail_reported" in quoted.failed_checks()
    assert verify("P99 latency is 812 ms, from too few samples to mean much.", Run(few)).holds


def test_prose_is_said_to_be_the_weaker_form() -> None:
    """A reader of the result knows what was not checked."""
    assert any("weaker" in note for note in verify(HONEST, run()).notes)


@pytest.mark.parametrize("text", ["", "   ", "x" * 40_001, "1 2 " * 300])
def test_nothing_and_a_book_are_refused(text: str) -> None:
    """Work is bounded."""
    with pytest.raises(ValueError, match="answer"):
        verify(text, run())


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "(",
        "5 ( ",
        "9",
        "a-",
        "a.",
        "/a",
        "delete the ",
        "is very ",
        "one hundred ",
        "|",
        '"',
        "5 (ev1 + ",
        "x" * 70 + "\n",
    ],
)
def test_hostile_text_is_checked_in_bounded_time(unit: str) -> None:
    """No pattern may take forever: 40,000 characters of anything end within seconds, most in a tenth of one."""
    text = (unit * (40_000 // len(unit)))[:40_000]
    begin = time.process_time()
    try:
        verify(text, run())
    except ValueError as refused:
        assert "at most" in str(refused)
    assert time.process_time() - begin < 5
