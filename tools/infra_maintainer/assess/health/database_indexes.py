"""Which indexes cost every write and help no read: broken, there twice, never scanned?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place
from infra_maintainer.evidence.show import many, show

NAMED = 5


@check(
    title="indexes that are broken, there twice, or never used",
    quantities=(
        "db.index.invalid", "db.indexes.invalid", "db.indexes.duplicate", "db.index.duplicate", "db.indexes.unused",
        "db.index.unused", "db.index.unused.for", "db.replicas",
    ),
    policies=("health.db.index.valid", "health.db.index.duplicate", "health.db.index.unused"),
)  # fmt: skip
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One finding per broken index; one per database for the twins, and one for those that nobody scans."""
    yield from _broken(facts, policy)
    yield from _twice(facts, policy)
    yield from _unused(facts, policy)


def _broken(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    rule = policy["health.db.index.valid"]
    for each in facts.all("db.index.invalid"):
        yield Finding(
            code="index_invalid",
            subject=each.subject,
            severity=rule.severity,
            says=f"{place(each.subject)} is invalid: its build failed, no query uses it, every write pays for it",
            matters="Queries that it was made for read the whole table.",
            do="REINDEX INDEX CONCURRENTLY, or drop it; one named _ccnew or _ccold is left over from that: drop it.",
            evidence=[each.id],
            policy=rule.id,
        )
    for count in facts.numbers("db.indexes.invalid"):
        if not count.value:
            says = f"{place(count.subject)}: no index is invalid"
            yield Pass(code="index_invalid", subject=count.subject, says=says, evidence=[count.id], policy=rule.id)
    says = "Whether an index of {name} is invalid is not known."
    yield from facts.unknowns("db.indexes.invalid", "index_invalid", says, rule.severity, policy=rule.id)


def _twice(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    rule = policy["health.db.index.duplicate"]
    for count in facts.numbers("db.indexes.duplicate"):
        if not rule.exceeded(count.value):
            says = f"{place(count.subject)}: no index is there twice"
            yield Pass(code="index_duplicate", subject=count.subject, says=says, evidence=[count.id], policy=rule.id)
            continue
        pairs = _of(facts, "db.index.duplicate", count.subject)
        named = "; ".join(f"{_name(each)} ({shown(each)}) is {each.record.source}" for each in pairs[:NAMED])
        yield Finding(
            code="index_duplicate",
            subject=count.subject,
            severity=rule.severity,
            says=f"{place(count.subject)}: {many(int(count.value), 'index', 'indexes')} there twice: {named}",
            matters="Every insert and update writes both, and both take memory from what is read.",
            do="DROP INDEX CONCURRENTLY the one named first; one behind a constraint goes with ALTER TABLE ... DROP.",
            evidence=[count.id, *(each.id for each in pairs[:NAMED])],
            policy=rule.id,
        )
    says = "Whether an index of {name} is there twice is not known."
    yield from facts.unknowns("db.indexes.duplicate", "index_duplicate", says, rule.severity, policy=rule.id)


def _unused(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    rule = policy["health.db.index.unused"]
    for count in facts.numbers("db.indexes.unused"):
        twins = {each.subject for each in facts.numbers("db.index.duplicate")}
        sizes = [each for each in _of(facts, "db.index.unused", count.subject) if each.subject not in twins]
        ages = {each.subject: each for each in facts.numbers("db.index.unused.for")}
        old = [each for each in sizes if each.subject in ages and rule.exceeded(ages[each.subject].value)]
        if not old:
            says = f"{place(count.subject)}: no index of 1 MiB and more is without use"
            if sizes:
                young = many(len(sizes), "index", "indexes")
                least = f"{limit(rule)} of counting is the least to judge"
                says = f"{place(count.subject)}: {young} not scanned so far; {least}"
            ids = [count.id, *(each.id for each in sizes[:NAMED])]
            yield Pass(code="index_unused", subject=count.subject, says=says, evidence=ids, policy=rule.id)
            continue
        since: dict[str, list[str]] = {}
        for each in old[:NAMED]:
            since.setdefault(ages[each.subject].record.source, []).append(f"{_name(each)} ({shown(each)})")
        named = "; ".join(f"{', '.join(names)}: {source}" for source, names in since.items())
        total = show(sum(each.value for each in old), "By")
        replicas = facts.number("db.replicas", count.subject)
        others = f"; {many(int(replicas.value), 'replica')} may use them" if replicas and replicas.value else ""
        yield Finding(
            code="index_unused",
            subject=count.subject,
            severity=rule.severity,
            says=f"{place(count.subject)}: {many(len(old), 'index', 'indexes')} of {total} not used: {named}{others}",
            matters="Every insert and update pays for them, and vacuum reads them each time.",
            do="Look at pg_stat_user_indexes on every replica too, then DROP INDEX CONCURRENTLY one, and wait a while.",
            evidence=[
                count.id,
                *(each.id for each in old[:NAMED]),
                *(ages[each.subject].id for each in old[:NAMED]),
                *([replicas.id] if replicas else []),
            ],
            policy=rule.id,
        )
    says = "Which indexes of {name} nobody uses is not known."
    yield from facts.unknowns("db.indexes.unused", "index_unused", says, rule.severity, policy=rule.id)


def _of(facts: Facts, quantity: str, database: str) -> list[Number]:
    """The indexes of a database, largest first."""
    name = database.partition(":")[2]
    found = [each for each in facts.numbers(quantity) if each.subject.startswith(f"index:{name}:")]
    return sorted(found, key=lambda each: -each.value)


def _name(number: Number) -> str:
    return number.subject.split(":", 2)[2]
