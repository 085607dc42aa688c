"""Licences and quotas of providers, as the owner declares them."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


def _quotas(survey: Survey) -> list[str]:
    return [f"quota:{each.name}" for each in survey.system.quota]


@source(
    title="declared licences and quotas", jobs=("capacity",), quantities=("quota.limit", "quota.used"), subjects=_quotas
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Limit and use of each; a use that nobody wrote down is Missing."""
    for quota in survey.system.quota:
        subject = f"quota:{quota.name}"
        yield survey.declared("quota.limit", quota.limit, subject=subject, declared_on=quota.declared_on)
        if quota.used is not None:
            yield survey.declared("quota.used", quota.used, subject=subject, declared_on=quota.declared_on)
        else:
            yield survey.missing(
                "quota.used", "not_configured", "not declared", "declare used in [[quota]], with its date",
                source="infra.toml", subject=subject,
            )  # fmt: skip
