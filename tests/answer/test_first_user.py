"""Sentences of a first user's honest answers that were refused wrongly, beside the lies they could have been."""

from dataclasses import replace

import pytest

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.numbers import read
from infra_maintainer.answer.run import Judged, Limit, Run, Unmeasured
from infra_maintainer.answer.verbatim import retold
from infra_maintainer.answer.verify import verify
from infra_maintainer.answer.wording import dangers
from tests.answer.shop import leaf

HEALTH = "endpoint:http://127.0.0.1:8080/health"
LOAD_SAYS = "load per CPU over 15 minutes is 2.86 (limit 2)"
MACHINE = (
    "cpu.utilisation", "memory.used", "memory.available", "psi.cpu.some", "psi.io.full", "psi.memory.full",
    "journal.errors", "journal.critical", "files.open", "conntrack.used", "clock.synchronised", "swap.in",
)  # fmt: skip


def _run(unmeasured: tuple[Unmeasured, ...] = ()) -> Run:
    """A fast health path, a high load, and what was not measured."""
    said = {
        "ev_1e60f5f165": leaf("endpoint.latency", HEALTH, "p95", 22.3, "ms", n=100),
        "ev_057c9adc28": leaf("endpoint.errors", HEALTH, "ratio", 0.0, "%", n=100),
        "ev_3fe1630076": leaf("cpu.steal", "host:vm", "mean", 0.0, "%"),
        "ev_127a781e49": leaf("load.per_core", "host:vm", "mean", 2.86, "1"),
    }
    about = {
        "n": leaf("endpoint.latency", HEALTH, "count", 100, "1", about_measurement=True),
        "window": leaf("load.per_core", "host:vm", "count", 900, "s", about_measurement=True),
    }
    return Run(
        ledger=Ledger([Entry(name, data={"value": value, **about}) for name, value in said.items()]),
        verdict="degraded",
        severity="high",
        findings=(Judged("load_high", "host:vm", "high", ("ev_127a781e49",), LOAD_SAYS),),
        unmeasured=unmeasured,
        limits=(Limit("health.load.long.high", 2, "1"), Limit("other", 5, "1")),
        told=(LOAD_SAYS,),
    )


CITED = "P95 22.3 ms, n=100 [ev_1e60f5f165], 0 % of 100 requests failed [ev_057c9adc28]."
LOAD = "- HIGH: load per CPU is 2.86, 15-minute mean (limit 2) [ev_127a781e49]"


def _text(sentence: str) -> str:
    return f"Verdict: degraded\n\n{sentence}\n\n{LOAD}\n"


@pytest.mark.parametrize("sentence", [CITED, LOAD])
def test_a_citation_ends_what_was_said_before_it(sentence: str) -> None:
    """The 0 % is no P95, 2.86 is cited across "15-minute", and the limit in brackets is the limit."""
    result = verify(_text(sentence), _run())
    assert result.holds, (result.bad_numbers(), result.faults)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("22.3 ms", "12.3 ms"),
        ("P95 22.3", "P99 22.3"),
        ("0 % of 100", "1 % of 100"),
        ("2.86", "1.86"),
        ("(limit 2)", "(limit 5)"),
        ("(limit 2)", "(limit 4)"),
    ],
)
def test_the_same_sentences_with_one_lie_are_refused(old: str, new: str) -> None:
    """A number, a statistic or a limit changed; 5 is a limit of the policy, but not of this."""
    text = _text(CITED)
    assert old in text
    assert not verify(text.replace(old, new), _run()).holds


def test_a_description_of_what_a_figure_leaves_out_is_no_advice() -> None:
    """Nobody is told to hide the failures; the imperative stays dangerous."""
    assert not dangers("The others were fast. That leaves out the 2 failures.")
    assert not dangers("The P99 excludes the failures.")
    assert dangers("Leave out the 2 failures.")
    assert dangers("Use a panel that leaves out the failures.")


def _unknowns() -> tuple[Unmeasured, ...]:
    machine = [Unmeasured(each, "host:web-1", "not_recorded", user_facing=False) for each in MACHINE]
    return (*machine, Unmeasured("traffic.errors", "system:your system", "not_configured"))


FAMILIES = "Unknown: {}CPU, memory, pressure and error logs of web-1 (not in the recording)."


def test_many_unknowns_may_be_told_by_family() -> None:
    """Twelve of one machine, in the words of the first user."""
    text = _text(FAMILIES.format("traffic of real users (no access log is declared); "))
    result = verify(text, _run(_unknowns()))
    assert not [fault for fault in result.faults if fault.check == "says_unknown"], result.faults


def test_an_unknown_that_users_feel_is_still_owed_by_itself() -> None:
    """Naming families of the machine says nothing about users."""
    result = verify(_text(FAMILIES.format("")), _run(_unknowns()))
    assert any("traffic.errors" in fault.says for fault in result.faults)


def test_one_family_alone_does_not_tell_the_others() -> None:
    """ "CPU is unknown" is silent about memory and logs."""
    result = verify(_text("CPU of web-1 is unknown."), _run(_unknowns()))
    assert any("memory" in fault.says for fault in result.faults)


def test_a_limit_of_the_report_is_no_value_of_it() -> None:
    """ "limit P99 2 s" does not tell a P99 of 2 s."""
    says = "endpoint https://shop.example/checkout answers requests slowly: P99 2.3 s; limit P99 2 s"
    for value, told in (("2 s", False), ("2.3 s", True)):
        text = f"The endpoint checkout answers requests slowly: P99 {value}."
        assert retold(read(text)[-1], text, [says]) is told


def test_an_exact_limit_beside_its_word_is_the_policy_s_and_not_the_evidence_s() -> None:
    """ "against 0.1 %" in a sentence about a budget; 5 % is no limit of the policy and stays refused."""
    run = replace(_run(), limits=(Limit("health.budget.errors", 0.1, "%"),))
    for limit, known in (("0.1", True), ("5", False)):
        text = f"Verdict: degraded. The error budget is missed: 12 % against {limit} %."
        (result,) = [each for each in verify(text, run).numbers if each.text.startswith(limit)]
        assert (result.status == "policy") is known


def test_the_verdict_of_another_job_beside_the_worst_one_is_no_softening() -> None:
    """Health is degraded and capacity unknown: both are said; alone, or without its job, "unknown" is refused."""
    run = _run()
    worst = str(run.verdict)
    both = f"**Verdict: {worst.upper()}** (health). **Verdict: UNKNOWN** (capacity)."
    assert not [fault for fault in verify(both, run).faults if fault.check == "verdict"]
    for softened in ("Verdict: unknown (capacity).", f"Verdict: {worst}. Verdict: unknown."):
        assert [fault for fault in verify(softened, run).faults if fault.check == "verdict"]
