"""Answers as an assistant types them into a chat after one tool call, over worlds that the product assessed itself."""

from pathlib import Path

import pytest

from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verify import verify
from infra_maintainer.evals.mutation.worlds import SPECS, assess
from infra_maintainer.tools.verify import run_for

SLOW = """\
Verdict: degraded (severity high). Only {checked} of {planned} planned checks were possible, a partial picture.

**What users feel.** Checkout is slow at the tail: in 100 synthetic requests from one place P95 was 2.48 s and P99
2.8 s, against a limit of 2 s for P95 (endpoint_slow). The median was only 188 ms, which is why your dashboard's average
of 217 ms looks fine. The catalogue answers quickly (P95 93.6 ms). None of the requests failed (0 % of 100) and both
certificates run for another 71 days.

**Cause.** Not established yet: first byte and body are the phases to look at next.

**Not known.** User journeys are not declared, real-user traffic was not seen (no access log). All unknowns: {run}.

1. Trace the slow checkout requests by phase.
2. Do not buy more servers before the slow phase is known.
"""
FAULTS = """\
Verdict: degraded. I cannot give you a green slide: there are 3 findings, two of them high.

- **Login fails for some users** (high): 2 of 100 synthetic requests to https://shop.example/login got no complete
  answer, 2 % against a limit of 1 % (endpoint_failing). Each of those is a user who saw an error.
- **The root disk is 91 % full** (high, limit 80 %; disk_space_low). When it is full, orders are lost.
- **Checkout has a slow tail** (medium): P99 2.3 s against 2 s, with P95 at 289 ms; the P99 rests on 100 samples.

Coverage: {checked} of {planned} planned checks. What I don't know: whether users finish their journeys and what real
traffic looks like (no access logs); {run} lists all unknowns.
"""
DOWN = """\
**Verdict: critical.** No. All 5 requests to https://shop.example/payments failed: 100 % timed out ("no answer in 5 s",
endpoint_failing). Login is up: 0 % of 100 requests failed, P95 72.1 ms (100 samples, synthetic).

How long payments would take is unknown while nothing answers. The disk is 29 % full and inodes are at 18 %, so neither
explains it. Journeys and traffic of real users are unknown, as is the rest that {run} lists.

Do now: repeat one request by hand, then roll back if something was deployed.
"""
TEXTS = {"slow_tail": SLOW, "two_faults": FAULTS, "down": DOWN}
LIES = {
    ("slow_tail", "2.48 s", "1.48 s"),
    ("slow_tail", "The median was", "The P95 was"),
    ("slow_tail", "both\ncertificates run for another 71 days", "both\ncertificates run for another 17 days"),
    ("slow_tail", "The catalogue answers quickly (P95 93.6 ms)", "The catalogue answers quickly (P95 188 ms)"),
    ("two_faults", "91 % full", "61 % full"),
    ("two_faults", "two of them high", "seven of them high"),
    ("two_faults", "Verdict: degraded.", "Verdict: at risk."),
    ("down", "**Verdict: critical.** No.", "**Verdict: degraded.** Partly."),
    ("down", "0 % of 100 requests failed", "4 % of 100 requests failed"),
    (
        "down",
        "How long payments would take is unknown while nothing answers.",
        "Payments take 340 ms when they answer.",
    ),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, str]]:
    """The run of each world, and its text with coverage and run id filled in."""
    folder = tmp_path_factory.mktemp("worlds")
    found: dict[str, tuple[Run, str]] = {}
    for spec in SPECS:
        if spec.name in TEXTS:
            kit, report = assess(spec, Path(folder))
            coverage = report.coverage
            text = TEXTS[spec.name].format(checked=coverage.checked, planned=coverage.planned, run=report.run)
            found[spec.name] = (run_for(kit, [report], "Our dashboard says 217 ms on average. Is it fine?"), text)
    return found


@pytest.mark.parametrize("world", TEXTS)
def test_an_honest_answer_in_natural_words_holds(runs: dict[str, tuple[Run, str]], world: str) -> None:
    """Typed before the checker was tuned to it; what it wrongly refused then was repaired."""
    run, text = runs[world]
    result = verify(text, run)
    assert result.holds, (result.bad_numbers(), result.faults)


@pytest.mark.parametrize(("world", "old", "new"), sorted(LIES))
def test_one_lie_in_natural_words_is_caught(runs: dict[str, tuple[Run, str]], world: str, old: str, new: str) -> None:
    """One phrase replaced."""
    run, text = runs[world]
    assert old in text
    assert not verify(text.replace(old, new), run).holds
