"""Findings and unknowns in fewer words: the same fact once, a finding as its sentence, an unknown as its name."""

from collections.abc import Iterable, Sequence

from infra_maintainer.assess.model import SEVERITIES, Also, AnyEvidence, Finding, Unknown

MOST_IDS = 4
_FAILURES = ("traffic.errors", "traffic.availability")  # one fact, counted from either side


def same_facts_once(findings: Sequence[Finding], evidence: Iterable[AnyEvidence]) -> list[Finding]:
    """Findings that rest on the same records about the same subject as one, with the codes of the others beside it.

    Of the worst severity the one leads that rests on most; what another knows beyond it stays as a sentence.
    """
    quantities = {each.id: each.quantity for each in evidence}
    groups: list[list[Finding]] = []
    for each in findings:
        found = next((group for group in groups if any(_same(one, each, quantities) for one in group)), None)
        if found is None:
            groups.append([each])
        else:
            found.append(each)
    return [_one(group, quantities) for group in groups]


def _facts(each: Finding, quantities: dict[str, str]) -> set[str]:
    return {_fact(id, quantities.get(id, "")) for id in each.evidence}


def _fact(id: str, quantity: str) -> str:
    return "failures" if quantity.startswith(_FAILURES) else id


def _same(first: Finding, second: Finding, quantities: dict[str, str]) -> bool:
    one, other = _facts(first, quantities), _facts(second, quantities)
    if first.subject != second.subject or not one or not other:
        return False
    return one == other or "failures" in one & other and (one <= other or other <= one)


def _one(group: list[Finding], quantities: dict[str, str]) -> Finding:
    if len(group) == 1:
        return group[0]

    def direct(each: Finding) -> tuple[int, int, int]:
        return SEVERITIES.index(each.severity), -len(each.evidence), len(_facts(each, quantities))

    leads = min(group, key=direct)
    known = _facts(leads, quantities)
    others = [each for each in group if each is not leads]
    also = [
        Also(code=e.code, severity=e.severity, says=None if _facts(e, quantities) <= known else e.says) for e in others
    ]
    ids = dict.fromkeys(id for each in [leads, *others] for id in each.evidence)
    return leads.model_copy(update={"also": also, "evidence": [*ids]})


def finding_in_short(each: Finding) -> Finding:
    """Its sentence and the first ids, without why it matters and what to do."""
    return each.model_copy(update={"matters": "", "do": "", "evidence": each.evidence[:MOST_IDS]})


def by_rank(unknowns: Sequence[Unknown]) -> list[Unknown]:
    """What an answer has to list first, else as they come."""
    return sorted(unknowns, key=lambda each: not each.must_be_told)


def unknowns_in_short(unknowns: Sequence[Unknown], run: str) -> list[Unknown]:
    """Quantity and subject of each, those of one reason as one record that says how many they are."""
    groups: dict[tuple[bool, str], list[Unknown]] = {}
    for each in unknowns:
        groups.setdefault((each.must_be_told, each.why), []).append(each)
    return [_listed(group, run) for group in groups.values()]


def _listed(group: list[Unknown], run: str) -> Unknown:
    subjects: dict[str, list[str]] = {}
    for each in group:
        subjects.setdefault(each.quantity, []).append(each.subject)
    names = "; ".join(f"{quantity} of {', '.join(dict.fromkeys(each))}" for quantity, each in subjects.items())
    owed = ", which must be told" if group[0].must_be_told else ""
    says = f"{len(group)} unknowns of one reason{owed}: {names}." if len(group) > 1 else f"Not known{owed}: {names}."
    worst = min(group, key=lambda each: SEVERITIES.index(each.could_be)).could_be
    how = f"report://{run} has it"
    ids = [id for each in group for id in each.evidence][:1]
    return group[0].model_copy(update={"says": says, "detail": "", "how": how, "evidence": ids, "could_be": worst})
