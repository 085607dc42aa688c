"""A folder of dumps as `find` lists it: which files are dumps by their names, and when each was last written."""

import re
from datetime import UTC, datetime

from infra_maintainer.drill.formats.copies import Copy, Listing, in_order

DUMP_NAME = re.compile(r"\.(dump|sql|pgdump|backup)(\.\w{2,4})?$|(^|/)toc\.dat$")
SEALED = re.compile(r"\.(gpg|age|enc|pgp)$")
UNFINISHED = re.compile(r"\.(part|partial|tmp|incomplete)$")


def parse_find(text: str) -> Listing:
    """Lines `mtime size path` of `find -printf '%T@ %s %P\\n'`. Other files than dumps are left out.

    A directory dump counts once, by its table of contents, with the size of that file only: its size is unknown.
    """
    copies: list[Copy] = []
    for line in text.splitlines():
        match = re.fullmatch(r"(\d+(?:\.\d+)?) (\d+) (.+)", line)
        if match is None:
            continue
        written, size, path = float(match.group(1)), int(match.group(2)), match.group(3)
        unfinished = UNFINISHED.search(path)
        if not DUMP_NAME.search(UNFINISHED.sub("", path)):
            continue
        directory = path.endswith("toc.dat")
        copies.append(
            Copy(
                id=path.rpartition("/")[0] or "." if directory else path,
                taken_at=datetime.fromtimestamp(written, UTC),
                size_bytes=None if directory else size,
                partial=unfinished is not None,
            )
        )
    return Listing(copies=in_order(copies), encryption=_encryption(copies))


def _encryption(copies: list[Copy]) -> str | None:
    """By the names of the files only: a dump without the ending of a sealing program can be read as it lies there."""
    if not copies:
        return None
    clear = [copy.id for copy in copies if not SEALED.search(copy.id)]
    return f"none: {clear[-1]} can be read as it lies there" if clear else "sealed, by the names of the files"
