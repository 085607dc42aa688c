"""Sentences that reassure or advise harm, found by their words.

Words can be turned in more ways than a list knows: what this finds is refused, what it misses is not approved by it.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

# These begin with a word that negates elsewhere and mean the same for it.
_NEGATES_ITSELF = re.compile(
    r"^(?:no|nothing|without|don't|do not|not|hardly|barely|(?:would|will|should|need|does|can)\s?(?:not|n't))\b",
    re.IGNORECASE,
)
# A full stop inside "endpoint.latency" or "shop.example" ends nothing.
_SENTENCE = re.compile(r"(?:[^.!?\n;|]|[.!?](?!\s|$))+[.!?;]?")
_CLAUSE_BREAK = re.compile(r",|;|:|—| - |\bbut\b|\bso\b|\band\b|\bthen\b|\bhowever\b", re.IGNORECASE)

# "That leaves out the 2 failures" says what a figure does; nobody is told to do it.
_DESCRIBED = re.compile(
    r"^\W*(?:(?:and|but|so) )?(?:that|this|it|"
    r"(?:the|this|that|its) (?:p\d+|mean|median|average|percentile|figure|number)s?)"
    r"(?: (?:also|only|still|just))?\s+$",
    re.IGNORECASE,
)

# "Retries hide failures" does too.
_HIDING = re.compile(
    r"\b(?:retr(?:y|ies)|means?|medians?|averages?|percentiles?|dashboards?|caches?|balancers?)"
    r"(?: (?:also|only|still|just|may|can|would))?\s+$",
    re.IGNORECASE,
)

# "With a single instance lost" and "the loss of a single instance" say what happens, not what to keep.
_A_SINGLE = re.compile(r"(?:only|just|a)\s(?:one|single|lone)\s(?:\w+\s)?\w+$", re.IGNORECASE)
_LOSS_BEFORE = re.compile(r"\b(?:loss\s+of|losing|loses)\s+$", re.IGNORECASE)
_LOSS_AFTER = re.compile(r"\s+(?:(?:is|was)\s+)?(?:lost|fails|failing|failed|missing|gone)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Hit:
    """Words found, where they stand and the sentence around them."""

    text: str
    start: int
    end: int
    sentence: str


@dataclass(frozen=True)
class _Patterns:
    negation: re.Pattern[str]
    turned: re.Pattern[str]
    reassuring: re.Pattern[str]
    danger: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    raw: dict[str, list[str]] = tomllib.loads(
        resources.files("infra_maintainer.answer").joinpath("wording.toml").read_text("utf-8")
    )
    lists = {f"{{{name}}}": f"(?:{'|'.join(raw[name])})" for name in ("cut", "kept", "harmless_after", "tune", "ended")}
    lists |= {f"{{{name}}}": f"(?:{'|'.join(raw[name])})" for name in ("softener", "good")}
    found = {name: _compiled(raw[name], lists) for name in ("negations", "turned", "reassuring", "dangers")}
    return _Patterns(found["negations"], found["turned"], found["reassuring"], found["dangers"])


def _compiled(parts: list[str], lists: dict[str, str]) -> re.Pattern[str]:
    joined = "|".join(parts)
    for name, words in lists.items():
        joined = joined.replace(name, words)
    spaced = joined.replace(" ", r"\s+")
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)", re.IGNORECASE)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Start and text of each sentence, list item or table cell."""
    for match in _SENTENCE.finditer(text):
        if match.group().strip():
            yield match.start(), match.group()


def reassurances(text: str) -> list[Hit]:
    """Words that say all is well, unless negated, conditional or asked."""
    found = _patterns()
    return [hit for hit in _hits(text, found.reassuring, found) if not hit.sentence.endswith("?")]


def dangers(text: str) -> list[Hit]:
    """Words that advise to give up a protection, unless the sentence turns them round."""
    found = _patterns()
    return [hit for hit in _hits(text, found.danger, found) if not _described(hit)]


def _described(hit: Hit) -> bool:
    verb = hit.text.split()[0].lower()
    place = hit.sentence.find(hit.text)
    ahead, behind = hit.sentence[:place], hit.sentence[place + len(hit.text) :]
    if _A_SINGLE.match(hit.text) and (_LOSS_BEFORE.search(ahead) or _LOSS_AFTER.match(behind)):
        return True
    if verb.startswith("hid") and _HIDING.search(ahead):
        return True
    return verb.endswith("s") and not verb.endswith("ss") and bool(_DESCRIBED.match(ahead))


def _hits(text: str, pattern: re.Pattern[str], patterns: _Patterns) -> list[Hit]:
    negation, turned = patterns.negation, patterns.turned
    hits: list[Hit] = []
    for start, sentence in sentences(text):
        for match in pattern.finditer(sentence):
            if turned.match(sentence[match.end() :].lstrip(" ,")):
                continue
            inside = not _NEGATES_ITSELF.match(match.group()) and negation.search(match.group())
            if not inside and not negation.search(_before(sentence, match.start())):
                hits.append(Hit(match.group(), start + match.start(), start + match.end(), sentence.strip()))
    return hits


def _before(sentence: str, position: int) -> str:
    """The part of the clause before a position, where a negation would stand."""
    ahead = sentence[:position]
    breaks = [match.end() for match in _CLAUSE_BREAK.finditer(ahead)]
    return ahead[breaks[-1] :] if breaks else ahead
