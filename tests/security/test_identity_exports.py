"""Second factors by the exports of identity providers: what they prove, and what they leave open."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra_maintainer.evidence.model import Measured
from infra_maintainer.sources.baseline.keycloak import Realm, judge_flow
from infra_maintainer.system.load import parse_system
from infra_maintainer.world.identity_exports import keycloak_realms
from tests.requirements_link import requirement
from tests.security.made_world import MadeWorld, codes, judged_by

SECRET = "k9-private-realm-key-value"
CODE = "person_without_second_factor"
Steps = list[tuple[str, str]]


def flow(alias: str, steps: Steps) -> dict[str, Any]:
    """A flow of (requirement, authenticator) or (requirement, "> flow below")."""
    executions = [
        {"requirement": requirement, "authenticatorFlow": True, "flowAlias": name.removeprefix("> ")}
        if name.startswith("> ")
        else {"requirement": requirement, "authenticatorFlow": False, "authenticator": name}
        for requirement, name in steps
    ]
    return {"alias": alias, "topLevel": alias == "browser", "authenticationExecutions": executions}


BROWSER: Steps = [
    ("ALTERNATIVE", "auth-cookie"),
    ("DISABLED", "auth-spnego"),
    ("ALTERNATIVE", "identity-provider-redirector"),
    ("ALTERNATIVE", "> Organization"),
    ("ALTERNATIVE", "> forms"),
]
ORGANIZATION: Steps = [("CONDITIONAL", "> Conditional Organization")]
IF_MEMBER: Steps = [("REQUIRED", "conditional-user-configured"), ("ALTERNATIVE", "organization")]
PASSWORD = ("REQUIRED", "auth-username-password-form")
IF_ENROLLED: Steps = [("REQUIRED", "conditional-user-configured"), ("REQUIRED", "auth-otp-form")]
IF_ROLE: Steps = [("REQUIRED", "conditional-user-role"), ("REQUIRED", "auth-otp-form")]
NO_CONDITION: Steps = [("REQUIRED", "auth-otp-form")]


def realm(forms: Steps, below: Steps = IF_ENROLLED, **more: Any) -> dict[str, Any]:
    """A realm with Keycloak's own browser flow around these forms; `2FA` is the flow below them."""
    flows = {"browser": BROWSER, "Organization": ORGANIZATION, "Conditional Organization": IF_MEMBER}
    made = [flow(alias, steps) for alias, steps in {**flows, "forms": forms, "2FA": below}.items()]
    rest: dict[str, Any] = {"clients": [], "identityProviders": [], "requiredActions": []}
    return {"realm": "shop", "browserFlow": "browser", "authenticationFlows": made, **rest, **more}


ENROLS_NEW: dict[str, Any] = {"requiredActions": [{"alias": "CONFIGURE_TOTP", "enabled": True, "defaultAction": True}]}
VERIFIED: dict[str, Any] = {"webAuthnPolicyPasswordlessUserVerificationRequirement": "required"}


@requirement("security.mfa")
@pytest.mark.parametrize(
    ("export", "asked", "because"),
    [
        (realm([PASSWORD, ("CONDITIONAL", "> 2FA")]), False, "never enrolled"),
        (realm([PASSWORD, ("CONDITIONAL", "> 2FA")], **ENROLS_NEW), None, "before enrolling"),
        (realm([PASSWORD, ("CONDITIONAL", "> 2FA")], IF_ROLE), None, "conditional-user-role"),
        (realm([PASSWORD, ("CONDITIONAL", "> 2FA")], NO_CONDITION), False, "password"),
        (realm([PASSWORD, ("REQUIRED", "auth-otp-form")]), True, "one-time code and password"),
        (realm([PASSWORD, ("REQUIRED", "> 2FA")]), True, "one-time code and password"),
        (realm([PASSWORD, ("OPTIONAL", "auth-otp-form")]), False, "never enrolled"),
        (realm([PASSWORD, ("DISABLED", "auth-otp-form")]), False, "password"),
        (realm([PASSWORD, ("ALTERNATIVE", "auth-otp-form")]), False, "password"),
        (realm([PASSWORD, ("REQUIRED", "our-own-check")]), None, "our-own-check"),
        (realm([("REQUIRED", "webauthn-authenticator-passwordless")], **VERIFIED), True, "passkey"),
        (realm([("REQUIRED", "webauthn-authenticator-passwordless")]), None, "passkey"),
        (realm([PASSWORD, ("REQUIRED", "> gone")]), None, "gone"),
        (realm([PASSWORD, ("REQUIRED", "auth-otp-form")], organizationsEnabled=True), None, "organization"),
        ({**realm([PASSWORD]), "browserFlow": None}, None, "no such flow"),
    ],
)
def test_each_way_through_a_flow_counts_by_the_rules_of_its_requirements(
    export: dict[str, Any], asked: bool | None, because: str
) -> None:
    """Keycloak's own default is no second factor for whoever never enrolled; what nobody can decide stays open."""
    parsed = Realm.model_validate(export)
    judged = judge_flow(parsed, parsed.browserFlow)
    assert (judged.second_factor, because in judged.why) == (asked, True), judged


def test_a_choice_between_a_passkey_and_a_password_with_a_code_is_two_factors_each_way() -> None:
    """The guide's own example of a login without password."""
    forms: Steps = [("REQUIRED", "auth-username-form"), ("REQUIRED", "> 2FA")]
    choice: Steps = [("ALTERNATIVE", "webauthn-authenticator-passwordless"), ("ALTERNATIVE", "> both")]
    export = realm(forms, choice, **VERIFIED)
    export["authenticationFlows"].append(
        flow("both", [("REQUIRED", "auth-password-form"), ("REQUIRED", "auth-otp-form")])
    )
    assert judge_flow(Realm.model_validate(export), "browser").second_factor is True


@requirement("security.mfa")
def test_an_export_on_disk_is_judged_and_its_secrets_stay_there(tmp_path: Path) -> None:
    """A file with a private key and a client secret: browser closed by two factors, password grant and broker named."""
    clients = [
        {"clientId": "admin-cli", "enabled": True, "directAccessGrantsEnabled": True, "secret": SECRET},
        {"clientId": "old", "enabled": True, "authenticationFlowBindingOverrides": {"browser": "flow-7"}},
    ]
    export = realm(
        [PASSWORD, ("REQUIRED", "auth-otp-form")],
        privateKey=SECRET,
        clients=clients,
        directGrantFlow="direct grant",
        identityProviders=[{"alias": "partner", "enabled": True, "config": {"clientSecret": SECRET}}],
    )
    granted: Steps = [("REQUIRED", "direct-grant-validate-username"), ("REQUIRED", "direct-grant-validate-password")]
    export["authenticationFlows"] += [flow("direct grant", granted), {**flow("plain", [PASSWORD]), "id": "flow-7"}]
    path = tmp_path / "realm.json"
    path.write_text(json.dumps(export), encoding="utf-8")
    assert SECRET not in json.dumps(keycloak_realms(str(path)))
    report = judged_by(("people_second_factor",), parse_system(f'[security]\nkeycloak_realm = "{path}"\n'))
    assert {each.subject for each in report.findings if each.code == CODE} == {
        "people:keycloak/shop by password grant",
        "people:keycloak/shop through old",
    }
    assert [each.subject for each in report.passes if each.code == CODE] == ["people:keycloak/shop"]
    assert [each.subject for each in report.unknowns] == ["people:keycloak/shop from other providers"]
    assert SECRET not in report.model_dump_json()


@requirement("security.mfa")
def test_entra_names_who_has_no_second_factor_and_leaves_open_whether_the_others_are_asked(tmp_path: Path) -> None:
    """Registered is not asked for: one finding, no pass, and the policies named that decide the rest."""
    rows = [
        {"userPrincipalName": "anna@shop.example", "isMfaCapable": True, "isMfaRegistered": True, "isAdmin": True},
        {"userPrincipalName": "ben@shop.example", "isMfaCapable": False, "isMfaRegistered": True, "isAdmin": True},
        {"userPrincipalName": "cleo@shop.example", "isMfaCapable": None, "isAdmin": False},
        {"userPrincipalName": "dora@shop.example", "isMfaCapable": False},
    ]
    world = MadeWorld(tmp_path / "world")
    world.read("/srv/entra.json", json.dumps({"value": rows, "@odata.nextLink": "next"}))
    report = world.report('[security]\nentra_registrations = "/srv/entra.json"\n')
    found = sorted(each.subject for each in report.findings if each.code == CODE)
    assert found == ["person:ben@shop.example", "person:dora@shop.example"]
    roles = {e.subject: e.quote for e in report.evidence if isinstance(e, Measured) and e.subject in found}
    assert roles == {found[0]: "an administrator", found[1]: "whether an administrator is not said"}
    assert CODE not in {each.code for each in report.passes}
    open_still = {each.subject: each for each in report.unknowns if each.code == CODE}
    assert set(open_still) == {"people:entra", "person:cleo@shop.example"}
    assert "1 of 4" in open_still["people:entra"].detail and "one page" in open_still["people:entra"].detail
    assert "Conditional Access" in open_still["people:entra"].how


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"value": []}', '{"value": [{"name": "x"}]}', "not JSON"])
@pytest.mark.parametrize("setting", ["entra_registrations", "keycloak_realm"])
def test_a_file_that_is_no_export_is_unknown_and_hides_no_other(setting: str, content: str, tmp_path: Path) -> None:
    """Neither a pass nor a finding, while the AWS report beside it still answers."""
    path, table = tmp_path / "export.json", tmp_path / "aws.csv"
    path.write_text(content, encoding="utf-8")
    table.write_text("user,password_enabled,mfa_active\nben,true,false\n", encoding="utf-8")
    config = f'[security]\n{setting} = "{path}"\ncredential_report = "{table}"\n'
    report = judged_by(("people_second_factor",), parse_system(config))
    assert [each.subject for each in report.findings] == ["person:ben"] and not report.passes
    assert len(report.unknowns) == 1 and codes(report) == {CODE}
