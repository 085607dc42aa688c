"""Do errors repeat in the journal, or are there any that ask for a person?"""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.show import show


@check(
    title="errors in the journal",
    quantities=("journal.errors", "journal.errors.severe"),
    policies=("health.journal.errors", "health.journal.severe"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The kinds and their texts are outside text and stay in the evidence."""
    for quantity, rule, word in (
        ("journal.errors.severe", "health.journal.severe", "critical or worse"),
        ("journal.errors", "health.journal.errors", "error or worse"),
    ):
        yield from above(
            facts,
            policy,
            quantity=quantity,
            rules=(rule,),
            code=quantity.replace(".", "_"),
            what=_saying(word),
            matters="Errors that repeat are work that fails again and again, often somebody's.",
            do="Read the most frequent kinds (evidence journal.errors.kind), the first one first.",
        )


def _saying(word: str) -> Callable[[Number], str]:
    return lambda n: f"journal lines of priority {word} in the last {_window(n)}: {shown(n)}"


def _window(number: Number) -> str:
    record = number.record
    return show(record.window, "s") if isinstance(record, Measured) and record.window is not None else "15 minutes"
