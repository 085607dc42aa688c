"""What a realm export of Keycloak says about how people log in. Its keys, client secrets and hashes stay in here."""

import json
import os
import stat
from typing import Any

from infra_maintainer.world.failure import WorldError

_LIMIT_BYTES = 64 << 20
_HOW = "export the realm again: kc.sh export --realm NAME --users skip, or the partial export with clients"
_PLAIN = (
    "realm",
    "browserFlow",
    "directGrantFlow",
    "organizationsEnabled",
    "webAuthnPolicyPasswordlessUserVerificationRequirement",
)
_LISTS = {
    "requiredActions": ("alias", "enabled", "defaultAction"),
    "identityProviders": ("alias", "enabled"),
    "clients": ("clientId", "enabled", "directAccessGrantsEnabled", "authenticationFlowBindingOverrides"),
    "authenticationFlows": ("id", "alias", "authenticationExecutions"),
}


def keycloak_realms(path: str) -> list[dict[str, Any]]:
    """Give the login settings of each realm in an export file; nothing else of it leaves this function.

    Raise OSError when it cannot be read and WorldError when it is no realm export.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LIMIT_BYTES:
            raise WorldError("error", f"{path} is no regular file of at most {_LIMIT_BYTES >> 20} MiB", _HOW)
        content = file.read(_LIMIT_BYTES)
    try:
        raw = json.loads(content)
    except ValueError as error:
        raise WorldError("error", f"{path} is not JSON: {type(error).__name__}", _HOW) from None
    realms: list[Any] = raw if isinstance(raw, list) else [raw]
    if not realms or not all(isinstance(each, dict) and isinstance(each.get("realm"), str) for each in realms):
        raise WorldError("error", f"{path} is no realm export: it names no realm", _HOW)
    return [_login_settings(each) for each in realms]


def _login_settings(realm: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: realm[name] for name in _PLAIN if name in realm}
    for name, fields in _LISTS.items():
        rows: Any = realm.get(name)
        if isinstance(rows, list):
            kept[name] = [{field: row[field] for field in fields if field in row} for row in rows if _is_row(row)]
    return kept


def _is_row(value: Any) -> bool:
    return isinstance(value, dict)
