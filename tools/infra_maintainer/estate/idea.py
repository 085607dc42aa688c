"""A proposed saving, judged against what is known: allowed with proof, refused with the number that argues back, or
unknown.

The words are sorted by a small table, not understood: what is not recognised is unknown, never allowed. Removing
redundancy, backups, monitoring, patches or headroom is refused unless the estate proves that it is none of these.
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.estate.judged import Estate
from infra_maintainer.estate.verdict import Verdict
from infra_maintainer.evidence.model import Frozen
from infra_maintainer.evidence.show import show

Answer = Literal["allowed", "refused", "unknown"]
LESS = (
    r"drop|delet\w+|remov\w+|skip|stop|disabl\w+|turn(ing)? (\w+ )?(down|off)|reduc\w+|shorten|cut|kill|shut|older|"
    r"less|fewer|without|get rid|terminat\w+|switch(ing)? off|sampl\w+|merge|only one|single"
)
LATER = rf"defer\w*|delay\w*|postpon\w*|later|wait|freez\w*|{LESS}"
PATCHES = r"patch\w*|security updates?|updates?\b|upgrades?"
WATCHING = r"monitor\w*|alert\w*|prometheus|grafana|observab\w*|logging|\blogs?\b|datadog|tracing|metrics"
SECOND = (
    r"replicas?|standby|multi-?az|second|redundan\w*|failover|load balancer|availability zone|only one|single|"
    r"other (node|server|region)|nat gateway"
)
SMALLER = (
    r"buffer|headroom|smaller|downsiz\w*|half the|fewer|scale (it )?down|shrink|right-?siz\w*|less (cpu|memory|ram)"
)
STATE = r"database|\bdb\b|postgres\w*|mysql|maria\w*|mongo\w*|redis|kafka|elastic\w*|etcd|quorum|stateful|queue|storage"


class Idea(Frozen):
    """The judged proposal. `asked` is the user's own text; every number in `says` is in the cited evidence."""

    asked: str
    kind: str
    answer: Answer
    says: str
    instead: str = ""
    ask: str = ""
    evidence: list[str] = []


class _Said(NamedTuple):
    answer: Answer
    says: str
    instead: str = ""
    ask: str = ""
    evidence: tuple[str, ...] = ()


def judge_idea(text: str, estate: Estate) -> Idea:
    """Sort a proposal by its words and judge it against the estate."""
    lowered = " ".join(text.lower().split())[:500]
    for kind, subject, verb, judge in _KINDS:
        if re.search(subject, lowered) and (not verb or re.search(verb, lowered)):
            said = judge(lowered, estate)
            return Idea(
                asked=text[:500], kind=kind, answer=said.answer, says=said.says, instead=said.instead, ask=said.ask,
                evidence=list(dict.fromkeys(said.evidence)),
            )  # fmt: skip
    says = "This is not a kind of saving that is known here, so nothing is known for or against it."
    return Idea(asked=text[:500], kind="other", answer="unknown", says=says, ask="say what to remove, shrink or move")


def _named(text: str, estate: Estate) -> list[Dossier]:
    """Resources whose whole name stands in the text."""
    words = set(re.findall(r"[a-z0-9][a-z0-9._/-]+", text))
    return [each for each in estate.dossiers if each.subject.removeprefix("resource:").lower() in words]


def _patches(text: str, estate: Estate) -> _Said:
    return _Said(
        "refused",
        "A deferred security update is a known hole that stays open; no saving is weighed against it.",
        "Patch in a window with a way back; check_security_baseline says which updates are pending and for how long.",
    )


def _monitoring(text: str, estate: Estate) -> _Said:
    words = re.compile(r"prometheus|grafana|alertmanager|monitor|logs?\b")
    watching = [each for each in estate.dossiers if each.kind == "log_group" or words.search(each.name.lower())]
    cited = tuple(id for each in watching for id in each.ids("resource.cost"))
    costs = [each.cost for each in watching if each.cost is not None]
    amounts = ", ".join(show(each.value, each.unit) for each in costs[:3])
    known = f" It costs {amounts} a month." if amounts else " What it costs is not known here."
    return _Said(
        "refused",
        "Without monitoring the next failure is found by users, and nothing can be proved idle any more." + known,
        "Move old logs to a cheaper tier, drop duplicate series and debug logs; keep what alerts and audits read.",
        evidence=cited,
    )


def _spot(text: str, estate: Estate) -> _Said:
    named = _named(text, estate)
    stateful = [each for each in named if each.kind in ("database", "cache", "search", "warehouse", "volume")]
    if stateful or re.search(STATE, text):
        kept = tuple(id for each in stateful for id in each.ids("resource.kind", "resource.connections"))
        return _Said(
            "refused",
            "A spot machine is taken away within minutes; state and quorums do not survive that.",
            "Commit to the stable part of it, or right-size it with a standby.",
            evidence=kept,
        )
    tolerant = [
        each for each in named if (each.tags or {}).get("spot", "").lower() in ("ok", "yes", "true", "tolerant")
    ]
    if named and len(tolerant) == len(named):
        cited = tuple(id for each in tolerant for id in each.ids("resource.tags"))
        says = "Its owner tagged it as tolerant of losing machines."
        return _Said("allowed", says, "Keep a part at the standard price.", evidence=cited)
    return _Said("unknown", "Nothing says that this work survives losing its machines at any moment.",
                 ask="its owner, by the tag spot=tolerant after a test that kills machines")  # fmt: skip


def _backups(text: str, estate: Estate) -> _Said:
    copies = [each for each in estate.verdicts if each.rule == "old_snapshot"]
    if not copies:
        return _Said("unknown", "Which copies are the only ones, referenced or owed is not known.",
                     ask="the inventory of snapshots, and the owner who declares a retention")  # fmt: skip
    return _of_verdicts(copies, "copy", "only those proven over their retention, after one restore of the newest copy")


def _redundancy(text: str, estate: Estate) -> _Said:
    named = _named(text, estate) or _of_kind(text, estate)
    guards = ("replica", "standby", "group_member", "failover_address", "dns", "route_table")
    second = [each for each in named if any(each.flag(f"resource.guard.{name}") for name in guards)]
    if not second:
        wasted = [
            each for each in estate.verdicts if each.verdict == "waste" and each.resource in {n.subject for n in named}
        ]
        if wasted:
            return _of_verdicts(wasted, "resource", "what is proven")
        return _Said("unknown", "Whether what would go takes over when another fails is not known here.",
                     ask="the inventory (replica of what, standby of what) and the owner")  # fmt: skip
    first = second[0]
    cited = first.ids("resource.cost", "resource.peers", "resource.cpu", *(f"resource.guard.{name}" for name in guards))
    return _Said(
        "refused",
        f"{first.subject.removeprefix('resource:')} is redundancy{_price(first)}; {_alone(first)}",
        "Right-size both halves to the load at the loss of one; keep both.",
        evidence=tuple(cited),
    )


def _smaller(text: str, estate: Estate) -> _Said:
    named = {each.subject for each in _named(text, estate)}
    sized = [each for each in estate.verdicts if each.rule == "oversized" and (not named or each.resource in named)]
    if not sized:
        return _Said("unknown", "What the load would be on less, at the loss of one, is not known.",
                     ask="P99.5 of CPU, memory and network over 32 days, and the number of machines")  # fmt: skip
    return _of_verdicts(sized, "machine", "those that hold their load at the loss of one")


def _commit(text: str, estate: Estate) -> _Said:
    return _Said("unknown", "Whether to commit is judged on the bill: see commitment_gap in this report.",
                 ask="the owner, who confirms for how many months the load stays")  # fmt: skip


def _remove(text: str, estate: Estate) -> _Said:
    named = {each.subject for each in _named(text, estate)}
    found = [each for each in estate.verdicts if each.resource in named and each.verdict != "in_use"]
    if found:
        return _of_verdicts(found, "resource", "what is proven")
    if named:
        return _Said(
            "refused",
            "It is in use: no rule of the catalogue finds it idle.",
            evidence=tuple(id for each in estate.dossiers if each.subject in named for id in each.ids("resource.kind")),
        )
    return _Said(
        "unknown", "Nothing that is known here has this name.", ask="its exact id, and an inventory that holds it"
    )


def _of_verdicts(verdicts: list[Verdict], noun: str, only: str) -> _Said:
    words = {
        word: [each for each in verdicts if each.verdict == word]
        for word in ("waste", "review", "protected", "unknown")
    }
    cited = tuple(id for each in [*words["protected"], *words["waste"]][:10] for id in each.evidence[:3])
    if words["protected"]:
        first = words["protected"][0]
        says = f"{first.resource.removeprefix('resource:')} would go, and buys {first.buys}."
        proven = f"Allowed: {only} ({', '.join(_short(words['waste']))})." if words["waste"] else ""
        return _Said("refused", says, proven, evidence=cited)
    if words["unknown"] or words["review"]:
        open_ones = words["unknown"] + words["review"]
        asks = open_ones[0].unanswered[0].how if open_ones[0].unanswered else "the owner"
        says = f"Not proven for {', '.join(_short(open_ones))}."
        return _Said(
            "unknown", says, f"Proven: {', '.join(_short(words['waste']))}." if words["waste"] else "", asks, cited
        )
    return _Said("allowed", f"Proven to be waste: {', '.join(_short(words['waste']))}.",
                 words["waste"][0].next_step if words["waste"] else "", evidence=cited)  # fmt: skip


def _short(verdicts: list[Verdict]) -> list[str]:
    names = [each.resource.removeprefix("resource:") for each in verdicts]
    return names if len(names) <= 3 else [*names[:3], "…"]


def _of_kind(text: str, estate: Estate) -> list[Dossier]:
    kinds = {"replica": "database", "database": "database", "cache": "cache", "load balancer": "load_balancer",
             "nat": "nat_gateway", "node": "instance", "server": "instance", "instance": "instance"}  # fmt: skip
    wanted = {kind for word, kind in kinds.items() if re.search(rf"\b{word}", text)} or set(kinds.values())
    return [each for each in estate.dossiers if each.kind in wanted]


def _price(dossier: Dossier) -> str:
    cost = dossier.cost
    return f" for {show(cost.value, cost.unit)} a month" if cost is not None else ""


def _alone(dossier: Dossier) -> str:
    """What the others would carry; or what is not known about it."""
    peers, cpu = dossier.number("resource.peers"), dossier.number("resource.cpu")
    if peers is None or cpu is None or peers < 2:
        return "what the others would carry without it is not known"
    after = show(cpu * peers / (peers - 1), "%")
    return f"its {peers:g} machines at {show(cpu, '%')} CPU (P99.5) would be at {after} without one"


_KINDS: tuple[tuple[str, str, str, Callable[[str, Estate], _Said]], ...] = (
    ("patches", PATCHES, LATER, _patches),
    ("monitoring", WATCHING, LESS, _monitoring),
    ("spot", r"\bspot\b|preemptible", "", _spot),
    ("backups", r"backups?|snapshots?|\bcopies\b|retention", LESS, _backups),
    ("redundancy", SECOND, LESS, _redundancy),
    ("commitment", r"reserved instance|savings plan|commit\w*|reservation", "", _commit),
    ("buffer", SMALLER, "", _smaller),
    ("removal", LESS, "", _remove),
)
