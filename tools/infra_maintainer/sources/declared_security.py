"""What the owner declares about plans, exercises and certificates: claims with dates, never proof."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey

_CLAIMS = ("compliance.certificate", "incident.plan", "incident.plan.exercised", "recovery.plan")
_HOW = {
    "incident.plan": "declare [[fact]] incident.plan with its place and date",
    "incident.plan.exercised": "declare [[fact]] incident.plan.exercised with what was exercised and when",
}


@source(
    title="declared plans, exercises and certificates",
    jobs=("security",),
    quantities=("incident.plan", "incident.plan.exercised"),
    also=("compliance.certificate", "recovery.plan", "drill.count"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Every dated declaration of this kind; a plan or an exercise that nobody declared is Missing."""
    declared = [fact for fact in survey.system.fact if fact.quantity in _CLAIMS]
    for fact in declared:
        yield survey.declared(fact.quantity, fact.value, subject=fact.subject, declared_on=fact.declared_on)
    if not survey.system.backup:
        how = "declare [[backup]] in infra.toml, then run a drill"
        nothing, subject = "no backup is declared", "system:declared"
        yield survey.missing("drill.count", "not_configured", nothing, how, subject=subject, source="infra.toml")
    for quantity, how in _HOW.items():
        if not any(fact.quantity == quantity for fact in declared):
            detail = "nobody declared it"
            yield survey.missing(
                quantity, "not_configured", detail, how, subject="system:declared", source="infra.toml"
            )
