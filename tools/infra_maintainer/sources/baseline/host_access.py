"""Rules of pg_hba.conf that let clients into PostgreSQL without proof, with a weak one, or in clear."""

from typing import Literal, NamedTuple

Kind = Literal["trust", "weak", "clear"]
_LOOPBACK = ("127.", "::1", "localhost", "samehost")


class Rule(NamedTuple):
    """One rule that falls short, with its line and in what: no proof, a weak proof, or a connection in clear."""

    line: int
    kind: Kind
    text: str


def weak_rules(text: str) -> list[Rule]:
    """Read pg_hba.conf: `trust` anywhere; off loopback `password`, `md5`, and `host` instead of `hostssl`."""
    found: list[Rule] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if len(words) < 4 or words[0] not in ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"):
            continue
        # host rules have an address, and its mask may stand apart.
        address = "" if words[0] == "local" else words[3]
        rest = words[3:] if words[0] == "local" else words[4:]
        method = rest[1] if len(rest) > 1 and rest[0][0].isdigit() else (rest[0] if rest else "")
        outside = bool(address) and not address.startswith(_LOOPBACK)
        if method == "trust":
            found.append(Rule(number, "trust", " ".join(words)))
        elif outside and method in ("password", "md5"):
            found.append(Rule(number, "weak", " ".join(words)))
        elif outside and method != "reject" and words[0] in ("host", "hostnossl", "hostnogssenc"):
            found.append(Rule(number, "clear", " ".join(words)))
    return found
