"""Digits in text that are names, dates and versions, not numbers: blanked before numbers are read."""

import re
from collections.abc import Iterable

from infra_maintainer.answer.ledger import POINTER

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"

# Order matters: longer forms first. Each line is one kind of thing that carries digits without being a quantity.
_NAMES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"https?://[^\s)>\]]+",
        POINTER,
        r"\b(?:rp|run|report|dr|fc)_[0-9a-z_-]+",
        r"\{[a-z]\w*\}",
        r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?",
        rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s{_MONTH}(?:\s\d{{4}})?\b",
        rf"\b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?\b",
        rf"\b{_MONTH}\s\d{{4}}\b",
        r"\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?(?:Z|UTC|am|pm))?\b",
        r"\b(?:UTC|GMT)[+-]\d{1,2}(?::?\d{2})?\b",
        r"\b(?:TLS|SSL|HTTP|IPv|DTLS|QUIC|SSH|SNMP|OAuth)\s?/?v?\d(?:\.\d)?(?:\s?(?:/|and|or)\s?1\.\d)?\b",
        r"\b(?:CVE-\d{4}-\d+|RFC\s?\d+|SOC\s?[123]|ISO(?:/IEC)?\s?\d+|PCI[ -]DSS(?:\s\d(?:\.\d)*)?)\b",
        r"\bp\d{2}(?:\.\d+)?\b",
        # The level of an interval is its name: "80 % interval".
        r"\b\d{2}\s?%\s(?:interval|range|confidence)\b",
        r"\b\d{2}(?:\.\d+)?(?:st|nd|rd|th)[\s-]percentiles?\b",
        r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/\d{1,2})?\b",
        r"\bv?\d+\.\d+\.\d+(?:[-+.]?\w+)*\b",
        r"\bv\d+(?:\.\d+)*\b",
        # Paths and host names with digits, host:port.
        r"(?<![\w.])(?:/[\w.@-]+)+/?(?::\d+\b)?",
        r"\b[a-z][\w-]{0,63}(?:\.[a-z][\w-]{0,63}){1,8}:\d{1,5}\b",
        r"\bport\s\d{1,5}\b",
        # Products with their version: "PostgreSQL 15.4", "Debian 12".
        r"\b(?:PostgreSQL|Postgres|MySQL|Redis|nginx|Debian|Ubuntu|Python|Linux|kernel|OpenSSL|OpenSSH|Node|Java)\s\d+(?:\.\d+)*\b",
        # Identifiers: letters first, digits glued on by nothing, a dash, a dot, a colon or an underscore.
        r"\b[a-z_]+\d[\w]*(?:[-.:_][\w]+)*\b",
        r"\b[a-z]\w{0,63}(?:[-_][a-z]\w{0,63}){0,8}[-_]\d+[\w-]*\b(?!\s?%|\.\d)",
        r"\b[a-z][a-z_]*\.\d+[a-z]+\b",
        r"\b\d+(?:st|nd|rd|th)\b",
        r"\b(?:step|phase|option|sprint|section|item|point|level|tier|day|priority|appendix|note|table|figure|layer)\s\d{1,2}\b(?!\s?%|\.\d)",
        r"(?<!\w)#\d+\b",
        r"\b24/7\b",
        r"\b3-2-1\b(?!\s?%)",
        r"\b(?:three-two-one|two-(?:factor|step))\b",
        r"\b(?:uid|user id)\s\d+\b",
        # A command in a code span, unless a unit makes it a statement: `pidstat 1`, `df -h /dev/sda1`.
        r"`[a-z][\w./-]*(?:\s+[-\w./=:]+)+`",
        # More ids than are shown: "[ev_0123456789 +26]".
        r"\+\d+(?=\s?\])",
        # List markers and headings with a number, also within a line: "1. Do this. 2. Do that."
        r"(?<=[.;:!?)]\s)\d{1,2}[.)]\s(?=[A-Z`*])",
        r"^\s*(?:[#>*+-]+\s*)*\d{1,2}[.)](?=\s)",
    )
)

_CODE = re.compile(
    r"^```(?:sh|bash|shell|console|sql|toml|ya?ml|ini|nginx|promql|python)\s*\n.*?^```\s*$", re.DOTALL | re.MULTILINE
)


def blank(text: str, names: Iterable[str] = ()) -> str:
    """`text` with everything that only looks like a number replaced by spaces; length and positions stay.

    `names` are subjects of the run, blanked wherever they stand as whole words.
    """
    for name in sorted({name for name in names if any(letter.isdigit() for letter in name)}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", _spaces, text)
    for pattern in _NAMES:
        text = pattern.sub(_spaces, text)
    return text


def code_blocks(text: str) -> list[tuple[int, int]]:
    """Where fenced blocks of a named programming language stand; their numbers are settings, not statements."""
    return [match.span() for match in _CODE.finditer(text)]


def without_code(text: str) -> str:
    """`text` with those blocks replaced by spaces, line breaks kept."""
    return _CODE.sub(_spaces, text)


def _spaces(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())
