"""Is every security fix installed within 30 days of its publication?"""

from collections import defaultdict
from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.evidence.model import Missing, Why

AGE, LEAST, MOST = "patch.security.age", "patch.security.age.at_least", "patch.security.age.at_most"
MATTERS = "The hole has been public for that long; exploits follow within days of a fix."
SHOWN = 6
DO = "Install the pending security updates, restart what uses them, and switch automatic security updates on."


@check(
    title="age of pending security fixes",
    quantities=("patch.security.pending", AGE, LEAST, MOST, "patch.index.age"),
    policies=("security.patch.age", "security.patch.index"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By the oldest missing fix of each source package; bounds decide only where they lie wholly on one side."""
    index, rule = policy["security.patch.index"], policy["security.patch.age"]
    age = facts.number("patch.index.age")
    stale = age is None or index.exceeded(age.value)
    if age and stale:
        yield Finding(
            code="patch_index_old",
            subject=age.subject,
            severity=index.severity,
            says=f"the package index is {shown(age)} old (limit {limit(index)}): newer fixes are unknown to this host",
            matters="A host with an old index believes itself patched.",
            do="Run apt-get update, and see why the daily one did not.",
            evidence=[age.id],
            policy=index.id,
        )
    elif age:
        yield Pass(
            code="patch_index_old",
            subject=age.subject,
            says=f"the package index is {shown(age)} old",
            evidence=[age.id],
            policy=index.id,
        )
    pending = facts.number("patch.security.pending")
    if pending and pending.value == 0 and not stale and age:
        yield Pass(
            code="patch_age",
            subject=pending.subject,
            says="no security update is pending",
            evidence=[pending.id, age.id],
            policy=rule.id,
        )
    if pending and pending.value == 0 and stale:
        yield Unknown(
            code="patch_age",
            subject=pending.subject,
            quantity="patch.security.pending",
            why="no_data",
            says="Nothing is pending by an index that is old or absent: that proves nothing.",
            how="run apt-get update and look again",
            could_be=rule.severity,
            evidence=[pending.id],
            policy=rule.id,
        )
    yield from _packages(facts, policy)
    yield from facts.unknowns(
        "patch.security.pending", "patch_age", "Pending updates could not be seen.", rule.severity
    )
    yield from facts.unknowns("patch.index.age", "patch_index_old", "The index could not be dated.", index.severity)


def _packages(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """All packages of one outcome in one sentence, the oldest first: what to do is the same for each of them."""
    rule = policy["security.patch.age"]
    over: list[Number] = []
    within: list[Number] = []
    open_ended: dict[tuple[Why, str], list[Missing | Number]] = defaultdict(list)
    for subject in dict.fromkeys([*facts.subjects(AGE), *facts.subjects(LEAST), *facts.subjects(MOST)]):
        exact, least, most = (facts.number(quantity, subject) for quantity in (AGE, LEAST, MOST))
        if exact:
            (over if rule.exceeded(exact.value) else within).append(exact)
        elif least and rule.exceeded(least.value):
            over.append(least)
        elif most and not rule.exceeded(most.value):
            within.append(most)
        else:
            reason = next(iter(facts.missing(AGE, subject)), None)
            key: tuple[Why, str] = (reason.why, reason.how) if reason else ("no_data", "read its changelog by hand")
            open_ended[key] += [most] if most else facts.missing(MOST, subject)
    if over:
        yield Finding(
            code="patch_age",
            subject=over[0].record.subject if len(over) == 1 else "packages:overdue",
            severity=rule.severity,
            says=f"security fixes have been public and not installed for over {limit(rule)}: {_named(over)}",
            matters=MATTERS,
            do=DO,
            evidence=_ids(over),
            policy=rule.id,
        )
    if within:
        says = f"other fixes are missing for no longer than {limit(rule)}: {_named(within)}"
        yield Pass(code="patch_age", subject="packages:within_limit", says=says, evidence=_ids(within), policy=rule.id)
    for (why, how), known in open_ended.items():
        bounds = [each for each in known if isinstance(each, Number)]
        yield Unknown(
            code="patch_age",
            subject="packages:undated",
            quantity=AGE,
            says=f"security fixes are missing, public for at most: {_named(bounds) or 'no bound known'}",
            why=why,
            how=how,
            could_be=rule.severity,
            evidence=[*_ids(bounds), *(each.id for each in known if isinstance(each, Missing))],
            policy=rule.id,
        )


def _ids(numbers: list[Number]) -> list[str]:
    return [each.id for each in sorted(numbers, key=lambda number: -number.value)]


def _named(numbers: list[Number]) -> str:
    first = sorted(numbers, key=lambda number: -number.value)
    named = [f"{each.subject.removeprefix('package:').split(' ')[0]} {shown(each)}" for each in first[:SHOWN]]
    return ", ".join(named) + (" and more in the evidence" if len(first) > SHOWN else "")
