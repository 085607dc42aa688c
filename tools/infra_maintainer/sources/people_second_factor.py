"""Second factor of people at the identity provider or the cloud: known only when such an account is configured."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


@source(
    title="second factor at the identity provider and the cloud",
    jobs=("security",),
    quantities=("users.second_factor",),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """No provider can be asked yet: always Missing, with the call that would answer."""
    yield survey.missing(
        "users.second_factor",
        "not_configured",
        "no identity provider or cloud account is configured",
        "read the provider's own report: for AWS the credential report, columns mfa_active and password_enabled",
        subject="people:identity_provider",
        source="none",
    )
