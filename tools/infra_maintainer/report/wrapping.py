"""Lines of a width, for text that people read: a number stays beside its unit, a limit beside its number."""

import re
import textwrap

from infra_maintainer.evidence.redact import visible

_TOGETHER = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|d|B|KiB|MiB|GiB|TiB|PiB)(?:\W|$))|(?<=\blimit)(?: | of )(?=\d)")
_GLUE = "\x00"  # a NUL is no white space to textwrap, and no report holds one


def wrap(text: str, width: int, indent: int, more: int = 0) -> list[str]:
    """The text in lines of at most `width`, all indented, all but the first by `more` on top.

    A name that somebody chose cannot colour, move or hide anything: what a reader would not see becomes a space.
    """
    lines = textwrap.wrap(
        _TOGETHER.sub(lambda found: found.group().replace(" ", _GLUE), visible(text)),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + more),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, " ") for line in lines]
