"""Which tables carry dead rows and free room that every read pays for?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place

LOOK_FIRST = "See what holds vacuum back (an old transaction, a slot, a prepared transaction)"


@check(
    title="dead rows and bloat of tables",
    quantities=(
        "db.autovacuum",
        "db.table.dead", "db.table.dead_rows", "db.table.unvacuumed", "db.table.autovacuum", "db.table.vacuuming",
        "db.table.bloat", "db.table.bloat.estimate", "db.table.size",
    ),
    policies=(
        "health.db.autovacuum",
        "health.db.table.dead", "health.db.table.dead_rows", "health.db.table.bloat", "health.db.table.bloat.estimate",
    ),
)  # fmt: skip
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Dead rows in share and number; bloat as measured, or as estimated and then called so."""
    yield from _uncleaned(facts, policy)
    yield from _dead(facts, policy)
    yield from _bloat(facts, policy)


def _uncleaned(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    rule = policy["health.db.autovacuum"]
    for each in facts.all("db.autovacuum"):
        where = place(each.subject)
        if each.value is True:
            says = f"{where}: cleans its tables by itself"
            yield Pass(code="autovacuum_off", subject=each.subject, says=says, evidence=[each.id], policy=rule.id)
            continue
        yield Finding(
            code="autovacuum_off",
            subject=each.subject,
            severity=rule.severity,
            says=f"{where}: cleans none of its tables by itself ({each.source})",
            matters="Every read gets slower with each change, and one day the server takes no more writes.",
            do="Set autovacuum and track_counts to on and reload; it catches up by itself.",
            evidence=[each.id],
            policy=rule.id,
        )


def _dead(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    rule, floor = policy["health.db.table.dead"], policy["health.db.table.dead_rows"]
    for share in facts.numbers("db.table.dead"):
        subject = share.subject
        rows = facts.number("db.table.dead_rows", subject)
        since = facts.number("db.table.unvacuumed", subject)
        automatic = facts.one("db.table.autovacuum", subject)
        running = facts.one("db.table.vacuuming", subject)
        ids = [each.id for each in (share, rows, since, automatic, running) if each is not None]
        says = f"{place(subject)}: {shown(share)} of its rows are dead" + (f" ({shown(rows)})" if rows else "")
        if rows is None or not rule.exceeded(share.value) or not floor.exceeded(rows.value) or running is not None:
            now = ", and it is being vacuumed" if running is not None else ""
            says += f"{now} (limit {limit(rule)})"
            yield Pass(code="table_dead_rows", subject=subject, says=says, evidence=ids, policy=rule.id)
            continue
        off = automatic is not None and automatic.value is False
        if since is not None and "no vacuum" in since.record.source:
            says += f", {since.record.source}"
        elif since is not None:
            says += f", last vacuumed {shown(since)} ago"
        yield Finding(
            code="table_dead_rows",
            subject=subject,
            severity=rule.severity,
            says=f"{says}{', and autovacuum is off for it' if off else ''} (limit {limit(rule)})",
            matters="Every read passes over them, and the table grows although its rows do not.",
            do="Turn autovacuum on for it and VACUUM it now."
            if off
            else f"{LOOK_FIRST}, then VACUUM it; right after a mass update, look again in some minutes first.",
            evidence=ids,
            policy=rule.id,
        )
    yield from facts.unknowns(
        "db.table.dead", "table_dead_rows", "Whether tables of {name} are cleaned is not known.", rule.severity,
        policy=rule.id,
    )  # fmt: skip


def _bloat(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    for quantity, words in (("db.table.bloat", "are"), ("db.table.bloat.estimate", "are, by an estimate,")):
        rule = policy[f"health.{quantity}"]
        for share in facts.numbers(quantity):
            size = facts.number("db.table.size", share.subject)
            of = f" of its {shown(size)}" if size else ""
            says = f"{place(share.subject)}: {shown(share)}{of} {words} dead rows and free room (limit {limit(rule)})"
            ids = [share.id, *([size.id] if size else [])]
            if not rule.exceeded(share.value):
                yield Pass(code="table_bloat", subject=share.subject, says=says, evidence=ids, policy=rule.id)
                continue
            measure = "Measure it first (pgstattuple_approx). " if quantity.endswith("estimate") else ""
            yield Finding(
                code="table_bloat",
                subject=share.subject,
                severity=rule.severity,
                says=says,
                matters="A read of the whole table reads that for nothing, and it crowds useful pages out of memory.",
                do=f"{measure}New rows fill the room again; if it should shrink: pg_repack, or VACUUM FULL in a pause.",
                evidence=ids,
                policy=rule.id,
            )
    rule = policy["health.db.table.bloat"]
    says = "How much of the tables of {name} is dead weight is not known."
    yield from facts.unknowns("db.table.bloat", "table_bloat", says, rule.severity, policy=rule.id)
