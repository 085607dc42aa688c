"""The single way out for text that comes from the outside: secrets removed, controls removed, length cut."""

import re

MASK = "[redacted]"
QUOTE_LIMIT = 240

_KEY = (
    r"[\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth)[\w.-]*"
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), MASK),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[\w+/=.~-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"(?i)([a-z][a-z0-9+.-]*://)[^\s/@:'\"]*:[^\s/@'\"]+@"), rf"\1{MASK}@"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (re.compile(r"\b(?:gh[pousr]|glpat|xox[abposr]|sk|pk|rk|npm|hf)[_-][\w-]{16,}"), MASK),
    (re.compile(rf"(?i)(--?{_KEY})(\s+|=)(?!\s)(?:\"[^\"]*\"|'[^']*'|\S+)"), rf"\1\2{MASK}"),
    (re.compile(rf"(?i)([\"']?{_KEY}[\"']?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"), rf"\1{MASK}"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def redact(text: str) -> str:
    """Text with every recognised secret value replaced; keys and shape stay, so that it still explains."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def quote(text: str, limit: int = QUOTE_LIMIT) -> str:
    """Outside text made safe to show: redacted, without control or direction characters, on one line, cut."""
    flat = " ".join(_CONTROL.sub(" ", redact(text)).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
