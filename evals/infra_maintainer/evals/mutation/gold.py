"""Known-good answers over a run, richer than the composed one: every kind of claim that the run allows."""

import random

from infra_maintainer.answer.claims import TELLING_STATS
from infra_maintainer.answer.compose import compose, rounded
from infra_maintainer.answer.ledger import Field, shown
from infra_maintainer.answer.model import (
    Answer,
    Claim,
    Computed,
    Input,
    Observed,
    Recommendation,
    Target,
    Threshold,
    Users,
)
from infra_maintainer.answer.run import Run

QUESTION = "Our dashboard says 217 ms and leadership wants a green slide. Is it healthy?"


def gold(run: Run) -> Answer:
    """The composed answer with a ratio, the user's number, a threshold, an action and an explanation."""
    plain = compose(run)
    claims: list[Claim] = [*plain.claims, Users(id="u1", value=217, unit="ms")]
    claims += ratio(run)
    if run.limits:
        limit = run.limits[0]
        claims.append(Threshold(id="p1", policy=limit.id, value=limit.value, unit=limit.unit))
    first = plain.findings[0] if plain.findings else None
    subject = first.subject if first else "host:web-1"
    has = {claim.id for claim in claims}
    return plain.model_copy(
        update={
            "claims": tuple(claims),
            "recommendations": (
                Recommendation(
                    verb="investigate",
                    target=subject,
                    reversible=True,
                    because=("c1",) if "c1" in has else (),
                ),
            ),
            "explanation": "Your {u1} was not measured here; the verdict follows the reports, not the slide.",
        }
    )


def ratio(run: Run) -> list[Claim]:
    """A ratio of two measured values of one unit, if there are two."""
    fields = [field for field in numeric(run) if field.value]
    for a in fields:
        for b in fields:
            differ = a.pointer != b.pointer and a.unit == b.unit and a.value != b.value
            if differ and a.stat == b.stat and a.quantity == b.quantity and a.value > b.value > 0:
                value = float(f"{a.value / b.value:.4g}")
                inputs = (Input(name="a", evidence=a.pointer), Input(name="b", evidence=b.pointer))
                quantity, subject = f"{a.quantity}.ratio", a.subject or "host:web-1"
                claim = Computed(
                    id="r1", quantity=quantity, subject=subject, value=value, unit="x", formula="a/b", inputs=inputs
                )
                return [claim]
    return []


class Numeric(Field):
    """A field whose value is a number."""

    value: float


def numeric(run: Run) -> list[Numeric]:
    """Every measured number of a run that is about the system, not about the measuring."""
    found = [field for field in run.ledger.fields() if not field.about_measurement and field.origin != "declared"]
    return [Numeric(**vars(field)) for field in found if not isinstance(field.value, bool | str)]


def telling(run: Run, seed: int) -> str:
    """The same facts as a person would type them into a chat: other words and order than the renderer's."""
    draw = random.Random(seed)
    answer = compose(run)
    lines = [f"**Verdict: {run.verdict}** (severity {run.severity})."]
    if run.coverage:
        lines.append(f"{run.coverage[0]} of {run.coverage[1]} planned checks were possible.")
    for claim in answer.claims:
        if isinstance(claim, Observed | Target):
            lines.append(sentence(run.ledger.resolve(claim.evidence[0]), draw))
    lines += [f"Finding {found.code} on {found.subject} stands." for found in run.findings]
    lines.append("Your 217 ms from the dashboard was not measured here.")
    unknowns = [f"{one.quantity} of {one.subject} ({one.why})" for one in run.unmeasured if one.attempted]
    if unknowns:
        lines.append(f"Unknown: {'; '.join(unknowns)}.")
    lines.append("Do not mute alerts to make it look better.")
    return "\n".join(lines) + "\n"


def sentence(field: Field, draw: random.Random) -> str:
    """One measured value in one of several wordings."""
    stat = f"{field.stat.upper()} " if field.stat in TELLING_STATS else ""
    samples = f" (n = {field.n})" if field.n and field.stat in TELLING_STATS else ""
    value = f"{shown(rounded(field.value))} {field.unit}".removesuffix(" 1") + samples
    of = f" of {field.subject}" if field.subject else ""
    cite = f" [{field.pointer.removesuffix('#/value')}]"
    if field.origin == "declared":
        return f"As declared, the {field.quantity}{of} is {value}{cite}."
    return draw.choice(
        (
            f"The {stat}{field.quantity}{of} is {value}{cite}.",
            f"{field.subject}: {stat}{field.quantity} at {value}{cite}.",
            f"We measured {value}{cite} as the {stat}{field.quantity}{of}.",
            f"- {stat}{field.quantity}{of} → **{value}**",
        )
    )
