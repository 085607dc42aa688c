"""Strings that are secret by their form, whatever they are called: issued tokens, private keys, passwords in URLs."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Where a secret stands in a text (half-open character range) and what class of secret it is."""

    start: int
    end: int
    kind: str


# Each issuer documents its own prefix and length; the length floor keeps ordinary words out.
SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        (
            "private_key",
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
            r".*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
        ),
        ("aws_access_key", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
        ("github_token", r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{70,})"),
        ("gitlab_token", r"(?<![A-Za-z0-9])gl(?:pat|ptt|dt|rt|cbt|oas)-[A-Za-z0-9_\-]{20,}"),
        ("slack_token", r"(?<![A-Za-z0-9])(?:xox[abeoprs]-|xapp-)[A-Za-z0-9\-]{10,}"),
        ("slack_webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_\-]{10,}"),
        ("discord_webhook", r"discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_\-]{20,}"),
        ("stripe_key", r"(?<![A-Za-z0-9])(?:[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,})"),
        ("google_api_key", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_\-]{35}"),
        ("google_oauth", r"(?<![A-Za-z0-9])(?:GOCSPX-[A-Za-z0-9_\-]{20,}|ya29\.[A-Za-z0-9_\-]{20,})"),
        ("npm_token", r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}"),
        ("pypi_token", r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{40,}"),
        ("model_api_key", r"(?<![A-Za-z0-9])sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_\-]{20,}"),
        ("sendgrid_key", r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}"),
        ("vault_token", r"(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_\-]{24,}"),
        ("age_key", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
        ("telegram_token", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_\-]{32,}"),
        ("digitalocean_token", r"(?<![A-Za-z0-9])do[opr]_v1_[a-f0-9]{64}"),
        ("hugging_face_token", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
        ("shopify_token", r"(?<![A-Za-z0-9])shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
        ("password_hash", r"\$(?:apr1|1|2[abxy]|5|6|7|y|gy|argon2(?:id?|d)|scrypt)\$[A-Za-z0-9./,=$+\-]{16,}"),
        ("json_web_token", r"(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{4,}(?:\.[A-Za-z0-9_\-]*)?"),
    )
)

# The part between the scheme and the last @ before a slash, question mark or blank; the user name may be empty (redis).
USERINFO = re.compile(
    r"(?<![A-Za-z0-9+.\-])[a-zA-Z][a-zA-Z0-9+.\-]{1,30}://[^\s/?#:@'\"]{0,200}:(?P<secret>[^\s/?#'\"]{1,500})@"
)
AUTHORIZATION = re.compile(
    r"(?i)\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?"
    r"(?:(?:bearer|basic|token|digest|negotiate)\s+)?(?!(?:bearer|basic|token|digest|negotiate)\b)(?P<secret>[A-Za-z0-9+/=._~\-]{6,})"
)
BEARER = re.compile(r"(?i)\bbearer\s+(?P<secret>[A-Za-z0-9+/=._~\-]{12,})")
SQL_PASSWORD = re.compile(
    r"(?i)\b(?:identified\s+by|(?:encrypted\s+)?password)\s+(?P<quote>['\"])(?P<secret>[^'\"]+)(?P=quote)"
)
NETRC = re.compile(r"(?ims)^[ \t]*(?:machine\s+\S+|default)\s(?:.{0,200}?)\bpassword\s+(?P<secret>\S+)")
ORACLE = re.compile(r"\bjdbc:oracle:\w+:[^\s/@]+/(?P<secret>[^\s@]+)@")
GO_DSN = re.compile(r"(?<![\w:/@.\-])\w[\w.\-]{0,63}:(?P<secret>[^\s@/]{1,200})@(?:tcp|unix)\(")
PGPASS = re.compile(r"(?m)^[^\s:#]+:(?:\d{1,5}|\*):[^\s:]+:[^\s:]+:(?P<secret>\S+)$")
CONTEXTS = (
    ("url_password", USERINFO),
    ("url_password", ORACLE),
    ("url_password", GO_DSN),
    ("authorization", AUTHORIZATION),
    ("authorization", BEARER),
    ("sql_password", SQL_PASSWORD),
    ("netrc_password", NETRC),
    ("pgpass_password", PGPASS),
)

_PLACEHOLDER = re.compile(
    r"(?i)^(?:\$\w+|\$\{[^}]*\}?|\$\(.*|!\w+|\(.*\)|`.*|__\w+__|%\w+%|%\(\w+\)s|\{\{.*\}\}?|<.*>|\[.*\]|@\w+@|\*+|x{3,}|\.{3,}|_+|-+"
    r"|change[-_ ]?me\w*|replace[-_ ]?me\w*|your[-_ ].*|example\w*|sample|dummy|placeholder|redacted|hidden|masked"
    r"|secret|password|passwd|pass"
    r"|true|false|yes|no|on|off|none|null|nil|undefined|unset|empty|enabled|disabled|default|required|optional"
    r"|scram-sha-256|sha-?\d+|md5|trust|peer|ident|plain|bcrypt|argon2\w*|prompt|ask|stdin|env)$"
)


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands for a secret without being one: a reference, a mask, a word from a template."""
    return not value or bool(_PLACEHOLDER.match(value))


def shape_spans(text: str) -> Iterator[Span]:
    """Yield every stretch of `text` that is secret by form. Spans may overlap; values are never copied out."""
    for kind, pattern in SHAPES:
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), kind)
    for kind, pattern in CONTEXTS:
        for match in pattern.finditer(text):
            if not is_placeholder(match["secret"]):
                yield Span(match.start("secret"), match.end("secret"), kind)
