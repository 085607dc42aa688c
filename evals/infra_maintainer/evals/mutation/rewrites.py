"""Changes that keep the meaning: none may be refused."""

import copy
import random
import re
from collections.abc import Callable
from typing import Any

from infra_maintainer.answer.run import Run
from infra_maintainer.evals.mutation.sentences import HELD_OUT_SAFE, SAFE

Data = dict[str, Any]
_TO = {"ms": ("s", 1000.0), "d": ("h", 1 / 24), "By": ("kB", 1000.0), "s": ("ms", 0.001)}


def _converted(data: Data, draw: random.Random) -> None:
    for claim in data["claims"]:
        if claim["kind"] == "observed" and claim["unit"] in _TO and not isinstance(claim["value"], bool | str):
            unit, by = _TO[claim["unit"]]
            rough = unit == "h" and isinstance(claim["value"], float)  # days told to four digits give rougher hours
            digits = 3 if rough else 12
            claim.update(unit=unit, value=float(f"{claim['value'] / by:.{digits}g}"))


def _rounded(data: Data, draw: random.Random) -> None:
    for claim in data["claims"]:
        if claim["kind"] in ("observed", "derived") and isinstance(claim["value"], float) and claim["value"] > 100:
            claim["value"] = round(claim["value"])


def _shuffled(data: Data, draw: random.Random) -> None:
    for part in ("claims", "findings", "unknowns", "recommendations"):
        draw.shuffle(data[part])


def _verb_alias(data: Data, draw: random.Random) -> None:
    for advice in data["recommendations"]:
        advice["verb"] = draw.choice(("look into", "profile", "Measure"))


def _short_subject(data: Data, draw: random.Random) -> None:
    for claim in data["claims"]:
        if claim.get("subject", "").startswith("endpoint:"):
            claim["subject"] = claim["subject"].removeprefix("endpoint:")


def _spelled_quantity(data: Data, draw: random.Random) -> None:
    for unknown in data["unknowns"]:
        unknown["subject"] = None


def _safe_words(data: Data, draw: random.Random) -> None:
    data["explanation"] += f" As {{u1}} shows: {draw.choice((*SAFE, *HELD_OUT_SAFE))}".replace(": Is", ", is").replace(
        "? The", ", the"
    )


def _listed_inputs(data: Data, draw: random.Random) -> None:
    for claim in data["claims"]:
        if claim["kind"] == "derived":
            claim["inputs"] = {each["name"]: each["evidence"] for each in claim["inputs"]}


def _renamed(data: Data, draw: random.Random) -> None:
    """Other claim ids, everywhere."""
    names = {claim["id"]: f"n{index}" for index, claim in enumerate(data["claims"])}
    for claim in data["claims"]:
        claim["id"] = names[claim["id"]]
    data["headline_claims"] = [names[one] for one in data["headline_claims"]]
    for finding in data["findings"]:
        finding["claims"] = [names[one] for one in finding["claims"]]
    for advice in data["recommendations"]:
        advice["because"] = [names[one] for one in advice["because"]]
    data["explanation"] = re.sub(r"\{(\w+)\}", lambda found: f"{{{names[found[1]]}}}", data["explanation"])


def _harsher(data: Data, draw: random.Random) -> None:
    data.update(verdict="critical", severity="critical")


STRUCTURE: dict[str, Callable[[Data, random.Random], None]] = {
    "units converted": _converted,
    "rounded at shown precision": _rounded,
    "order shuffled": _shuffled,
    "aliases of verbs": _verb_alias,
    "subjects without their kind": _short_subject,
    "unknowns for all subjects": _spelled_quantity,
    "safe sentences added": _safe_words,
    "inputs as an object": _listed_inputs,
    "claims renamed": _renamed,
    "harsher verdict": _harsher,
}


def structure(name: str, data: Data, draw: random.Random) -> Data:
    """A rewritten copy."""
    changed = copy.deepcopy(data)
    STRUCTURE[name](changed, draw)
    return changed


def _ms_to_s(text: str, run: Run, draw: random.Random) -> str:
    def seconds(match: re.Match[str]) -> str:
        value = float(match[1].replace(",", "")) / 1000
        return match.group() if match[1] == "217" else f"{float(f'{value:.10g}')} s"

    return re.sub(r"(\d[\d,]*(?:\.\d+)?) ms", seconds, text)


def _sentences_shuffled(text: str, run: Run, draw: random.Random) -> str:
    head, *lines = text.splitlines()
    draw.shuffle(lines)
    return "\n".join([head, *lines]) + "\n"


def _spelled_percentiles(text: str, run: Run, draw: random.Random) -> str:
    return re.sub(r"\bP(95|99) ", r"\1th percentile ", text)


def _in_words(text: str, run: Run, draw: random.Random) -> str:
    tens = {
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
    }
    small = "zero one two three four five six seven eight nine".split()

    def word(match: re.Match[str]) -> str:
        value = int(match[1])
        if value < 10:
            return f"{small[value]} percent"
        ten, rest = value // 10 * 10, value % 10
        return f"{tens[ten]}{'-' + small[rest] if rest else ''} percent" if ten in tens else match.group()

    return re.sub(r"(?<![\d.,])(\d{1,2}) %", word, text)


def _safe(text: str, run: Run, draw: random.Random) -> str:
    return f"{text}{draw.choice((*SAFE, *HELD_OUT_SAFE))}\n"


PROSE: dict[str, Callable[[str, Run, random.Random], str]] = {
    "prose: milliseconds as seconds": _ms_to_s,
    "prose: sentences shuffled": _sentences_shuffled,
    "prose: percentiles spelled out": _spelled_percentiles,
    "prose: percentages in words": _in_words,
    "prose: thousands ungrouped": lambda text, run, draw: re.sub(r"(?<=\d),(?=\d{3}\b)", "", text),
    "prose: percent as a word": lambda text, run, draw: text.replace(" %", " percent"),
    "prose: as a list": lambda text, run, draw: "\n".join(f"- {line}" for line in text.splitlines()) + "\n",
    "prose: numbers in bold": lambda text, run, draw: re.sub(r"(?<![*\w.,])(\d[\d,.]* (?:ms|%|d)\b)", r"**\1**", text),
    "prose: safe sentence added": _safe,
}
