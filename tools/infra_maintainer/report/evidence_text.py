"""Records of evidence as text: the value, what it is, when, how and by what it was measured, or why it is missing."""

from collections.abc import Sequence
from decimal import Decimal

from infra_maintainer.assess.model import AnyEvidence
from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing, Scalar
from infra_maintainer.evidence.show import many, show
from infra_maintainer.evidence.statistics import SHARES, samples_needed
from infra_maintainer.evidence.vocabulary import meaning_of
from infra_maintainer.report.text import Paint, coded, entry, quoted, reason
from infra_maintainer.report.wrapping import wrap


def render_evidence(records: Sequence[AnyEvidence], *, colour: bool = False, width: int = 110) -> str:
    """Each record whole, one after the other."""
    paint = Paint(colour)
    return "\n".join("\n".join(_record(each, paint, width)) + "\n" for each in records)


def _record(each: AnyEvidence, paint: Paint, width: int) -> list[str]:
    label = paint(f"{each.id:<17}", "unknown" if isinstance(each, Missing) else "bold")
    what = f"{each.quantity} of {each.subject}: {meaning_of(each.quantity)}"
    when = each.as_of.strftime("%Y-%m-%d %H:%M:%SZ")
    took = f"; measuring took {show(each.duration, 's')}" if isinstance(each, Measured) and each.duration else ""
    facts = [f"what: {what}", *_origin(each), f"when: {when}{took}", f"source: {each.source}"]
    lines = entry(_head(each), label, width)
    lines += [line for fact in facts for line in wrap(fact, width, 18)]
    return lines + (quoted(each.quote, width) if isinstance(each, Measured) and each.quote else [])


def _head(each: AnyEvidence) -> str:
    if isinstance(each, Missing):
        return "UNKNOWN"
    return f"{each.kind}: {_whole(each.value, each.unit)}"


def _whole(value: Scalar, unit: str) -> str:
    """The value as reports show it, and to its last digit where they round."""
    shown = show(value, unit)
    if isinstance(value, str):
        return f"\u201c{shown}\u201d"
    if isinstance(value, bool):
        return shown
    digits = f"{value:,}" if isinstance(value, int) else f"{Decimal(repr(value)).normalize():,f}"
    exact = digits if unit == "1" else f"{digits} {unit.replace('By', 'B')}"
    return shown if exact == shown or (unit == "1/s" and shown == f"{digits}/s") else f"{shown} (exactly {exact})"


def _origin(each: AnyEvidence) -> list[str]:
    """How the value came to be, or why there is none and what would tell."""
    if isinstance(each, Measured):
        return [f"reading: {_reading(each)}"]
    if isinstance(each, Derived):
        inputs = ", ".join(f"{name} = {id}" for name, id in each.inputs.items())
        return [f"computed: {each.formula} ({each.stat}), with {inputs}"]
    if isinstance(each, Declared):
        day = f"on {each.declared_on}" if each.declared_on else "without a date"
        return [f"declared: {day}; nobody measured it"]
    lacks = f" ({each.detail})" if each.why == "not_recorded" and each.detail else ""
    return [f"why: {coded(reason(each.why, each.detail), each.why)}{lacks}", f"to know: {each.how}"]


def _reading(each: Measured) -> str:
    stat = each.stat.upper() if each.stat in SHARES else each.stat
    said = "a single reading" if each.stat == "instant" else stat
    if each.n is not None:
        said += f" of {many(each.n, 'sample')}" if each.stat != "instant" else f", n = {each.n:,}"
    if each.window is not None:
        said += f" over {show(each.window, 's')}"
    few = f"; few samples: a {stat} needs {samples_needed(SHARES[each.stat]):,}" if each.flag else ""
    return said + few
