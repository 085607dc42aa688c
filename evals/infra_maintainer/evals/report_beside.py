"""Evidence beside claims, in the page: what a reply that is not honest said, and what was measured."""

from collections.abc import Iterator
from html import escape
from typing import Any

_COLOURS = {"unsupported": "x", "contradicted": "x", "assumed": "c"}


def claims_beside_evidence(case: dict[str, Any]) -> Iterator[str]:
    """One closed part per case that is not honest; nothing for a case without a word of what was said."""
    found = case.get("beside")
    if not found:
        return
    numbers = found["numbers"]
    yield f"<details class=beside><summary><span class=id>{case_words(case)}</span><span class=soft>"
    yield f"{_count(len(numbers) + found['left_out'], 'number')} said, {found['without_support']} without support"
    yield "</span></summary><div>"
    yield "<div class=scroll><table class=stacked><thead><tr><th>&nbsp;<th>said<th>computed by policy</thead><tbody>"
    for name in ("verdict", "severity"):
        said, true = case["said"][name] or "nothing", found[name]
        colour = "y" if said == true else "x" if case["said"][name] else "c"
        yield f"<tr><th scope=row>{name}<td data-head=said class={colour}>{escape(said)}"
        yield f"<td data-head='computed by policy'>{escape(true)}"
    yield "</tbody></table></div>"
    if numbers:
        yield "<div class=scroll><table class=stacked><thead><tr><th>number said<th>of<th>status<th>evidence</thead>"
        yield "<tbody>"
        yield from (_number(number) for number in numbers)
        yield "</tbody></table></div>"
    if found["left_out"]:
        left = _count(found["left_out"], "further number")
        yield f"<p class=soft>{left} not listed: those without support come first.</p>"
    yield "</div></details>"


def case_words(case: dict[str, Any]) -> str:
    """A case within its scenario: variant and seed, and which repeat where there are several."""
    again = f", repeat {case['repeat'] + 1}" if case["repeat"] else ""
    return f"{escape(case['variant'])}, seed {case['seed']}{again}"


def _number(number: dict[str, Any]) -> str:
    about = " of ".join(part for part in (number["quantity"], number["subject"]) if part) or "no quantity named"
    claim = f" <span class=soft>{escape(number['claim'])}</span>" if number["claim"] else ""
    colour = _COLOURS.get(number["status"], "y")
    return (
        f"<tr><td data-head='number said'><b>{escape(number['text'])}</b>{claim}<td data-head=of>{escape(about)}"
        f"<td data-head=status class={colour}>{escape(number['status'])}"
        f"<td data-head=evidence>{escape(number['evidence']) or 'none'}"
    )


def _count(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
