"""Second factor of people at the cloud and the identity provider, from their own exports; without one it is unknown."""

import csv
from collections.abc import Iterator

from pydantic import ValidationError

from infra_maintainer.evidence.redact import quote
from infra_maintainer.sources.baseline import entra
from infra_maintainer.sources.baseline.keycloak import Judged, Realm, judge_flow
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

ASKED = "users.second_factor"
_COLUMNS = {"user", "password_enabled", "mfa_active"}
_HOW = (
    "name an export under [security]: credential_report (aws iam generate-credential-report, then"
    " get-credential-report: the CSV), entra_registrations (Graph's userRegistrationDetails) or keycloak_realm"
    " (kc.sh export); for another provider read its report of users without a second factor"
)
_POLICY = "read the Conditional Access policies or the security defaults in the Entra admin center"
_BROKER = "export the realm whole (kc.sh export), and read how each provider asks for a second factor"
_FLOW = "look at this flow in the admin console, as a user of each kind"


@source(title="second factor at the identity provider and the cloud", jobs=("security",), quantities=(ASKED,))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each declared export stands alone: one that cannot be read is Missing and the others still answer."""
    declared = survey.system.security
    exports = {
        "people:aws": (declared.credential_report, _aws),
        "people:entra": (declared.entra_registrations, _entra),
        "people:keycloak": (declared.keycloak_realm, _keycloak),
    }
    if not any(path for path, _ in exports.values()):
        why = "no identity provider or cloud account is configured"
        subject = "people:identity_provider"
        yield survey.missing(ASKED, "not_configured", why, _HOW, subject=subject, source="infra.toml")
    for subject, (path, read) in exports.items():
        if path is None:
            continue
        try:
            yield from read(survey, path)
        except WorldError as error:
            yield survey.missing(ASKED, error.why, error.detail, error.how, subject=subject, source=path)


def _aws(survey: Survey, path: str) -> Iterator[AnyEvidence]:
    """One answer per person who may log in: root always, others when they have a password."""
    rows = list(csv.DictReader(survey.world.host.read(path).splitlines()))
    if not rows or not rows[0].keys() >= _COLUMNS:
        raise WorldError("error", f"{path} is no credential report with rows and the columns {sorted(_COLUMNS)}", _HOW)
    for row in rows:
        is_root = row["user"] == "<root_account>"
        if is_root or row["password_enabled"] == "true":
            name = "root" if is_root else row["user"]
            subject, origin = f"person:{name}", f"{path}: mfa_active"
            active = {"true": True, "false": False}.get(row["mfa_active"])
            if active is None:
                detail = f"mfa_active is {quote(row['mfa_active'] or '', 20) or 'empty'}"
                yield survey.missing(ASKED, "no_data", detail, _HOW, subject=subject, source=origin)
            else:
                yield survey.measured(ASKED, active, subject=subject, source=origin)


_ROLES = {True: "an administrator", False: "no administrator", None: "whether an administrator is not said"}


def _entra(survey: Survey, path: str) -> Iterator[AnyEvidence]:
    """Who can pass no second factor is named; that the others are asked for it is not in this report."""
    try:
        found = entra.parse_registrations(survey.world.host.read(path, 64 << 20))
    except ValueError as error:
        raise WorldError("error", f"{path} is no answer of userRegistrationDetails: {error}", entra.HOW) from None
    if not found.people:
        raise WorldError("no_data", f"{path} holds no user", entra.HOW)
    origin = f"{path}: isMfaCapable"
    for person in found.people:
        role = _ROLES[person.is_admin]
        subject = f"person:{quote(person.name, 80)}"
        if person.capable is False:
            yield survey.measured(ASKED, False, subject=subject, source=origin, quote=role)
        elif person.capable is None:
            yield survey.missing(ASKED, "no_data", "isMfaCapable is not set", entra.HOW, subject=subject, source=origin)
    capable = sum(person.capable is True for person in found.people)
    detail = (
        f"{capable} of {len(found.people)} can pass a second factor; whether sign-ins ask for it is not in the report"
    )
    if found.more:
        detail += "; the file is one page of several"
    yield survey.missing(ASKED, "no_data", detail, _POLICY, subject="people:entra", source=origin)


def _keycloak(survey: Survey, path: str) -> Iterator[AnyEvidence]:
    """Each realm by its browser flow, by the flows of single clients, and by the password grant where it is open."""
    try:
        realms = [Realm.model_validate(each) for each in survey.world.host.snapshot("keycloak_realms", path)]
    except ValidationError as error:
        raise WorldError("error", f"{path} has an unknown shape ({error.error_count()} places)", _HOW) from None
    for realm in realms:
        name = f"people:keycloak/{quote(realm.realm, 60)}"
        clients = [each for each in realm.clients or () if each.enabled]
        yield _judged(survey, path, name, judge_flow(realm, realm.browserFlow))
        for each in clients:
            own = each.authenticationFlowBindingOverrides.get("browser")
            if own:
                subject = f"{name} through {quote(each.clientId, 60)}"
                yield _judged(survey, path, subject, judge_flow(realm, own))
        granted = ", ".join([each.clientId for each in clients if each.directAccessGrantsEnabled][:5])
        if granted:
            judged = judge_flow(realm, realm.directGrantFlow)
            judged = judged._replace(why=f"{judged.why}; the password grant is open to {granted}")
            yield _judged(survey, path, f"{name} by password grant", judged)
        brokers = ", ".join([each.alias for each in realm.identityProviders or () if each.enabled][:5])
        for what, why in (
            ("by other applications", "the export lists no clients" if realm.clients is None else ""),
            ("from other providers", "the export lists no providers" if realm.identityProviders is None else ""),
            ("from other providers", f"people may come from {brokers}, whose factors are not here" if brokers else ""),
        ):
            if why:
                yield survey.missing(ASKED, "no_data", why, _BROKER, subject=f"{name} {what}", source=path)


def _judged(survey: Survey, path: str, subject: str, judged: Judged) -> AnyEvidence:
    if judged.second_factor is None:
        return survey.missing(ASKED, "no_data", judged.why, _FLOW, subject=subject, source=path)
    return survey.measured(ASKED, judged.second_factor, subject=subject, source=path, quote=judged.why)
