"""Second factor of people at the cloud, from its own credential report; without one it is unknown."""

import csv
from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

_COLUMNS = {"user", "password_enabled", "mfa_active"}
_HOW = (
    "aws iam generate-credential-report, then get-credential-report, and name the CSV as credential_report under"
    " [security]; for another provider read its report of users without a second factor"
)


@source(
    title="second factor at the identity provider and the cloud",
    jobs=("security",),
    quantities=("users.second_factor",),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One answer per person who may log in: root always, others when they have a password."""
    path = survey.system.security.credential_report
    if path is None:
        nothing = "no identity provider or cloud account is configured"
        subject = "people:identity_provider"
        yield survey.missing(
            "users.second_factor", "not_configured", nothing, _HOW, subject=subject, source="infra.toml"
        )
        return
    rows = list(csv.DictReader(survey.world.host.read(path).splitlines()))
    if not rows or not rows[0].keys() >= _COLUMNS:
        raise WorldError("error", f"{path} is no credential report with rows and the columns {sorted(_COLUMNS)}", _HOW)
    for row in rows:
        is_root = row["user"] == "<root_account>"
        if is_root or row["password_enabled"] == "true":
            name = "root" if is_root else row["user"]
            active = row["mfa_active"] == "true"
            yield survey.measured("users.second_factor", active, subject=f"person:{name}", source=f"{path}: mfa_active")
