"""Names that say what their value is: a secret, a pointer to one, or neither."""

import math
import re
from collections import Counter
from itertools import pairwise
from typing import Literal

from infra_maintainer.evidence.secret_shapes import is_placeholder

Confidence = Literal["high", "medium"]

_STRONG = re.compile(r"passw(?:or)?d|passphrase|passcode|secret|token(?!i[sz])|credential")
_STRONG_WORDS = frozenset({"pass", "pw", "pwd", "psw", "pin", "otp", "passwort", "motdepasse"})
_WORDS_ENDING_IN_PASS = frozenset({"compass", "bypass", "surpass", "trespass", "overpass", "underpass", "encompass"})
_WEAK_WORDS = frozenset(
    "key apikey accesskey privatekey signingkey auth salt sas dsn webhook jwt hmac authkey seed pat"
    " bearer cookie signature sig licence license pepper".split()
)

# The last word of a name that holds where or how a secret is kept, not the secret.
_POINTERS = frozenset(
    "prefix suffix realm region size count alias file files path dir directory socket sock cmd command"
    " name names id ids ttl timeout expiry expires algo expiration length policy method type mode enabled"
    " required alg algorithm rounds header provider server host issuer audience endpoint backend pid"
    " version seconds minutes hours days ms format field param parameter claim scope scopes url uri ref"
    " arn hash_algorithm encryption hasher validator validators store engine fingerprint user username"
    " account checks retries interval age lifetime manager service class module limit strength mount"
    " project namespace group groups role roles bucket rate label port db database table column domain"
    " subject protocol status state list template page rotation reset source target".split()
)
# Words that may follow the secret's own word and leave it one: SECRET_KEY_BASE, PASSWORD_OLD, TOKEN_PROD.
_TRANSPARENT = frozenset(
    "key keys base value text plain plaintext prod production dev staging test live old new current"
    " previous next primary secondary root admin pem b64 base64 hex raw default master main".split()
)
_BOUNDS = frozenset({"max", "min", "num", "total"})
_PUBLIC = re.compile(
    r"publi[cs]|idempotency|gpg_?keys?\b|(?:primary|sort|partition|foreign|hash|cache|shard|routing|site)_?key"
)
_NEVER = frozenset(
    {
        "ssh_auth_sock",
        "xauthority",
        "gpg_agent_info",
        "pgpassfile",
        "restic_password_command",
        "borg_passcommand",
        "credentials_directory",
        "invocation_id",
        "xdg_seat",
        "ssh_askpass",
        "git_askpass",
        "sudo_askpass",
    }
)

_PATH = re.compile(r"^(?:file:)?(?:~|\.{0,2}|[A-Za-z]:)?[/\\][\w@%+.,:~/\\\- ]*$")
_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.\-]*://\S*$")
_REFERENCE = re.compile(
    r"^(?:arn:|vault:|op://|ssm:|sm://|ref\+|secretsmanager:|keyring:|env:|ENC\[|gcp-?secret|projects/|kms:"
    r"|ssh-\w+ AAAA|ecdsa-\w)"
)


def words_of(name: str) -> list[str]:
    """Split a name at underscores, dashes, dots and capitals: `dbPassword`, `DB_PASSWORD` and `db.password` agree."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]


def entropy_bits(value: str) -> float:
    """Return the Shannon entropy of the characters of `value`, in bits per character; 0 for an empty string."""
    if not value:
        return 0.0
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def is_pointer(name: str) -> bool:
    """Tell whether `name` names a place, a limit or a method of a secret rather than the secret itself."""
    words = words_of(name)
    joined = "_".join(words)
    if not words or joined in _NEVER or _PUBLIC.search(joined):
        return True
    return words[-1] in _POINTERS or bool(_BOUNDS.intersection(words))


def is_strong_name(name: str) -> bool:
    """Tell whether `name` promises a secret by an unmistakable word such as password, secret or token."""
    words = words_of(name)
    if _STRONG.search("_".join(words)) or _STRONG_WORDS.intersection(words):
        return True
    return any(word.endswith("pass") and word not in _WORDS_ENDING_IN_PASS for word in words)


def is_weak_name(name: str) -> bool:
    """Tell whether `name` may hold a secret, so that only a long and varied value counts as one."""
    words = words_of(name)
    return bool(_WEAK_WORDS.intersection(words)) or any(word.endswith(("apikey", "auth")) for word in words)


def is_innocent_value(value: str) -> bool:
    """Tell whether `value` cannot be a secret whatever its name: placeholder, path, plain URL, small number."""
    stripped = value.strip().strip("'\"")
    if is_placeholder(stripped) or _REFERENCE.match(stripped):
        return True
    if _URL.match(stripped) or (_PATH.match(stripped) and not _is_aws_secret(stripped)):
        return True
    return bool(re.fullmatch(r"-?\d{1,3}(?:\.\d+)?[A-Za-z]{0,2}", stripped))


def _is_aws_secret(value: str) -> bool:
    """Tell a 40-character AWS secret key from a path: about one in sixty begins with a slash."""
    return bool(re.fullmatch(r"/[A-Za-z0-9+/]{39}", value)) and looks_random(value)


def looks_random(value: str) -> bool:
    """Tell whether `value` looks drawn by a machine: 16 characters or more, of 3.0 bits or more each, in which letters,
    digits and case change within runs about once in 8 characters, as in no word, host name, module name or path.
    """
    if len(value) < 16 or " " in value or entropy_bits(value) < 3.0:
        return False
    changes = sum(_character_class(a) != _character_class(b) for a, b in pairwise(value) if a.isalnum() and b.isalnum())
    return changes / len(value) >= 0.12


def _character_class(character: str) -> int:
    return 2 if character.isdigit() else int(character.isupper())


def named_secret(name: str, value: str) -> Confidence | None:
    """Judge one pair by its name: `high` for an unmistakable name, `medium` for a possible one, None for no secret.

    English compounds are named by their last word: in DB_PASSWORD it is the secret, in PASSWORD_COMPLEXITY it is not.
    A strong word elsewhere, and a weak name such as KEY, therefore need a value that looks random.
    A plural (`MAX_TOKENS`, `tokens`) with a plain number is a count.
    """
    if is_pointer(name) or is_innocent_value(value):
        return None
    stripped = value.strip().strip("'\"")
    if is_strong_name(name):
        if words_of(name)[-1].endswith("s") and stripped.isdigit():
            return None
        if not is_strong_name(_head(name)):
            return "medium" if looks_random(stripped) or _is_mixed(stripped) else None
        return "high" if len(stripped) >= 6 else "medium"
    if _head(name).endswith("auth") and re.fullmatch(r"\w[\w.@\-]*[:/]\S{5,}", stripped):
        return "medium"
    return "medium" if is_weak_name(name) and looks_random(stripped) else None


def _head(name: str) -> str:
    words = words_of(name)
    while len(words) > 1 and (words[-1] in _TRANSPARENT or words[-1].isdigit()):
        words.pop()
    return words[-1]


def _is_mixed(value: str) -> bool:
    kinds = (
        any(map(str.islower, value)),
        any(map(str.isupper, value)),
        any(map(str.isdigit, value)),
        bool(re.search(r"[!@#$%^&*+=~?]", value)),
    )
    return len(value) >= 6 and sum(kinds) >= 3
