"""Where users wait, the slow ones head the answer: when a tail must stand there, and when a middle may be shown."""

from collections.abc import Iterator

from infra_maintainer.answer.ledger import Field, PointerError
from infra_maintainer.answer.model import Answer, Observed, shown_claims
from infra_maintainer.answer.run import SEVERITIES, Run
from infra_maintainer.answer.subjects import same
from infra_maintainer.answer.verification import Fault

TAILS = frozenset({"p95", "p99", "p999", "p99.5"})
MIDDLES = frozenset({"mean", "p50", "median"})


def tails(answer: Answer, run: Run) -> Iterator[Fault]:
    """No mean heads an answer; a tail heads it where latency is a finding or where the headline speaks of latency.

    Anywhere else a mean or a median needs its tail beside it, and as visible as itself.
    """
    headline = [claim for claim in map(answer.claim, answer.headline_claims) if claim]
    if missing := [identifier for identifier in answer.headline_claims if answer.claim(identifier) is None]:
        yield Fault(check="references", says=f"no claim {missing[0]!r}", do="name existing claims in headline_claims")
    spoken = [claim for claim in answer.claims if isinstance(claim, Observed) and _about_latency(claim, run)]
    heads = [claim for claim in spoken if claim in headline]
    for claim in heads:
        if claim.stat in MIDDLES:
            says = f"{claim.id} heads the answer with a {claim.stat}"
            yield Fault(check="tail_reported", says=says, do="head it with P95 or P99")
    found = _told_findings(answer, run)
    wanted = [field for field in run.ledger.fields() if _is_tail(field)]
    # Another subject's quick tail does not stand for the slow one, where that one was measured.
    if own := [field for field in wanted if any(same(field.subject or "", subject) for subject in found)]:
        wanted = own
    said = [claim for claim in heads if claim.stat in TAILS]
    if found and own:
        said = [claim for claim in said if any(same(claim.subject, field.subject or "") for field in own)]
    if wanted and (heads or found) and not said:
        why = "latency is a finding" if found else "the headline speaks of latency"
        says = f"{why} and no P95 or P99 is among the headline claims"
        yield Fault(check="tail_reported", says=says, do=f"put one there, for example {wanted[0].described()}")
    yield from _lone_middles(answer, spoken, run)


def _lone_middles(answer: Answer, spoken: list[Observed], run: Run) -> Iterator[Fault]:
    visible = shown_claims(answer)
    for claim in spoken:
        if claim.stat not in MIDDLES:
            continue
        measured = tails_of(claim.subject, run)
        beside = [one for one in spoken if one.stat in TAILS and same(one.subject, claim.subject)]
        if claim.id in visible:
            beside = [one for one in beside if one.id in visible]
        if measured and not beside:
            says = f"{claim.id} is a {claim.stat} without its tail"
            yield Fault(check="tail_reported", says=says, do=f"show beside it {measured[0].described()}")


def latency_findings(run: Run) -> list[str]:
    """Subjects of the findings above low that rest on a latency."""
    return [
        judged.subject
        for judged in run.findings
        if SEVERITIES.index(judged.severity) > SEVERITIES.index("low") and _on_latency(judged.evidence, run)
    ]


def tails_of(subject: str, run: Run) -> list[Field]:
    """The measured tails of a subject."""
    return [field for field in run.ledger.fields() if _is_tail(field) and same(field.subject or "", subject)]


def _told_findings(answer: Answer, run: Run) -> list[str]:
    """Those that the answer tells; leaving out a serious one is another check's fault."""
    listed = [found.subject for found in answer.findings]
    return [subject for subject in latency_findings(run) if any(same(one, subject) for one in listed)]


def _on_latency(evidence: tuple[str, ...], run: Run) -> bool:
    """True if the first value that the finding cites is a latency: the others explain it."""
    for pointer in evidence:
        try:
            return _is_latency(run.ledger.resolve(pointer).quantity or "")
        except PointerError:
            continue
    return False


def _about_latency(claim: Observed, run: Run) -> bool:
    try:
        quantity = run.ledger.resolve(claim.evidence[0]).quantity or claim.quantity
    except PointerError:
        quantity = claim.quantity
    return _is_latency(quantity)


def _is_latency(quantity: str) -> bool:
    return "latency" in quantity or quantity.endswith("response_time")


def _is_tail(field: Field) -> bool:
    return "latency" in (field.quantity or "") and field.stat in ("p95", "p99") and not field.about_measurement
