"""The single way out for foreign text: what is secret is replaced by its class, never by a mask of it."""

import re
from collections.abc import Iterator

from infra_maintainer.evidence.secret_names import named_secret
from infra_maintainer.evidence.secret_shapes import Span, shape_spans
from infra_maintainer.evidence.secrets_found import OPTION, PAIR, value_of

# Short options of well-known programs, in running text.
_PROGRAM_OPTION = re.compile(
    r"(?:\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|xtrabackup)\b[^\n|;]*?\s-p|\bsshpass\s+-p\s*|\bredis-cli\b[^\n|;]*?\s-a\s+"
    r"|\bldap\w+\b[^\n|;]*?\s-w\s+|\b(?:curl|wget|http)\b[^\n|;]*?\s(?:-u|--user|-a|--auth|--proxy-user)[\s=]+[^\s:]+:|\betcdctl\b[^\n|;]*?\s--user[\s=]+[^\s:]+:|\bsmbclient\b[^\n|;]*?\s-U\s*[^\s%]+%)(?P<secret>[^\s\-]\S*)"
)


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
    for match in PAIR.finditer(text):
        start, end, value = value_of(match)
        if named_secret(match["key"], value):
            yield Span(start, end, "named_secret")
    for match in OPTION.finditer(text):
        if named_secret(match["key"], match["value"]):
            yield Span(match.start("value"), match.end("value"), "named_secret")
    for match in _PROGRAM_OPTION.finditer(text):
        yield Span(match.start("secret"), match.end("secret"), "option_password")


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
