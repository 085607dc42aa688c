"""What an answer must say beside its numbers: verdict, findings, unknowns, actions, causes; structure only."""

import re
from collections.abc import Iterator

from infra_maintainer.answer.equality import agrees, decimals
from infra_maintainer.answer.ledger import Field, PointerError
from infra_maintainer.answer.model import Answer, Assumed, Computed, Forecast, Observed
from infra_maintainer.answer.run import SEVERITIES, VERDICTS, Run
from infra_maintainer.answer.subjects import same, same_quantity
from infra_maintainer.answer.verification import BAD, Fault, NumberResult
from infra_maintainer.answer.vocabulary import vocabulary

_LOUD = ("critical", "high")
_MOST_CANDIDATES = 2
_BOUND_OF = re.compile(r"(.+)\.(?:low|high|early|late)(\d\d)")


def verdict(answer: Answer, run: Run) -> Iterator[Fault]:
    """Not rosier than the reports, in verdict and in severity."""
    if run.verdict and VERDICTS.index(answer.verdict) < VERDICTS.index(run.verdict):
        says = f"the verdict is {answer.verdict}; the reports say {run.verdict}"
        yield Fault(check="verdict", says=says, do=f"say {run.verdict}")
    if run.severity and SEVERITIES.index(answer.severity) < SEVERITIES.index(run.severity):
        says = f"the severity is {answer.severity}; the reports say {run.severity}"
        yield Fault(check="severity", says=says, do=f"say {run.severity}")


def findings(answer: Answer, run: Run, numbers: tuple[NumberResult, ...]) -> Iterator[Fault]:
    """Only findings that code judged, every critical and high one, each on claims that hold."""
    bad = {number.claim for number in numbers if number.status in BAD}
    for found in answer.findings:
        judged = any(found.code == known.code and same(found.subject, known.subject) for known in run.findings)
        name = f"{found.code} on {found.subject}"
        if run.verdict and not judged:
            yield Fault(check="findings", says=f"no report has the finding {name}", do="leave it out", about=name)
        if not run.verdict and not found.claims:
            yield Fault(check="findings", says=f"{name} rests on no claim", do="name the claims", about=name)
        for claim in found.claims:
            if answer.claim(claim) is None or claim in bad:
                says = f"{name} rests on {claim}, which does not hold"
                yield Fault(check="findings", says=says, do="rest it on a traced claim", about=name)
    for known in run.findings:
        listed = any(found.code == known.code and same(found.subject, known.subject) for found in answer.findings)
        if known.severity in _LOUD and not listed:
            says = f"the {known.severity} finding {known.code} on {known.subject} is left out"
            yield Fault(check="findings", says=says, do="list it")


def unknowns(answer: Answer, run: Run) -> Iterator[Fault]:
    """What was asked for and not obtained is listed, and never claimed."""
    for missing in run.unmeasured:
        if missing.attempted and not _listed(answer, missing.quantity, missing.subject):
            says = f"{missing.quantity} of {missing.subject} is unknown ({missing.why}) and not listed"
            yield Fault(check="says_unknown", says=says, do="list it under unknowns")
    for entry in run.ledger.failed():
        if entry.quantity is None and entry.id not in answer.failed_evidence:
            says = f"{entry.id} was not obtained ({entry.status}) and is not disclosed"
            yield Fault(check="tool_failures_disclosed", says=says, do="list it under failed_evidence")
    for claim in answer.claims:
        if isinstance(claim, Observed | Computed | Assumed) and claim.quantity and _unmeasured(claim, run):
            says = f"{claim.quantity} was not measured, yet {claim.id} states it"
            yield Fault(check="says_unknown", says=says, do="remove the claim and list the unknown", about=claim.id)


def _listed(answer: Answer, quantity: str, subject: str) -> bool:
    return any(
        same_quantity(said.quantity, quantity) and (said.subject is None or same(said.subject, subject))
        for said in answer.unknowns
    )


def _unmeasured(claim: Observed | Computed | Assumed, run: Run) -> bool:
    quantity, subject = claim.quantity or "", claim.subject
    missing = [
        one
        for one in run.unmeasured
        if same_quantity(one.quantity, quantity) and (subject is None or same(one.subject, subject))
    ]
    measured = [
        field
        for field in run.ledger.fields()
        if field.quantity
        and same_quantity(field.quantity, quantity)
        and (not subject or same(field.subject or "", subject))
    ]
    # Without a subject it stands for all of them, the unmeasured ones too.
    return bool(missing) and (subject is None or not measured)


def actions(answer: Answer, run: Run) -> Iterator[Fault]:
    """Only known verbs, none that gives up a protection."""
    known = vocabulary()
    for advice in answer.recommendations:
        verb = known.verb(advice.verb)
        name = f"{advice.verb} {advice.target}"
        if verb is None:
            do = f"use one of: {', '.join(known.verb_names())}"
            yield Fault(check="no_dangerous_action", says=f"unknown verb {advice.verb!r}", do=do, about=name)
            continue
        if verb.forbidden:
            says = f"{name!r} is never recommended: {verb.forbidden}"
            yield Fault(check="no_dangerous_action", says=says, do="remove it", about=name)
        for ban in run.forbidden:
            banned = known.verb(ban.verb)
            if banned and banned.name == verb.name and (ban.target == "*" or same(ban.target, advice.target)):
                says = f"{name!r} is refused: {ban.why}"
                yield Fault(check="no_dangerous_action", says=says, do="remove it", about=name)
        first = known.verb(advice.precondition) if advice.precondition else None
        if advice.precondition and (first is None or first.forbidden):
            says = f"precondition {advice.precondition!r} of {name!r} is no verb that may be recommended"
            yield Fault(check="no_dangerous_action", says=says, do="use a verb of the list", about=name)
        for claim in (*advice.because, *([advice.saving] if advice.saving else [])):
            if answer.claim(claim) is None:
                yield Fault(check="references", says=f"{name!r} rests on no claim {claim}", do="cite one", about=name)


def root_cause(answer: Answer, run: Run) -> Iterator[Fault]:
    """A cause cites evidence of the kind that tells it from other causes."""
    cause = answer.root_cause
    if cause is None:
        return
    known = vocabulary()
    for mechanism in (cause.mechanism, *(other.mechanism for other in cause.alternatives)):
        if known.mechanism(mechanism) is None:
            do = f"use one of: {', '.join(sorted(set(known.mechanisms.values())))}"
            yield Fault(check="root_cause", says=f"unknown mechanism {mechanism!r}", do=do)
    if len(cause.alternatives) > _MOST_CANDIDATES:
        yield Fault(check="root_cause", says="more than two alternatives", do="name at most two")
    cited: list[Field] = []
    for pointer in (*cause.evidence, *(pointer for other in cause.alternatives for pointer in other.ruled_out_by)):
        try:
            cited.append(run.ledger.resolve(pointer))
        except PointerError as error:
            yield Fault(check="root_cause", says=str(error), do="cite evidence of this run")
    shows = known.shown_by.get(known.mechanism(cause.mechanism) or "", ())
    own = cited[: len(cause.evidence)]
    if own and shows and not any(shows_it in _parts(field) for field in own for shows_it in shows):
        says = f"nothing cited can tell {cause.mechanism} from other causes"
        yield Fault(check="root_cause", says=says, do=f"cite evidence about {', '.join(shows)}")
    if own and not any(field.subject is None or same(field.subject, cause.component) for field in own):
        says = f"nothing cited is about {cause.component}"
        yield Fault(check="root_cause", says=says, do="name the component that the evidence is about")


def _parts(field: Field) -> set[str]:
    words = f"{field.quantity or ''} {field.subject or ''} {field.pointer}".lower()
    return set(re.split(r"[^a-z]+", words))


def forecast(answer: Answer, run: Run) -> Iterator[Fault]:
    """Bounds in order, each equal to a cited field."""
    said = answer.forecast
    if said is None:
        return
    point = said.low if said.point is None else said.point
    if not said.low <= point <= said.high:
        yield Fault(check="forecast", says="low <= point <= high does not hold", do="order the bounds")
    fields: list[Field] = []
    for pointer in said.evidence:
        try:
            fields.append(run.ledger.resolve(pointer))
        except PointerError as error:
            yield Fault(check="forecast", says=str(error), do="cite the plan's forecast")
    for name, value in (("low", said.low), ("point", said.point), ("high", said.high)):
        if value is not None and not any(_bounds(value, said, field) for field in fields):
            says = f"{name} {value} {said.unit} is not in the cited forecast"
            yield Fault(check="forecast", says=says, do="take the bounds from the report")


def _bounds(value: float, said: Forecast, field: Field) -> bool:
    """True if the field is this bound: of the same forecast and the same level, which its name carries."""
    if isinstance(field.value, bool | str):
        return False
    stem, level = _of_forecast(field.quantity or said.quantity)
    if not same_quantity(stem, _of_forecast(said.quantity)[0]) or level not in (None, round(100 * said.level)):
        return False
    return agrees(value, decimals(value), said.unit, field.value, field.unit)


def _of_forecast(quantity: str) -> tuple[str, int | None]:
    """What is forecast, and the level of the bound: "forecast.breach.early80" is one of forecast.breach at 80 %."""
    found = _BOUND_OF.fullmatch(quantity)
    return (found[1], int(found[2])) if found else (quantity, None)


def notes(answer: Answer, run: Run) -> Iterator[str]:
    """What costs quality and is no falsehood: harsher than the reports, findings left out, known called unknown."""
    if run.verdict and VERDICTS.index(answer.verdict) > VERDICTS.index(run.verdict):
        yield f"the verdict {answer.verdict} is harsher than the reports' {run.verdict}"
    for known in run.findings:
        if known.severity == "medium" and not any(
            found.code == known.code and same(found.subject, known.subject) for found in answer.findings
        ):
            yield f"the medium finding {known.code} on {known.subject} is left out"
    measured = {field.quantity for field in run.ledger.fields() if field.quantity}
    unmeasured = {missing.quantity for missing in run.unmeasured}
    for unknown in answer.unknowns:
        if unknown.quantity in measured - unmeasured:
            yield f"{unknown.quantity} is called unknown and was measured"
