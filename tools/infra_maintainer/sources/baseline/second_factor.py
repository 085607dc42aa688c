"""Which ways into a host by ssh need a second factor: effective sshd settings and the PAM stack behind them."""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

# A module that asks for something besides the password. radius and sss may or may not: that cannot be seen here.
_FACTORS = {
    "pam_google_authenticator": "TOTP",
    "pam_oath": "TOTP",
    "pam_duo": "Duo",
    "pam_u2f": "FIDO2",
    "pam_yubico": "Yubikey",
    "pam_rsa": "SecurID",
    "pam_securid": "SecurID",
    "pam_okta": "Okta",
}
_OPAQUE = ("pam_radius", "pam_sss", "pam_krb5", "pam_ldap")
_MAX_DEPTH = 5


class Factor(NamedTuple):
    """A second factor in a PAM stack; `weakness` names what lets people skip it."""

    module: str
    kind: str
    weakness: str | None


class Stack(NamedTuple):
    """What the auth part of a PAM service asks for. `opaque` modules decide elsewhere; `unread` files are unknown."""

    factors: tuple[Factor, ...]
    opaque: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def strong(self) -> bool:
        """Whether some factor cannot be skipped."""
        return any(factor.weakness is None for factor in self.factors)


class Login(NamedTuple):
    """The truth about one user from one address: `second_factor` and every way in that has only one factor."""

    second_factor: Literal["yes", "no", "weak", "unknown"]
    single_paths: tuple[str, ...]
    why: str


def parse_effective(text: str) -> dict[str, str]:
    """Read `sshd -T`: one lower-case keyword and its value a line; the first of a repeated keyword stands."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        keyword, _, value = line.strip().partition(" ")
        if keyword and keyword.islower():
            found.setdefault(keyword, value.strip())
    return found


def pam_stack(service: str, read: Callable[[str], str | None]) -> Stack:
    """Follow the auth lines of /etc/pam.d/`service` through include, substack and @include, five files deep.

    `read` gives the text of a file under /etc/pam.d by its name, or None when it cannot be read.
    """
    factors: list[Factor] = []
    opaque: list[str] = []
    unread: list[str] = []
    for control, module, arguments in _auth_lines(service, read, unread, 0):
        name = re.sub(r"(\.so)?$", "", module.rsplit("/", 1)[-1], count=1)
        if name.startswith(_OPAQUE):
            opaque.append(name)
        kind = next((kind for prefix, kind in _FACTORS.items() if name.startswith(prefix)), None)
        if kind:
            factors.append(Factor(name, kind, _weakness(control, arguments)))
    return Stack(tuple(factors), tuple(opaque), tuple(unread))


def _auth_lines(
    service: str, read: Callable[[str], str | None], unread: list[str], depth: int
) -> Iterator[tuple[str, str, str]]:
    text = read(service) if depth <= _MAX_DEPTH else None
    if text is None:
        unread.append(service)
        return
    for line in text.replace("\\\n", " ").splitlines():
        line = line.split("#", 1)[0].strip()
        include = re.match(r"@include\s+(\S+)$", line)
        if include:
            yield from _auth_lines(include[1], read, unread, depth + 1)
            continue
        match = re.match(r"-?auth\s+(?P<control>\[[^\]]*\]|\S+)\s+(?P<module>\S+)\s*(?P<arguments>.*)$", line)
        if not match:
            continue
        if match["control"] in ("include", "substack"):
            yield from _auth_lines(match["module"], read, unread, depth + 1)
        else:
            yield match["control"], match["module"], match["arguments"]


def _weakness(control: str, arguments: str) -> str | None:
    if re.search(r"\bnullok\b", arguments):
        return "nullok: whoever never enrolled is not asked"
    if control in ("optional", "sufficient"):
        return f"{control}: failing it does not refuse the login"
    if control.startswith("[") and re.search(r"default\s*=\s*ignore", control):
        return "default=ignore: failing it does not refuse the login"
    return None


def judge_login(settings: dict[str, str], stack: Stack, user: str) -> Login:
    """Say whether `user` needs a second factor under these effective settings and this PAM stack.

    A passphrase on the client's key cannot be seen from the server and does not count.
    """
    if user == "root" and settings.get("permitrootlogin") == "no":
        return Login("yes", (), "root may not log in")
    uses_pam = settings.get("usepam") == "yes"
    strong = uses_pam and stack.strong
    methods = settings.get("authenticationmethods", "any")
    singles = (
        _singles_of_any(settings, user, strong, uses_pam)
        if methods == "any"
        else _singles(methods, settings, strong, uses_pam)
    )
    if singles and uses_pam and stack.factors and not stack.strong:
        return Login("weak", tuple(singles), "; ".join(f"{f.module} {f.weakness}" for f in stack.factors))
    unseen = (*stack.opaque, *stack.unread)
    if singles and uses_pam and unseen and all("keyboard-interactive" in s or "password" in s for s in singles):
        return Login("unknown", tuple(singles), f"the factor is decided elsewhere: {', '.join(unseen)}")
    if singles:
        return Login("no", tuple(singles), f"one factor is enough: {', '.join(singles)}")
    return Login("yes", (), "every way in needs two factors")


def _singles_of_any(settings: dict[str, str], user: str, strong: bool, uses_pam: bool) -> list[str]:
    no_password = user == "root" and settings.get("permitrootlogin") in ("prohibit-password", "without-password")
    found: list[str] = []
    if settings.get("pubkeyauthentication") == "yes" and not _verifies(settings):
        found.append("publickey")
    if settings.get("passwordauthentication") == "yes" and not strong and not no_password:
        found.append("password")
    if settings.get("kbdinteractiveauthentication") == "yes" and uses_pam and not strong and not no_password:
        found.append("keyboard-interactive")
    for keyword, method in (("hostbasedauthentication", "hostbased"), ("gssapiauthentication", "gssapi-with-mic")):
        if settings.get(keyword) == "yes":
            found.append(method)
    return found


def _singles(methods: str, settings: dict[str, str], strong: bool, uses_pam: bool) -> list[str]:
    found: list[str] = []
    for path in methods.split():
        steps = [step.split(":", 1)[0] for step in path.split(",")]
        kinds = {step for step in steps if step != "keyboard-interactive" or uses_pam}
        if len(kinds) >= 2:
            continue
        if kinds == {"publickey"} and _verifies(settings):
            continue
        if kinds and kinds <= {"keyboard-interactive", "password"} and strong:
            continue
        found.append(path)
    return found


def _verifies(settings: dict[str, str]) -> bool:
    return "verify-required" in settings.get("pubkeyauthoptions", "")
