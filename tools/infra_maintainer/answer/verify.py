"""Verify one answer against one run: the gate of the tool, of the agent and of the evals."""

import json
import re
from typing import cast

from pydantic import ValidationError

from infra_maintainer.answer import comment_gates, gates, prose, prose_gates
from infra_maintainer.answer.claims import trace
from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.tail_gate import tails
from infra_maintainer.answer.verification import Fault, Verification, verification

# One answer is a page, not a book; a scan of more would only cost time.
LONGEST_ANSWER = 40_000
_WRAPPED = 60
_STARTS_ANEW = re.compile(r"\s*(?:[-*+]\s|[|#>]|\d{1,2}[.)]\s|```)")


class NotAnAnswer(ValueError):
    """Text that was meant as a structured answer and is none; the message lists what is wrong."""


def verify(answer: Answer | str, run: Run) -> Verification:
    """Check a structured answer, or free text, against the evidence and judgements of `run`.

    Text that is a JSON object is read as a structure. Raises NotAnAnswer if it is a JSON object of another shape,
    ValueError if it is empty or longer than LONGEST_ANSWER.
    """
    if isinstance(answer, Answer):
        return _structure(answer, run)
    if not answer.strip():
        raise ValueError("the answer is empty")
    if len(answer) > LONGEST_ANSWER:
        raise ValueError(f"the answer has {len(answer)} characters; at most {LONGEST_ANSWER} are checked")
    structured = parse(answer)
    return _structure(structured, run) if structured else _prose(answer, run)


def parse(text: str) -> Answer | None:
    """The structured answer in `text` (bare or in one fenced block), or None if the text is prose.

    Raises NotAnAnswer if it is a JSON object that does not follow the contract.
    """
    fenced = re.fullmatch(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", text, re.DOTALL)
    body = fenced[1] if fenced else text.strip()
    if not body.startswith("{"):
        return None
    try:
        data: object = json.loads(body)
    except (json.JSONDecodeError, RecursionError):
        return None
    return from_data(data)


def from_data(data: object) -> Answer:
    """A structured answer from parsed JSON. Raises NotAnAnswer with one line per problem."""
    try:
        return Answer.model_validate(data)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(step) for step in problem['loc']) or 'answer'}: {problem['msg']}"
            for problem in cast(
                "list[dict[str, tuple[str, ...]]]", error.errors(include_url=False, include_input=False)
            )
        ]
        raise NotAnAnswer("; ".join(problems[:8])) from error


def unwrapped(text: str) -> str:
    """Lines that were wrapped joined again, a space for each break, so that positions stay.

    A break is a wrap after a long line that ends in mid-sentence, unless a list, a table, a heading, a quote or
    nothing follows.
    """
    lines = text.split("\n")
    joined = lines[0]
    for before, line in zip(lines, lines[1:], strict=False):
        ended = before.rstrip().endswith((".", "!", "?", ":", "]", ";"))
        leaves_list = _STARTS_ANEW.match(before) and not line.startswith((" ", "\t"))
        wrapped = (
            len(before) >= _WRAPPED and line.strip() and not _STARTS_ANEW.match(line) and not (leaves_list or ended)
        )
        joined += (" " if wrapped else "\n") + line
    return joined


def _structure(answer: Answer, run: Run) -> Verification:
    numbers = trace(answer, run)
    faults: list[Fault] = [
        *_double_ids(answer),
        *gates.verdict(answer, run),
        *gates.findings(answer, run, numbers),
        *gates.unknowns(answer, run),
        *tails(answer, run),
        *gates.actions(answer, run),
        *gates.root_cause(answer, run),
        *gates.forecast(answer, run),
        *comment_gates.anchors(answer),
        *comment_gates.words(answer, run),
    ]
    return verification("structure", numbers, tuple(faults), tuple(gates.notes(answer, run)))


def _double_ids(answer: Answer) -> list[Fault]:
    ids = [claim.id for claim in answer.claims]
    double = sorted({name for name in ids if ids.count(name) > 1})
    return [Fault(check="references", says=f"two claims are called {name}", do="rename one") for name in double]


def _prose(text: str, run: Run) -> Verification:
    text = unwrapped(text)
    numbers = prose.scan(text, run)
    notes = ("free text was scanned: this is weaker than a structured answer",)
    return verification("prose", numbers, tuple(prose_gates.judge(text, numbers, run)), notes)
