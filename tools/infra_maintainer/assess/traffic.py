"""Words and gaps that the checks on what users feel share."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Threshold
from infra_maintainer.assess.threshold import bound
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.show import many, show
from infra_maintainer.logs.classes import STRAY


def name_of(subject: str) -> str:
    """A subject as people read it: `GET /checkout (shop)`, `all traffic of shop`, `upstream 10.0.0.1:80 (shop)`."""
    kind, _, rest = subject.partition(":")
    if kind == "traffic":
        return f"all traffic of {rest}"
    log, _, name = rest.partition(":")
    return f"{name} ({log})" if kind == "route" else f"{kind} {name} ({log})"


def place(subject: str) -> str:
    """`database:orders` as "database orders", `table:orders:public.items` as "table public.items (orders)"."""
    kind, _, rest = subject.partition(":")
    owner, _, name = rest.partition(":")
    return f"{kind} {name} ({owner})" if name else f"{kind} {rest}"


def stray(subject: str) -> bool:
    """Whether it is the sum of all paths that never existed."""
    return subject.startswith("route:") and subject.endswith(f":{STRAY}")


def samples(number: Number) -> int:
    """How many samples stand behind a number; 0 when it does not say."""
    return number.record.n or 0 if isinstance(number.record, Measured) else 0


def of_how_many(number: Number, one: str) -> str:
    """What stands behind a share, in words: "40 requests", "1 run"."""
    return many(samples(number), one) if samples(number) else f"an unknown number of {one}s"


def budget_spent(percent: float) -> str:
    """How much of an error budget: a share of it, or how many times it where that is easier to read."""
    return (
        f"{show(percent, '%')} of the error budget"
        if percent < 1000
        else f"{show(percent / 100, '1')} times the error budget"
    )


NAMED = 3
FEWEST_FAILURES = 3  # one broken request in a quiet hour is an accident, not a rate


def too_few_failures(share: Number, target: Threshold) -> bool:
    """Whether the target allows less than one failure of so few requests, and one or two failed: no rate yet."""
    n = samples(share)
    return n * (100 - target.value) < 100 and round(n * (100 - share.value) / 100) < FEWEST_FAILURES


def too_few_to_tell(
    code: str, quantity: str, few: list[tuple[Number, str]], rule: Threshold, fault: str, evidence: list[str]
) -> Iterator[Unknown]:
    """Shares of one or two failures: neither a pass nor a finding. Those of all routes are one line.

    Each comes with its sentence; `fault` names what was counted.
    """
    if not few:
        return
    told = "; ".join(says for _, says in few[:NAMED])
    rest = f"; and {many(len(few) - NAMED, 'more like it', 'more like it')}" if len(few) > NAMED else ""
    yield Unknown(
        code=code, subject=few[0][0].subject, quantity=quantity, evidence=evidence, policy=rule.id,
        says=f"Too few {fault} to tell: {told}{rest}; fewer than {FEWEST_FAILURES} are no rate ({bound(rule)})",
        why="no_data", detail=f"fewer than {FEWEST_FAILURES} {fault}",
        how="look again after more requests, or name the rotated set (access.log*) in [[access_log]]",
        could_be="medium", user_facing=True,
    )  # fmt: skip


_LOOPBACK = re.compile(r"endpoint:https?://(?:127\.|localhost\b|\[::1\])", re.IGNORECASE)


def asked_from(number: Number, method: str = "GET, ") -> str:
    """How a synthetic number came about: from one place, and from the machine itself no customer's network is in it."""
    host = re.search(r"\(synthetic, from ([^\s)]+)\)$", number.record.source)
    own = host is not None and re.match(rf"endpoint:https?://{re.escape(host[1])}[:/]", f"{number.subject}/")
    if _LOOPBACK.match(number.subject) or own:
        return f"synthetic: {method}from the machine itself, the network path of customers is untested"
    return f"synthetic: {method}one place{f', from {host[1]}' if host else ''}"


class Choice(NamedTuple):
    """Numbers worth a sentence each, and per log the routes that are broken without one, the worst first."""

    told: list[Number]
    others: dict[str, list[Number]]
    alike: set[str]

    def more(self, subject: str) -> str:
        """What to add to the sentence about the whole."""
        others = self.others.get(subject, [])
        if subject in self.alike or not others:
            return "; its routes alike" if others else ""
        names = ", ".join(each.subject.split(":", 2)[2] for each in others[:NAMED])
        rest = f" and {many(len(others) - NAMED, 'more route')}" if len(others) > NAMED else ""
        return f"; also {names}{rest}"


def choose(numbers: list[Number], broken: Callable[[Number], bool], most: int = 3) -> Choice:
    """Of a log's routes only the worst that stand out are told one by one: a fault of all is one sentence, not thirty.

    A broken route stands out when its number is at least twice that of the whole, or the whole is not broken. Paths
    that never existed are nobody's route: they count in the whole and are named nowhere.
    """
    told: list[Number] = []
    others: dict[str, list[Number]] = {}
    alike: set[str] = set()
    for whole in [each for each in numbers if not each.subject.startswith("route:")]:
        told.append(whole)
        log = whole.subject.partition(":")[2]
        routes = [each for each in numbers if each.subject.startswith(f"route:{log}:") and not stray(each.subject)]
        bad = [each for each in routes if broken(each)]
        outstanding = [each for each in bad if not broken(whole) or each.value >= 2 * whole.value]
        worst = sorted(outstanding, key=lambda each: -each.value)[:most]
        told += [*worst, *(each for each in routes if each not in bad)]
        others[whole.subject] = sorted((each for each in bad if each not in worst), key=lambda each: -each.value)
        if len(bad) == len(routes) and not worst:
            alike.add(whole.subject)
    return Choice(told, others, alike)


def unknown_traffic(facts: Facts, quantity: str, code: str, says: str) -> Iterator[Unknown]:
    """Unknowns of user traffic: grave where a log was declared and gave nothing, mild where none was declared.

    A log that is not declared is no unknown beside a Prometheus that was asked the same.
    """
    elsewhere = facts.subjects(quantity) or any(each.why != "not_configured" for each in facts.missing(quantity))
    for each in facts.unknowns(quantity, code, says, "high", user_facing=True):
        if each.why != "not_configured":
            yield each
        elif not elsewhere:
            yield each.model_copy(update={"could_be": "medium"})
