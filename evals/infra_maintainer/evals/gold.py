"""The known-good answer of a case, composed from the truth by code: what an honest subject could have said."""

from infra_maintainer.answer.compose import compose, rounded
from infra_maintainer.answer.ledger import Field
from infra_maintainer.answer.model import (
    Answer,
    Claim,
    NotKnown,
    Observed,
    Recommendation,
    RootCause,
    Target,
    Threshold,
    Users,
)
from infra_maintainer.answer.numbers import read
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.subjects import same, same_quantity
from infra_maintainer.answer.vocabulary import vocabulary
from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.mutation.gold import ratio
from infra_maintainer.evals.scenario import Cause, one_of

_TELLING = ("p99", "p95", "max", "ratio", "instant")


def gold(case: Case, key: Key) -> Answer:
    """Composed from the reports, with the scenario's unknowns, answerable quantities, action and cause."""
    run, expect = key.run, case.expect
    plain = compose(run)
    claims: list[Claim] = list(plain.claims)
    for quantity in (one_of(each)[0] for each in expect.answerable):
        if not any(isinstance(c, Observed) and same_quantity(c.quantity, quantity) for c in claims):
            claims.append(_claim(f"a{len(claims)}", _best(run, quantity)))
    claims += _users(case.question) + ratio(run) + _threshold(run)
    tails = [c.id for c in claims if isinstance(c, Observed) and c.stat in ("p95", "p99") and "latency" in c.quantity]
    headline = tuple(dict.fromkeys([*tails[:1], *plain.headline_claims]))
    listed = {one.quantity for one in plain.unknowns}
    unknowns = [
        *plain.unknowns,
        *(NotKnown(quantity=q, why="not_recorded", how="measure it") for q in expect.unknown if q not in listed),
    ]
    subject = plain.findings[0].subject if plain.findings else "host:here"
    advice = [Recommendation(verb=verb, target=subject, reversible=True) for verb in (expect.actions or ["keep"])[:1]]
    return plain.model_copy(
        update={
            "claims": tuple(claims),
            "headline_claims": headline,
            "unknowns": tuple(unknowns),
            "recommendations": tuple(advice),
            "root_cause": _cause(run, expect.cause) if expect.cause else None,
            "explanation": "Your {u1} was not measured here; the verdict follows the reports."
            if any(c.id == "u1" for c in claims)
            else "",
        }
    )


def _users(question: str) -> list[Claim]:
    """The first number of the question, as the user's."""
    said = read(question)
    return [Users(id="u1", value=said[0].value, unit=said[0].unit or "1")] if said else []


def _threshold(run: Run) -> list[Claim]:
    limit = run.limits[0] if run.limits else None
    return [Threshold(id="p1", policy=limit.id, value=limit.value, unit=limit.unit)] if limit else []


def _best(run: Run, quantity: str) -> Field:
    """The most telling value of a quantity. Raises LookupError when the world has none."""
    found = [
        f for f in run.ledger.fields() if f.quantity and same_quantity(f.quantity, quantity) and not f.about_measurement
    ]
    if not found:
        raise LookupError(f"{quantity} is said to be answerable, and the world has no value of it")
    return min(found, key=lambda f: _TELLING.index(f.stat) if f.stat in _TELLING else len(_TELLING))


def _claim(identifier: str, field: Field) -> Claim:
    about = {
        "id": identifier,
        "quantity": field.quantity,
        "subject": field.subject or "system:here",
        "value": rounded(field.value),
        "unit": field.unit,
        "evidence": (field.pointer,),
    }
    if field.origin == "declared":
        return Target.model_validate(about)
    return Observed.model_validate({**about, "stat": field.stat})


def _cause(run: Run, cause: Cause) -> RootCause:
    """The cause with the evidence about its component that can show it."""
    known = vocabulary()
    shows = known.shown_by.get(known.mechanism(cause.mechanism) or "", ())
    fields = [f for f in run.ledger.fields() if same(f.subject or "", cause.component) and not f.about_measurement]
    telling = [f for f in fields if any(word in f"{f.quantity} {f.subject}" for word in shows)] or fields
    return RootCause(
        component=cause.component, mechanism=cause.mechanism, evidence=tuple(f.pointer for f in telling[:2])
    )
