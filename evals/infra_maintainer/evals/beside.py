"""What a reply said beside what the evidence says: number by number, and the verdict beside the computed one."""

from pydantic import BaseModel, ConfigDict

from infra_maintainer.answer.ledger import Field, Ledger, PointerError
from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.subjects import same, same_quantity
from infra_maintainer.answer.verification import BAD, NumberResult, Status, Verification

# A reply that recites everything has hundreds of numbers; those that do not hold come first.
MOST_NUMBERS = 40
LONGEST_TEXT = 400


class Said(BaseModel):
    """One number of a reply and the evidence beside it."""

    model_config = ConfigDict(frozen=True)

    text: str
    claim: str | None
    quantity: str | None
    subject: str | None
    status: Status
    evidence: str


class Beside(BaseModel):
    """The numbers of a reply with their evidence, and what policy computes. `left_out`: numbers not listed."""

    model_config = ConfigDict(frozen=True)

    verdict: str = ""
    severity: str = ""
    numbers: tuple[Said, ...] = ()
    left_out: int = 0
    without_support: int = 0


def beside(key: Run, ledger: Ledger, checked: Verification | None = None, answer: Answer | None = None) -> Beside:
    """What stands beside a reply; `ledger` is what its author obtained. Without a verification, policy's word alone."""
    numbers = checked.numbers if checked else ()
    ordered = sorted(numbers, key=lambda number: number.status not in BAD)  # stable: as they were said
    listed = tuple(_said(number, key.ledger, ledger, answer) for number in ordered[:MOST_NUMBERS])
    return Beside(
        verdict=key.verdict or "unknown",
        severity=key.severity or "unknown",
        numbers=listed,
        left_out=len(numbers) - len(listed),
        without_support=sum(number.status in BAD for number in numbers),
    )


def _said(number: NumberResult, world: Ledger, ledger: Ledger, answer: Answer | None) -> Said:
    claim = answer.claim(number.claim) if answer and number.claim else None
    quantity, subject = getattr(claim, "quantity", None), getattr(claim, "subject", None)
    if claim is None and number.status not in BAD and (field := _field(number.by[0], ledger) if number.by else None):
        quantity, subject = field.quantity, field.subject  # free text: of what its evidence is
    evidence = number.says or "; ".join(_described(pointer, ledger) for pointer in number.by)
    if number.status in BAD and quantity and subject and (true := _in_the_world(quantity, subject, world)):
        evidence = f"{evidence}; in this world: {true}"
    return Said(
        text=number.text[:LONGEST_TEXT],
        claim=number.claim,
        quantity=quantity,
        subject=subject,
        status=number.status,
        evidence=evidence[:LONGEST_TEXT],
    )


def _in_the_world(quantity: str, subject: str, world: Ledger) -> str:
    """What was there to be measured of this quantity and subject, whether or not the author looked."""
    found = [
        field.described()
        for field in world.fields()
        if field.quantity and field.subject and not field.about_measurement
        if same_quantity(quantity, field.quantity) and same(subject, field.subject)
    ]
    return "; ".join(found[:3])


def _described(pointer: str, ledger: Ledger) -> str:
    """The evidence in words; a policy's id, and a pointer that leads nowhere, as it is."""
    field = _field(pointer, ledger)
    return field.described() if field else pointer


def _field(pointer: str, ledger: Ledger) -> Field | None:
    try:
        return ledger.resolve(pointer)
    except PointerError:
        return None
