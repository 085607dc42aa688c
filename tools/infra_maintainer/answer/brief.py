"""A verification as plain text, and cut to the size of a concise reply."""

from infra_maintainer.answer.verification import BAD, Verification

LIMIT_CHARACTERS = 8000


def brief(checked: Verification, limit: int = LIMIT_CHARACTERS) -> Verification:
    """The verification with fewer of the numbers that hold until its JSON fits; bad ones and faults always stay."""
    good = [number for number in checked.numbers if number.status not in BAD]
    bad = [number for number in checked.numbers if number.status in BAD]
    for keep in (len(good), 40, 20, 10, 0):
        notes = checked.notes
        if keep < len(good):
            notes = (*notes, f"{len(good) - keep} more numbers hold and are not listed")
        candidate = checked.model_copy(update={"numbers": (*bad, *good[:keep]), "notes": notes})
        if len(candidate.model_dump_json(exclude_none=True, exclude_defaults=True)) <= limit:
            return candidate
    return candidate


def text(checked: Verification) -> str:
    """One line per number and per fault, bad ones first."""
    bad = [number for number in checked.numbers if number.status in BAD]
    good = [number for number in checked.numbers if number.status not in BAD]
    holds = "HOLDS" if checked.holds else "DOES NOT HOLD"
    lines = [f"{holds}: {len(good)} of {len(checked.numbers)} numbers are traced, {len(checked.faults)} other faults"]
    for number in (*bad, *good):
        behind = f" [{' '.join(pointer.removesuffix('#/value') for pointer in number.by)}]" if number.by else ""
        says = f": {number.says}" if number.says else ""
        lines.append(f"{number.status:<13}{number.text}{behind}{says}")
    lines += [f"{'FAULT':<13}{fault.check}: {fault.says}; {fault.do}" for fault in checked.faults]
    lines += [f"note: {note}" for note in checked.notes]
    return "\n".join(lines) + "\n"
