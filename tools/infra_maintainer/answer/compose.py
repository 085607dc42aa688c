"""The answer that the reports alone give, without a model: what is shown when a model gives none that holds."""

from collections.abc import Iterator

from infra_maintainer.answer.claims import TELLING_STATS
from infra_maintainer.answer.ledger import Field, PointerError
from infra_maintainer.answer.model import Answer, Found, NotKnown, Observed, Target
from infra_maintainer.answer.run import Judged, Run

# A page, not a dump: the ids lead to the rest. Critical and high findings are never left out.
_CLAIMS_PER_FINDING = 3
_MOST_FINDINGS = 20


def compose(run: Run) -> Answer:
    """Verdict, findings with their measured values, and every unknown that must be said. Holds by construction."""
    claims: dict[str, Observed | Target] = {}
    findings: list[Found] = []
    loud = [judged for judged in run.findings if judged.severity in ("critical", "high")]
    others = [judged for judged in run.findings if judged not in loud]
    for judged in [*loud, *others[: max(0, _MOST_FINDINGS - len(loud))]]:
        ids: list[str] = []
        for field in _fields(judged, run):
            claim = claims.get(field.pointer) or _claim(f"c{len(claims) + 1}", field, judged.subject)
            claims[field.pointer] = claim
            ids.append(claim.id)
        findings.append(Found(code=judged.code, subject=judged.subject, claims=tuple(ids)))
    headline = [identifier for found in findings[:2] for identifier in found.claims][:3]
    tail = [claim.id for claim in claims.values() if isinstance(claim, Observed) and claim.stat in ("p95", "p99")]
    means = {claim.id for claim in claims.values() if isinstance(claim, Observed) and claim.stat in ("mean", "p50")}
    return Answer(
        verdict=run.verdict or "unknown",
        severity=run.severity or "unknown",
        headline_claims=tuple(dict.fromkeys([*tail[:1], *(one for one in headline if one not in means)])),
        claims=tuple(claims.values()),
        findings=tuple(findings),
        unknowns=tuple(
            NotKnown(quantity=one.quantity, subject=one.subject, why=one.why) for one in run.unmeasured if one.attempted
        ),
        failed_evidence=tuple(entry.id for entry in run.ledger.failed() if entry.quantity is None),
    )


def _fields(judged: Judged, run: Run) -> Iterator[Field]:
    """The first values behind a finding; numbers before text, statistics that tell before plain readings."""
    fields: list[Field] = []
    for pointer in judged.evidence:
        try:
            fields.append(run.ledger.resolve(pointer))
        except PointerError:
            continue
    numbers = [field for field in fields if not isinstance(field.value, bool | str)]
    yield from sorted(numbers, key=lambda field: field.stat not in TELLING_STATS)[:_CLAIMS_PER_FINDING]


def _claim(identifier: str, field: Field, subject: str) -> Observed | Target:
    quantity, about = field.quantity or "value", field.subject or subject
    if field.origin == "declared":
        return Target(
            id=identifier,
            quantity=quantity,
            subject=about,
            value=field.value,
            unit=field.unit,
            evidence=(field.pointer,),
        )
    return Observed(
        id=identifier,
        quantity=quantity,
        subject=about,
        stat=field.stat,
        value=rounded(field.value),
        unit=field.unit,
        evidence=(field.pointer,),
    )


def rounded(value: float | int | bool | str) -> float | int | bool | str:
    """A number with four significant digits; whole numbers, text and truth stay as they are."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else float(f"{value:.4g}")
