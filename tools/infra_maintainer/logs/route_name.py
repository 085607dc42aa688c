"""Names from logs as subjects: paths and addresses that anybody on the internet may choose, made harmless and short."""

import re

from infra_maintainer.evidence.redact import redact

LONGEST = 80
_OUTLANDISH = re.compile(r"[^A-Za-z0-9/_.:~%*@+()\-\[\] ]+")


def plain(name: str) -> str:
    """The name without secrets, without any sign that is not usual in paths, and cut: `GET /a/:id`, `10.0.0.1:80`."""
    kept = _OUTLANDISH.sub("?", redact(name)).strip()
    return (kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1]}~") or "?"
