"""The single way out for foreign text: what is secret is replaced by its class, never by a mask of it."""

import re
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


def _spans(text: str) -> Iterator[Span]:
    yield from shape_spans(text)
    for pair in pairs_in(text):
        if named_secret(pair.key, pair.value):
            end = end_of_word(text, pair.end) if len(pair.value) > 200 else pair.end
            yield Span(pair.start, end, "named_secret")
    for match in chain(OPTION.finditer(text), ENV_LINE.finditer(text)):
        if named_secret(match["key"], match["value"]):
            yield Span(match.start("value"), match.end("value"), "named_secret")
    for line in re.finditer(r"[^\n]+", text):
        yield from _option_spans(line[0], line.start())


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
