"""What a person reads at the end: the verified answer, the marked one, or the measurements alone."""

from infra_maintainer.agents.advice import Status
from infra_maintainer.answer.compose import compose
from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.render import render
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verification import BAD, Verification
from infra_maintainer.answer.verify import verify

_LONGEST_DRAFT = 4000


def page(draft: Answer | None, checked: Verification | None, run: Run, why: str, said: str) -> tuple[Status, str]:
    """The status of an answer and its text; `said` is what the model wrote outside the structure."""
    if draft is not None and checked is not None:
        text = render(draft, checked, run)
        if checked.holds:
            return "verified", f"{text}\nEvery number and judgement above was verified against the measurements.\n"
        return "marked", f"{text}\nNot verified: what is struck out above does not hold. ({why})\n"
    answer = compose(run)
    text = render(answer, verify(answer, run), run)
    head = f"No verified answer of a model: {why}. This is what the measurements alone say.\n\n"
    return "reports_only", head + text + (_unverified(said, run) if said.strip() else "")


def _unverified(said: str, run: Run) -> str:
    """The model's free text with every number that does not hold struck out."""
    text = said.strip()[:_LONGEST_DRAFT]
    try:
        checked = verify(text, run)
    except ValueError as refused:  # a structure of another shape, or a dump of numbers
        return f"\n## What the model wrote instead\nNothing that can be checked: {refused}.\n"
    for number in sorted(checked.numbers, key=lambda one: one.start or 0, reverse=True):
        if number.status in BAD and number.start is not None and number.end is not None:
            text = f"{text[: number.start]}~~{text[number.start : number.end].strip()}~~{text[number.end :]}"
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    faults = "".join(f"- {fault.check}: {fault.says}\n" for fault in checked.faults)
    problems = f"\nWhat does not hold in it:\n{faults}" if faults else ""
    return f"\n## What the model wrote, not verified\n{quoted}\n{problems}"
