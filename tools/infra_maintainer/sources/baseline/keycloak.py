"""Which factors Keycloak's flows ask for, by its rules of requirements (its guide: authentication flows, conditions).

Every way through a flow is a set of factors; a `?` marks what the export cannot decide. Single sign-on cookies are left
out: they repeat an earlier login.
"""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

Way = frozenset[str]
NOTHING: Way = frozenset()
MOST_WAYS, DEEPEST = 500, 10
FACTORS = {
    "auth-username-form": "",
    "auth-username-password-form": "password",
    "auth-password-form": "password",
    "direct-grant-validate-username": "",
    "direct-grant-validate-password": "password",
    "auth-otp-form": "one-time code",
    "direct-grant-validate-otp": "one-time code",
    "auth-recovery-authn-code-form": "recovery code",
    "webauthn-authenticator": "security key",
    "webauthn-authenticator-passwordless": "passkey",
}
SECOND = frozenset({"one-time code", "recovery code", "security key"})
ENROLS = frozenset({"CONFIGURE_TOTP", "webauthn-register"})
IF_ENROLLED = "conditional-user-configured"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Execution(_Part):
    """One step: an authenticator, or a flow below by its alias."""

    authenticator: str | None = None
    flowAlias: str | None = None  # noqa: N815  # the names of the export
    authenticatorConfig: str | None = None  # noqa: N815
    requirement: str = "DISABLED"


class Flow(_Part):
    """A flow and its steps."""

    id: str = ""
    alias: str = ""
    authenticationExecutions: tuple[Execution, ...] = ()  # noqa: N815


class Action(_Part):
    """A required action; a default one is asked of every new user."""

    alias: str = ""
    enabled: bool = False
    defaultAction: bool = False  # noqa: N815


class Client(_Part):
    """An application, with flows of its own where it has any."""

    clientId: str = ""  # noqa: N815
    enabled: bool = True
    directAccessGrantsEnabled: bool = False  # noqa: N815
    authenticationFlowBindingOverrides: dict[str, str] = {}  # noqa: N815


class Provider(_Part):
    """Another identity provider that people may come from."""

    alias: str = ""
    enabled: bool = True


class Realm(_Part):
    """The login settings of one realm, as its export has them."""

    realm: str
    browserFlow: str | None = None  # noqa: N815
    directGrantFlow: str | None = None  # noqa: N815
    webAuthnPolicyPasswordlessUserVerificationRequirement: str = ""  # noqa: N815
    authenticationFlows: tuple[Flow, ...] = ()  # noqa: N815
    requiredActions: tuple[Action, ...] = ()  # noqa: N815
    organizationsEnabled: bool = False  # noqa: N815
    clients: tuple[Client, ...] | None = None
    identityProviders: tuple[Provider, ...] | None = None  # noqa: N815


class Judged(NamedTuple):
    """Whether every way asks for a second factor; None when the export does not decide it."""

    second_factor: bool | None
    why: str


def judge_flow(realm: Realm, name: str | None) -> Judged:
    """Judge one flow, by its alias or id. One way with a single factor is enough for no."""
    if name is None:
        return Judged(None, "the export names no such flow")
    ways = _flow_ways(realm, name, 0)
    if not ways:
        return Judged(None, f"no way through the flow {name} is known")
    if len(ways) > MOST_WAYS:
        return Judged(None, f"the flow {name} has too many ways")
    verdicts = {way: _judge_way(realm, way) for way in ways}
    single = sorted(_said(way) for way, verdict in verdicts.items() if verdict is False)
    if single:
        return Judged(False, f"flow {name}: {single[0]}")
    unknown = sorted({each for way, verdict in verdicts.items() if verdict is None for each in _open(realm, way)})
    if unknown:
        return Judged(None, f"flow {name}: the export does not decide {', '.join(unknown[:5])}")
    return Judged(True, f"flow {name}: {'; or '.join(sorted(_said(way) for way in ways)[:5])}")


def _judge_way(realm: Realm, way: Way) -> bool | None:
    second = way & SECOND
    if (second and "password" in way) or len(second) > 1:
        return True
    if _open(realm, way):
        return None
    return "passkey" in way and realm.webAuthnPolicyPasswordlessUserVerificationRequirement == "required"


def _open(realm: Realm, way: Way) -> list[str]:
    verification = realm.webAuthnPolicyPasswordlessUserVerificationRequirement
    found = [each.removeprefix("?") for each in way if each.startswith("?")]
    if "passkey" in way and verification not in ("required", "discouraged"):
        found.append("whether a passkey is unlocked by its user (user verification is not required)")
    return found


def _said(way: Way) -> str:
    factors = " and ".join(sorted(each for each in way if each[0] not in "?~")) or "no factor"
    skipped = ", ".join(sorted(each.removeprefix("~") for each in way if each.startswith("~")))
    return f"{factors}, since {skipped}" if skipped else factors


def _flow_ways(realm: Realm, name: str, depth: int) -> set[Way]:
    flow = next((each for each in realm.authenticationFlows if name in (each.alias, each.id)), None)
    if flow is None or depth > DEEPEST:
        return {frozenset({f"?the flow {name}"})}
    # Conditions count only in a conditional flow, which takes them out before.
    steps = [
        each for each in flow.authenticationExecutions if not (each.authenticator or "").startswith("conditional-")
    ]
    return _ways(realm, steps, depth)


def _ways(realm: Realm, steps: list[Execution], depth: int) -> set[Way]:
    """All required steps together; alternatives count only where nothing is required."""
    needed = [each for each in steps if each.requirement in ("REQUIRED", "CONDITIONAL", "OPTIONAL")]
    others = [each for each in steps if each.requirement == "ALTERNATIVE"]
    if not needed:
        # A sub-flow whose only step was skipped has succeeded in nothing: it is no alternative.
        ways = [way for each in others for way in _step_ways(realm, each, depth)]
        return {way for way in ways if any(not factor.startswith("~") for factor in way)}
    found = {NOTHING}
    for each in needed:
        found = _together(found, _step_ways(realm, each, depth))
    if others and all(each.requirement == "CONDITIONAL" for each in needed):
        found = {way | {"?which of conditional and alternative steps run"} for way in found}
    return found


def _together(one: Iterable[Way], other: Iterable[Way]) -> set[Way]:
    found: set[Way] = set()
    for left, right in product(one, other):
        found.add(left | right)
        if len(found) > MOST_WAYS:
            break
    return found


def _step_ways(realm: Realm, step: Execution, depth: int) -> set[Way]:
    if step.requirement == "CONDITIONAL" and step.flowAlias:
        return _conditional(realm, step.flowAlias, depth)
    name = step.flowAlias or step.authenticator or "a step without a name"
    ways = _flow_ways(realm, name, depth + 1) if step.flowAlias else _authenticator_ways(realm, step, name)
    # Exports before version 8 say OPTIONAL for what whoever is enrolled must do.
    return ways | {frozenset({_never(realm, name)})} if step.requirement == "OPTIONAL" else ways


def _authenticator_ways(realm: Realm, step: Execution, name: str) -> set[Way]:
    if name in ("deny-access-authenticator", "auth-cookie"):
        return set()
    if name == "identity-provider-redirector":
        return {frozenset({"?another identity provider"})} if step.authenticatorConfig else set()
    if name == "organization" and not realm.organizationsEnabled:
        return set()
    factor = FACTORS.get(name, f"?{name}")
    return {frozenset({factor})} if factor else {NOTHING}


def _conditional(realm: Realm, name: str, depth: int) -> set[Way]:
    flow = next((each for each in realm.authenticationFlows if name in (each.alias, each.id)), None)
    if flow is None or depth > DEEPEST:
        return {frozenset({f"?the flow {name}"})}
    active = [each for each in flow.authenticationExecutions if each.requirement != "DISABLED"]
    conditions = [each.authenticator or "" for each in active if (each.authenticator or "").startswith("conditional-")]
    if not conditions:
        return {NOTHING}  # it acts as disabled
    rest = [each for each in active if each.authenticator not in conditions]
    other = sorted(set(conditions) - {IF_ENROLLED})
    skipped = f"?for whom {name} runs ({', '.join(other)})" if other else _never(realm, name)
    return _ways(realm, rest, depth + 1) | {frozenset({skipped})}


def _never(realm: Realm, name: str) -> str:
    enrols = any(each.enabled and each.defaultAction and each.alias in ENROLS for each in realm.requiredActions)
    return (
        f"?who was there before enrolling became the default ({name})"
        if enrols
        else f"~who never enrolled skips {name}"
    )
