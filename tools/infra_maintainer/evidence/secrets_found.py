"""One judgement of what is a secret, for the finder of secrets and for the redactor alike."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from infra_maintainer.evidence.secret_names import Confidence, named_secret
from infra_maintainer.evidence.secret_shapes import is_placeholder, shape_spans


class Secret:
    """A secret that was seen: its key, class and length. The value is held to fingerprint it and never shown."""

    __slots__ = ("_value", "confidence", "key", "kind", "length")

    def __init__(self, key: str, kind: str, confidence: Confidence, value: str) -> None:
        self.key = key
        self.kind = kind
        self.confidence: Confidence = confidence
        self.length = len(value)
        self._value = value

    def __repr__(self) -> str:
        return f"Secret(key={self.key!r}, kind={self.kind!r}, confidence={self.confidence!r}, length={self.length})"

    def is_in(self, text: str) -> bool:
        """Tell whether the value stands in `text`; the proof that a text is clean, without showing the value."""
        return self._value.strip("\"'") in text

    def at(self, place: str) -> "Secret":
        """Return the same secret under the name of the place where it was found."""
        return Secret(place, self.kind, self.confidence, self._value)

    def fingerprint(self, run_key: bytes) -> str:
        """Return 8 hexadecimal digits that are equal for equal values within one run and mean nothing after it."""
        return hmac.new(run_key, self._value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:8]


# key=value, key: value, "key": "value" within a longer text. Quoted values may hold blanks. The value is only looked
# at, not consumed, so that `https://x/?token=...` is seen both as `https: //x...` and as `token=...`.
_PAIR = re.compile(
    r"(?P<key>[A-Za-z_][\w.\-]{0,80})[\"']?\s*(?P<mark>=>|[=:])\s*"
    r"(?=(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s;,&\"'|<>(){}\[\]?][^\s;,&\"'|<>]{0,200})))"
)
# A line of an environment or of an env file: the value reaches to the end of the line, blanks included.
ENV_LINE = re.compile(r"(?m)^[ \t]*(?:export[ \t]+|Environment=)?\"?(?P<key>[A-Z_][A-Z0-9_]*)=(?P<value>.+)$")
OPTION = re.compile(r"(?<!\S)-{1,2}(?P<key>[A-Za-z][\w.\-]{1,60})\s+(?P<value>[^\s\-]\S*)")

# Options of known programs whose value is a password although their name does not say so.
# Separate: the next argument. Attached: the rest of the same argument.
_SEPARATE = {
    "sshpass": ("-p",),
    "redis-cli": ("-a", "--pass"),
    "ldapsearch": ("-w",),
    "ldapmodify": ("-w",),
    "mongosh": ("-p",),
    "mongo": ("-p",),
    "mongodump": ("-p",),
    "sqlcmd": ("-P",),
    "bcp": ("-P",),
    "zip": ("-P",),
    "unzip": ("-P",),
    "useradd": ("-p",),
    "usermod": ("-p",),
    "docker": ("-p",),
    "podman": ("-p",),
    "helm": ("-p",),
    "ipmitool": ("-P",),
    "snmpwalk": ("-A", "-X"),
    "kinit": ("-w",),
}
_ATTACHED = {
    name: "-p"
    for name in ("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "sshpass", "7z", "7za", "xtrabackup")
}
_USER_AND_PASSWORD = {
    "curl": ("-u", "--user", "--proxy-user", "-U"),
    "smbclient": ("-U",),
    "wget": (),
    "http": ("-a", "--auth"),
    "ab": ("-A",),
    "etcdctl": ("--user",),
}
_SUBCOMMANDS_WITH_LOGIN = frozenset({"docker", "podman", "helm"})


class Pair(NamedTuple):
    """One key with its value inside a text, and where the value stands."""

    key: str
    value: str
    start: int
    end: int


def pairs_in(text: str) -> Iterator[Pair]:
    """Yield the key-value pairs of `text`; `a:b:c` is one path of names (an ARN, an image), not pairs."""
    for match in _PAIR.finditer(text):
        if match["mark"] == ":" and text[match.start() - 1 : match.start()] == ":":
            continue
        name = next(group for group in ("double", "single", "bare") if match[group] is not None)
        yield Pair(match["key"], match[name], match.start(name), match.end(name))


def end_of_word(text: str, position: int) -> int:
    """Return where the run of non-blank characters around `position` ends: values are read 200 characters far."""
    rest = re.compile(r"[^\s\"']*").match(text, position)
    return rest.end() if rest else position


def secret_in_pair(key: str, value: str) -> Secret | None:
    """Judge one KEY=VALUE: by the form of the value, by pairs inside it, by its name, in this order.

    Returns the first secret found, or None. Source of the method: form first because an issuer's prefix needs no
    name; names last because most names that look secret hold a path or a setting.
    """
    for span in shape_spans(value):
        return Secret(key, span.kind, "high", value[span.start : span.end])
    if is_placeholder(value.strip()):
        return None
    for pair in pairs_in(value):
        confidence = named_secret(pair.key, pair.value)
        if confidence == "high" or (confidence and len(pair.value) >= 16):
            return Secret(key, "embedded_password", confidence, pair.value)
    confidence = named_secret(key, value)
    if confidence:
        return Secret(key, "named_secret", confidence, value)
    return None


def secrets_in_argv(argv: Sequence[str]) -> Iterator[Secret]:
    """Yield the secrets on one command line, given as the list of its arguments (without the value ever leaving)."""
    if not argv:
        return
    program = program_name(argv[0])
    for index, offset, option in option_passwords(program, argv[1:]) if program else ():
        yield Secret(f"{program} {option}", "option_password", "high", argv[1 + index][offset:])
    for position, argument in enumerate(argv[1:], start=1):
        key, equals, value = argument.partition("=")
        if equals and re.fullmatch(r"-{0,2}[A-Za-z_][\w.\-]*", key):
            found = secret_in_pair(key.lstrip("-"), value)
        elif (
            re.fullmatch(r"-{1,2}[A-Za-z][\w.\-]*", argument)
            and position + 1 < len(argv)
            and not argv[position + 1].startswith("-")
        ):
            confidence = named_secret(argument.lstrip("-"), argv[position + 1])
            named = Secret(argument, "named_secret", confidence, argv[position + 1]) if confidence else None
            found = named or secret_in_pair("", argument)
        else:
            found = secret_in_pair("", argument)
        if found:
            yield found if found.key else found.at(argv[0])


def program_name(argument: str) -> str | None:
    """Return the program that `argument` names when its password options are known, else None."""
    name = argument.rsplit("/", 1)[-1].rstrip(":")
    return name if name in _SEPARATE or name in _ATTACHED or name in _USER_AND_PASSWORD else None


def option_passwords(program: str, arguments: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (argument index, offset in it, option) for each password that an option of `program` carries."""
    attached = _ATTACHED.get(program)
    separate = _SEPARATE.get(program, ())
    if program in _SUBCOMMANDS_WITH_LOGIN and "login" not in arguments:
        separate = ()
    users = _USER_AND_PASSWORD.get(program, ())
    for index, (argument, following) in enumerate(pairwise([*arguments, ""])):
        if attached and argument.startswith(attached) and len(argument) > 2 and argument[2] not in "=-":
            yield index, 2, attached
        if argument in separate and following and not is_placeholder(following):
            yield index + 1, 0, argument
        divider = re.search("[:%]", following)
        if argument in users and divider and not is_placeholder(following[divider.end() :]):
            yield index + 1, divider.end(), argument
