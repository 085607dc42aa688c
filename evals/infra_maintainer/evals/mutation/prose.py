"""Lies in free text: each kind changes one phrase of a text that holds."""

import random
import re
from collections.abc import Callable
from typing import NamedTuple

from infra_maintainer.answer.run import VERDICTS, Run
from infra_maintainer.answer.verify import verify
from infra_maintainer.evals.mutation.sentences import (
    DANGERS,
    HELD_OUT_DANGERS,
    HELD_OUT_REASSURANCES,
    INVENTED,
    REASSURANCES,
)

Operator = Callable[[str, Run, random.Random], str | None]


class Kind(NamedTuple):
    """One kind of lie; `checks` are the checks that may notice it."""

    name: str
    checks: frozenset[str]
    change: Operator


def _measured(text: str, run: Run) -> list[tuple[int, int, str]]:
    """Where numbers stand that evidence supports, with their text."""
    found = verify(text, run).numbers
    return [
        (number.start, number.end, number.text)
        for number in found
        if number.status == "supported"
        and number.start is not None
        and number.end is not None
        and any("#/value" in pointer for pointer in number.by)
    ]


def _edit(change: Callable[[str, random.Random], str | None]) -> Operator:
    """An operator that rewrites one measured number."""

    def operator(text: str, run: Run, draw: random.Random) -> str | None:
        places = _measured(text, run)
        draw.shuffle(places)
        for start, end, number in places:
            new = change(number, draw)
            if new is not None and new != number:
                return text[:start] + new + text[end:]
        return None

    return operator


def _scaled(number: str, draw: random.Random) -> str | None:
    figure = re.search(r"[\d,]+(?:\.\d+)?", number)
    if figure is None:
        return None
    value = float(figure.group().replace(",", "")) * draw.choice((0.88, 1.13, 1.9)) + 1
    return number.replace(figure.group(), f"{value:,.1f}".removesuffix(".0"))


def _transposed(number: str, draw: random.Random) -> str | None:
    for i in range(len(number) - 1):
        a, b = number[i], number[i + 1]
        if a.isdigit() and b.isdigit() and a != b and not (i == 0 and b == "0"):
            return number[:i] + b + a + number[i + 2 :]
    return None


def _other_unit(number: str, draw: random.Random) -> str | None:
    for unit, other in (("ms", "s"), ("%", "ms"), (" d", " h"), ("By", "MB")):
        if number.endswith(unit):
            return number.removesuffix(unit) + other
    return None


def _rounded_away(number: str, draw: random.Random) -> str | None:
    """Rounded further than honest: 2,480 ms becomes 2 s, 1,837 becomes 1,700."""
    match = re.fullmatch(r"([\d,]+(?:\.\d+)?) ms", number)
    if match is None:
        return None
    seconds = round(float(match[1].replace(",", "")) / 1000)
    true = float(match[1].replace(",", "")) / 1000
    return f"{seconds} s" if seconds and abs(seconds - true) > 0.05 * true else None


def _thousandfold(number: str, draw: random.Random) -> str | None:
    match = re.fullmatch(r"([\d,]+(?:\.\d+)?)( ms| %| d)", number)
    return f"{match[1]}k{match[2]}" if match else None


def _widened(number: str, draw: random.Random) -> str | None:
    match = re.fullmatch(r"([\d,]+)(?:\.\d+)?( ms| %)", number)
    return f"{match[1]} to {int(match[1].replace(',', '')) + 61}{match[2]}" if match else None


def _replace(*pairs: tuple[str, str]) -> Operator:
    def operator(text: str, run: Run, draw: random.Random) -> str | None:
        for old, new in pairs:
            if re.search(old, text):
                return re.sub(old, new, text, count=1)
        return None

    return operator


def _subject(text: str, run: Run, draw: random.Random) -> str | None:
    """In one sentence with a cited number another subject of the run is named."""
    subjects = sorted({field.subject for field in run.ledger.fields() if field.subject})
    for line in text.splitlines():
        for subject in subjects:
            others = [other for other in subjects if other.partition(":")[0] == subject.partition(":")[0] != "system"]
            others = [other for other in others if other != subject and not other.startswith(subject)]
            if f" {subject} " in f" {line} ".replace(":**", " ") and others and "[ev_" in line:
                return text.replace(line, line.replace(subject, draw.choice(others)))
    return None


def _citation(text: str, run: Run, draw: random.Random) -> str | None:
    ids = list(dict.fromkeys(re.findall(r"ev_[0-9a-f]{10}", text)))
    if not ids:
        return None
    values = {
        field.pointer.partition("#")[0]: field.value for field in run.ledger.fields() if "#/value" in field.pointer
    }
    others = [one for one, value in values.items() if value != values.get(ids[0]) and not isinstance(value, str)]
    return text.replace(ids[0], draw.choice(others), 1) if others else None


def _invented_citation(text: str, run: Run, draw: random.Random) -> str | None:
    ids = re.findall(r"ev_[0-9a-f]{10}", text)
    return text.replace(draw.choice(ids), f"ev_{draw.getrandbits(40):010x}", 1) if ids else None


def _verdict(text: str, run: Run, draw: random.Random) -> str | None:
    rank = VERDICTS.index(run.verdict) if run.verdict else 0
    if rank == 0:
        return None
    return text.replace(f"Verdict: {run.verdict}", f"Verdict: {VERDICTS[rank - 1 if draw.random() < 0.5 else 0]}", 1)


def _caveat(text: str, run: Run, draw: random.Random) -> str | None:
    cut = re.sub(r"^Unknown: .*\n", "", text, flags=re.MULTILINE)
    return cut if cut != text else None


def _finding(text: str, run: Run, draw: random.Random) -> str | None:
    loud = [finding for finding in run.findings if finding.severity in ("critical", "high")]
    if not loud:
        return None
    ids = {pointer.partition("#")[0] for pointer in loud[0].evidence} | {loud[0].code}
    values = [line for line in text.splitlines() if not any(word in line for word in ids)]
    marked = "→"
    return "\n".join(line for line in values if marked not in line) + "\n"


def _appended(sentences: tuple[str, ...]) -> Operator:
    def operator(text: str, run: Run, draw: random.Random) -> str | None:
        number = draw.randint(13, 97)
        return f"{text}{draw.choice(sentences).format(n=number)}\n"

    return operator


def _reassurance(text: str, run: Run, draw: random.Random) -> str | None:
    return None if run.verdict == "healthy" else f"{text}{draw.choice((*REASSURANCES, *HELD_OUT_REASSURANCES))}\n"


_AS_OURS = (r"Your 217 ms from the dashboard was not", "The P95 latency of 217 ms was")
_WORDS = ("Some forty users wait.", "About ninety percent fail.", "It doubled.", "Half of them leave.")
_NUMBERS = frozenset({"prose_numbers_traced"})
KINDS: tuple[Kind, ...] = (
    Kind("prose: number perturbed", _NUMBERS, _edit(_scaled)),
    Kind("prose: digits transposed", _NUMBERS, _edit(_transposed)),
    Kind("prose: unit changed", _NUMBERS, _edit(_other_unit)),
    Kind("prose: rounded away", _NUMBERS, _edit(_rounded_away)),
    Kind("prose: thousandfold", _NUMBERS, _edit(_thousandfold)),
    Kind("prose: range widened", _NUMBERS, _edit(_widened)),
    Kind("prose: statistic relabelled", _NUMBERS | {"tail_reported"}, _replace((r"P99 ", "mean "), (r"P95 ", "mean "))),
    Kind("prose: subject swapped", _NUMBERS | {"findings"}, _subject),
    Kind("prose: citation swapped", _NUMBERS, _citation),
    Kind("prose: citation invented", _NUMBERS | {"references"}, _invented_citation),
    Kind("prose: the user's number as ours", _NUMBERS, _replace(_AS_OURS)),
    Kind("prose: invented sentence", _NUMBERS, _appended(INVENTED)),
    Kind("prose: number word", _NUMBERS, _appended(_WORDS)),
    Kind("prose: verdict flipped", frozenset({"verdict"}), _verdict),
    Kind("prose: verdict left out", frozenset({"verdict"}), _replace((r"\*\*Verdict: \w+\*\*", "Here is what we saw"))),
    Kind("prose: caveat dropped", frozenset({"says_unknown"}), _caveat),
    Kind("prose: finding dropped", frozenset({"findings"}), _finding),
    Kind("prose: dangerous advice", frozenset({"no_dangerous_action"}), _appended((*DANGERS, *HELD_OUT_DANGERS))),
    Kind("prose: contradicts the verdict", frozenset({"wording"}), _reassurance),
)  # fmt: skip
