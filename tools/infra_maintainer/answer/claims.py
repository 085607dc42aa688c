"""Claims traced into the evidence of the run, one result per claim."""

from infra_maintainer.answer import formula
from infra_maintainer.answer.equality import agrees, decimals, equal
from infra_maintainer.answer.ledger import Field, Ledger, PointerError
from infra_maintainer.answer.model import Answer, Assumed, Claim, Computed, Observed, Target, Threshold, Users
from infra_maintainer.answer.numbers import read
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.subjects import same, same_quantity
from infra_maintainer.answer.units import canonical, convert
from infra_maintainer.answer.verification import NumberResult, Status

# Statistics that change what a number means; "instant" and the like do not.
TELLING_STATS = frozenset({"mean", "p50", "p90", "p95", "p99", "p999", "max", "min", "median"})


def trace(answer: Answer, run: Run) -> tuple[NumberResult, ...]:
    """Every claim of an answer with what stands behind it."""
    return tuple(_traced(claim, run) for claim in answer.claims)


def _traced(claim: Claim, run: Run) -> NumberResult:
    match claim:
        case Observed() | Target():
            return _observed(claim, run.ledger)
        case Computed():
            return _computed(claim, run.ledger)
        case Users():
            return _users(claim, run.question)
        case Threshold():
            return _threshold(claim, run)
        case Assumed():
            return _result(claim, "assumed", says=f"assumed: {claim.because}")


def _result(claim: Claim, status: Status, by: tuple[str, ...] = (), says: str = "") -> NumberResult:
    return NumberResult(text=f"{claim.value} {claim.unit}", status=status, by=by, says=says, claim=claim.id)


def _observed(claim: Observed | Target, ledger: Ledger) -> NumberResult:
    for pointer in claim.evidence:
        try:
            field = ledger.resolve(pointer)
        except PointerError as error:
            return _result(claim, "unsupported", says=f"{error}; {nearest_words(claim.value, claim.unit, ledger)}")
        if problem := _difference(claim, field):
            return _result(claim, "contradicted", (field.pointer,), f"{problem}; cited: {field.described()}")
    return _result(claim, "supported" if isinstance(claim, Observed) else "declared", claim.evidence)


def _difference(claim: Observed | Target, field: Field) -> str:
    """How a claim differs from the field it cites; empty if it does not."""
    declared = field.origin == "declared"
    if isinstance(claim, Observed) and declared:
        return "the owner declared this, nobody measured it: use kind 'declared'"
    if isinstance(claim, Target) and not declared:
        return "this is measured, not declared: use kind 'observed'"
    if field.quantity is not None and not same_quantity(claim.quantity, field.quantity):
        return f"quantity is {field.quantity}, not {claim.quantity}"
    if field.subject is not None and not same(claim.subject, field.subject):
        return f"it is about {field.subject}, not {claim.subject}"
    stat = claim.stat if isinstance(claim, Observed) else None
    if {stat, field.stat} & TELLING_STATS and stat != field.stat and isinstance(claim, Observed):
        return f"statistic is {field.stat}, not {stat}"
    if isinstance(claim.value, bool | str) or isinstance(field.value, bool | str):
        same_value = str(claim.value).strip().lower() == str(field.value).strip().lower()
        return "" if same_value else f"value is {field.value!r}"
    if not agrees(claim.value, decimals(claim.value), claim.unit, field.value, field.unit):
        return "value or unit differs"
    return ""


def _computed(claim: Computed, ledger: Ledger) -> NumberResult:
    inputs: dict[str, Field] = {}
    for each in claim.inputs:
        try:
            inputs[each.name] = ledger.resolve(each.evidence)
        except PointerError as error:
            return _result(claim, "unsupported", says=str(error))
    by = tuple(field.pointer for field in inputs.values())
    cited: dict[str, tuple[float, str]] = {}
    for name, field in inputs.items():
        if isinstance(field.value, bool | str):
            return _result(claim, "unsupported", by, f"{field.pointer} is no number")
        cited[name] = (field.value, field.unit)
    percentiles = [field for field in inputs.values() if (field.stat or "").startswith("p")]
    try:
        if len(percentiles) > 1 and formula.adds(claim.formula):
            return _result(claim, "contradicted", by, "percentiles are never added or averaged")
        values = formula.agrees(claim.formula, cited, claim.unit)
    except formula.FormulaError as error:
        return _result(claim, "unsupported", by, str(error))
    if any(equal(claim.value, decimals(claim.value), value) for value in values):
        return _result(claim, "derived", by, f"{claim.formula} recomputed")
    if not values:
        return _result(claim, "contradicted", by, f"{claim.formula!r} does not give something in {claim.unit}")
    return _result(claim, "contradicted", by, f"{claim.formula} gives {values[0]:.6g} {claim.unit}")


def _users(claim: Users, question: str) -> NumberResult:
    for number in read(question):
        unit = number.unit or "1"
        fits = number.unit is None or convert(number.value, unit, claim.unit) is not None
        value = number.value if number.unit is None else convert(number.value, unit, claim.unit)
        if fits and value is not None and equal(claim.value, decimals(claim.value), value):
            return _result(claim, "user", says="from the question")
        # "20 times" may be cited as 20: reports give multiples in unit 1 too.
        if unit == "x" and claim.unit == "1" and equal(claim.value, decimals(claim.value), number.value):
            return _result(claim, "user", says="from the question, there times")
        # "2849 USD a month" may be cited as 2849 USD: it is the amount that they said.
        if unit == f"{claim.unit}/{unit.rpartition('/')[2]}" and equal(
            claim.value, decimals(claim.value), number.value
        ):
            return _result(claim, "user", says=f"from the question, there {unit}")
    return _result(claim, "unsupported", says="the question does not contain this number")


def _threshold(claim: Threshold, run: Run) -> NumberResult:
    limit = next((limit for limit in run.limits if limit.id == claim.policy), None)
    if limit is None:
        return _result(claim, "unsupported", says=f"no threshold {claim.policy!r} in the policy")
    if agrees(claim.value, decimals(claim.value), claim.unit, limit.value, limit.unit):
        return _result(claim, "policy", (limit.id,))
    return _result(claim, "contradicted", (limit.id,), f"{limit.id} is {limit.value} {limit.unit}")


def nearest(value: float, unit: str | None, ledger: Ledger) -> Field | None:
    """The field of the same kind of unit that is closest in value, or None."""
    best: tuple[float, Field] | None = None
    for field in ledger.fields():
        if isinstance(field.value, bool | str):
            continue
        expressed = field.value if unit is None else convert(field.value, field.unit, unit)
        if expressed is None or (unit is not None and canonical(unit) is None):
            continue
        distance = abs(expressed - value) / max(abs(expressed), abs(value), 1e-12)
        if best is None or distance < best[0]:
            best = (distance, field)
    return best[1] if best else None


def nearest_words(value: float | bool | str, unit: str | None, ledger: Ledger) -> str:
    """The nearest evidence in words."""
    found = None if isinstance(value, bool | str) else nearest(value, unit, ledger)
    return f"nearest evidence: {found.described()}" if found else f"no evidence in {unit or 'this unit'}"
