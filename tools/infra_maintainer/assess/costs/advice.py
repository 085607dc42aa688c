"""What other tools advise, after the guards: agreed, refused with what it would cost, or unknown."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.estate.judged import judge_estate

RANK = ("protected", "waste", "review", "in_use", "unknown")


@check(title="recommendations of other tools, guarded", quantities=("advice.saving",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A recommendation is a claim: it counts only as far as our own verdict about the resource goes."""
    advised = facts.numbers("advice.saving")
    if not advised:
        return
    verdicts = judge_estate(facts.evidence, lambda rule: policy[rule].number).verdicts
    for each in advised:
        own = sorted((v for v in verdicts if v.resource == each.subject), key=lambda v: RANK.index(v.verdict))
        name = each.subject.removeprefix("resource:")
        if own and own[0].verdict == "protected":
            yield Pass(
                code="advice_refused", subject=each.subject, evidence=[each.id, *own[0].evidence],
                says=f"do not follow the advice on {name} (it claims {shown(each)} a month): it buys {own[0].buys}",
            )  # fmt: skip
        elif own and own[0].verdict == "waste":
            yield Finding(
                code="advice_agreed", subject=each.subject, severity="low", evidence=[each.id, *own[0].evidence],
                says=f"another tool advises on {name}, and the guards agree: {own[0].says}",
                matters="Paid every month and used by nobody.", do=own[0].next_step,
            )  # fmt: skip
        else:
            yield Unknown(
                code="advice_unproven", subject=each.subject, quantity="resource.kind", why="not_configured",
                says=f"another tool advises on {name} (it claims {shown(each)} a month); nothing here proves it safe",
                how="give an inventory that holds the resource, or ask its owner", could_be="low", evidence=[each.id],
            )  # fmt: skip
