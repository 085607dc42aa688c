"""Each declared FOCUS bill: how far to trust it, what was spent, what each resource cost, which days stand out."""

import json
from collections.abc import Iterator
from typing import Any, cast

from infra_maintainer.bills.alarm_figures import alarm_figures
from infra_maintainer.bills.alarms import watch
from infra_maintainer.bills.audit import Audit, run_audit
from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.figures import Figure, Gap, resource_figures, spend_figures, trust_figures
from infra_maintainer.bills.opening import opened
from infra_maintainer.bills.purchase import purchase_figures
from infra_maintainer.estate.identity import subject_of, telling_tags
from infra_maintainer.evidence.model import Why
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.bill import Bill

OWED = ("bill.rows", "bill.days", "bill.age", "bill.zeroed", "bill.anomalies")


@source(
    title="bills in the FOCUS format",
    jobs=("costs",),
    quantities=OWED,
    also=("bill.cost.effective", "commitment.utilisation", "resource.cost", "resource.covered", "resource.tags"),
    subjects=lambda survey: [f"bill:{bill.name}" for bill in survey.system.bill],
    configure='declare the FOCUS export of your provider in infra.toml: [[bill]] path = "exports/focus/"',
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A bill that cannot be read is Missing with its reason and hides no other."""
    for bill in survey.system.bill:
        survey.say(f"reading the bill {bill.name}")
        try:
            yield from _bill(survey, bill)
        except BillError as error:
            why: Why = "not_recorded" if survey.world.sequential and error.why == "no_data" else error.why
            gaps = [Gap(quantity, f"bill:{bill.name}", why, error.detail, error.how) for quantity in OWED]
            yield from (_evidence(survey, bill, each) for each in gaps)


def _bill(survey: Survey, bill: Bill) -> Iterator[AnyEvidence]:
    name = f"bill:{bill.name}"
    with opened(survey.world, bill) as source_of_rows:
        audit = run_audit(source_of_rows, bill.owner_tag)
        watched = watch(audit, source_of_rows)
    for figures in (
        trust_figures(audit, name, survey.world.clock.now().date()),
        spend_figures(audit, name),
        purchase_figures(audit, name, bill),
        alarm_figures(watched, name),
    ):
        yield from (_evidence(survey, bill, each) for each in figures)
    for resource_id, figure in resource_figures(audit):
        yield _evidence(survey, bill, figure._replace(subject=subject_of(resource_id)))
    if "tags" not in audit.loading.shape.absent:
        yield from (_evidence(survey, bill, each) for each in _tags(audit))


def _tags(audit: Audit) -> Iterator[Figure]:
    for row in audit.resources:
        try:
            tags = json.loads(row.tags) if row.tags else {}
        except ValueError:
            continue
        if row.resource_id is not None and isinstance(tags, dict):
            named = cast("dict[str, Any]", tags)
            yield Figure("resource.tags", subject_of(row.resource_id), len(named), quote=telling_tags(named))


def _evidence(survey: Survey, bill: Bill, each: Figure | Gap) -> AnyEvidence:
    origin = f"FOCUS bill {bill.name}: {bill.path or bill.results or f'{bill.warehouse} {bill.table}'}"
    if isinstance(each, Gap):
        return survey.missing(each.quantity, each.why, each.detail, each.how, source=origin, subject=each.subject)
    return survey.measured(
        each.quantity,
        each.value,
        subject=each.subject,
        stat=each.stat,
        n=each.n,
        window=each.window,
        source=origin,
        quote=each.quote,
        currency=each.currency,
    )
