"""The single way out for foreign text: what is secret is replaced by its class, never by a mask of it."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from infra_maintainer.evidence.secret_names import named_secret
from infra_maintainer.evidence.secret_shapes import Span, shape_spans
from infra_maintainer.evidence.secrets_found import (
    ENV_LINE,
    OPTION,
    end_of_word,
    option_passwords,
    pairs_in,
    program_name,
)

QUOTE_LIMIT = 240
# Colours, cursor moves and titles of terminals (ECMA-48), the whole sequence and not only its first byte.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\)?|[@-_])")
_WORD = re.compile(r"[^\s|;&]+")


def redact(text: str) -> str:
    """Return `text` with every secret in it replaced by `[redacted:CLASS]`; what is not secret stays as it was.

    Idempotent. The same rules find secrets in processes, units and files, so what is found is also what is hidden.
    """
    out: list[str] = []
    position = 0
    for span in _merged(sorted(_spans(text))):
        out.append(text[position : span.start])
        out.append(f"[redacted:{span.kind}]")
        position = span.end
    out.append(text[position:])
    return "".join(out)


def quote(text: str, limit: int = QUOTE_LIMIT) -> str:
    """Outside text made safe to show: redacted, without control, hidden or direction characters, on one line, cut."""
    flat = " ".join(unicodedata.normalize("NFC", visible(redact(text))).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def visible(text: str) -> str:
    """The text with a space for each sequence that moves a terminal and each character that a reader cannot see."""
    if text.isascii() and text.isprintable():  # nearly all of it
        return text
    return "".join(" " if _is_hidden(character) else character for character in _TERMINAL.sub(" ", text))


def _is_hidden(character: str) -> bool:
    """Tell whether a reader cannot see this character while a program or a model can: control, format, private use,
    unassigned, variation selectors, and the tag block in which whole sentences hide."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs") or "\ufe00" <= character <= "\ufe0f"


def _spans(text: str) -> Iterator[Span]:
    # A NUL ends a variable of an environment and an argument of a command line; both readings keep all positions.
    lines, arguments = text.replace("\0", "\n"), text.replace("\0", " ")
    yield from _spans_of(lines)
    for line in re.finditer(r"[^\n]+", arguments):
        yield from _option_spans(line[0], line.start())


def _spans_of(text: str) -> Iterator[Span]:
    yield from shape_spans(text)
    for pair in pairs_in(text):
        if named_secret(pair.key, pair.value):
            end = end_of_word(text, pair.end) if len(pair.value) > 200 else pair.end
            yield Span(pair.start, end, "named_secret")
    for match in chain(OPTION.finditer(text), ENV_LINE.finditer(text)):
        if named_secret(match["key"], match["value"]):
            yield Span(match.start("value"), match.end("value"), "named_secret")


def _option_spans(line: str, start: int) -> Iterator[Span]:
    words = list(_WORD.finditer(line))
    for position, word in enumerate(words):
        program = program_name(word[0])
        if program is None:
            continue
        # Only the options of this call matter; the cap keeps a line of program names linear.
        rest = words[position + 1 : position + 41]
        for index, offset, _ in option_passwords(program, [word[0] for word in rest]):
            yield Span(start + rest[index].start() + offset, start + rest[index].end(), "option_password")


def _merged(spans: list[Span]) -> Iterator[Span]:
    current: Span | None = None
    for span in spans:
        if current is None:
            current = span
        elif span.start < current.end:
            current = Span(current.start, max(current.end, span.end), current.kind)
        else:
            yield current
            current = span
    if current is not None:
        yield current
