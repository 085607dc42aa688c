"""Can the bill be trusted? Asked first: what follows is worth no more than the rows it is made of."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown

# quantity, rule, code, what it says after the number, why it matters, what to do
ROWS = (
    ("bill.files.unreadable", "costs.bill.unreadable", "bill_files_unreadable", "files of the bill cannot be read",
     "Their charges are in no figure here.", "Export them again."),
    ("bill.rows.broken", "costs.bill.broken", "bill_rows_broken", "rows are broken and left out",
     "Their cost is in no figure here.", "Export the bill again; look at the rows that DuckDB rejects."),
    ("bill.values.unreadable", "costs.bill.broken", "bill_values_unreadable", "costs or times are not readable",
     "They count as no cost at all.", "Export numbers with a point and times with a zone."),
    ("bill.rows.undated", "costs.bill.broken", "bill_rows_undated", "rows have no charge period",
     "They are in no daily or monthly figure.", "Export ChargePeriodStart."),
    ("bill.days.copied", "costs.bill.copied", "bill_days_copied", "days are in two files alike",
     "What is counted twice looks like growth.", "Keep one export of each period."),
    ("bill.days.missing", "costs.bill.missing_days", "bill_days_missing", "days inside the bill have no row",
     "A gap looks like a saving.", "Export the missing days."),
    ("bill.age", "costs.bill.age", "bill_old", "passed since the newest full day",
     "What runs away today is seen too late.", "Let the export run daily."),
    ("bill.zeroed", "costs.bill.zeroed", "bill_effective_zeroed", "of what was billed has an effective cost of 0",
     "Every cost by effective cost is too low.", "Ask the exporter: EffectiveCost is not 0 where something is billed."),
    ("bill.unlisted", "costs.bill.unlisted", "bill_unlisted", "of what was billed has no list price",
     "Discounts and coverage cannot be computed from it.", "Expect this of some exporters; do not trust saving rates."),
    ("bill.rows.inverted", "costs.bill.broken", "bill_inverted", "rows cost less at list price than under contract",
     "A discount below zero is a mistake of the export.", "Ask the exporter."),
    ("bill.commitments.unbalanced", "costs.bill.broken", "bill_commitments_unbalanced",
     "commitments have more usage than was bought", "The bill breaks FOCUS's own identity.", "Ask the exporter."),
    ("bill.purchases.counted", "costs.bill.broken", "bill_purchases_counted",
     "rows of prepaid purchases carry an effective cost", "It is counted twice, at purchase and at use.",
     "Ask the exporter: EffectiveCost of a purchase of future charges is 0."),
    ("bill.categories.odd", "costs.bill.broken", "bill_categories_odd", "charge categories are not FOCUS",
     "Their rows are in no usage figure.", "Ask the exporter."),
)  # fmt: skip


@check(
    title="whether the bill can be trusted",
    quantities=tuple(row[0] for row in ROWS),
    policies=tuple(sorted({row[1] for row in ROWS})),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each measure of trust against its limit; a gap is an unknown, never a pass."""
    for quantity, rule, code, says, matters, do in ROWS:
        yield from above(
            facts,
            policy,
            quantity=quantity,
            rules=(rule,),
            code=code,
            what=lambda number, says=says: f"{number.subject}: {shown(number)} {says}",  # type: ignore[misc]  # bound now
            matters=matters,
            do=do,
        )
