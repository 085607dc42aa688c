"""Do time-outs cut off the latency that they should report?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.traffic import name_of


@check(title="time-outs that cut latency off", quantities=("traffic.latency.cut_off",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each route whose failures gather at a round number of seconds; silence where there are none."""
    cuts = facts.numbers("traffic.latency.cut_off")
    of_whole = {each.subject.partition(":")[2]: each.value for each in cuts if each.subject.startswith("traffic:")}
    for cut in cuts:
        if cut.subject.startswith("route:") and of_whole.get(cut.subject.split(":")[1]) == cut.value:
            continue
        timeouts = facts.number("traffic.errors.timeout", cut.subject)
        aborted = facts.number("traffic.errors.aborted", cut.subject)
        told = [each for each in (timeouts, aborted) if each is not None]
        yield Finding(
            code="latency_cut_off",
            subject=cut.subject,
            severity="medium",
            says=f"{name_of(cut.subject)}: requests are ended at {shown(cut)}; how long they would have taken is not "
            "known, so percentiles at or above it are lower bounds",
            matters="The worst waits are missing from the figures: users waited that long and got nothing.",
            do="Read these requests as failures, not as slow successes, and find what they wait for.",
            evidence=[cut.id, *(each.id for each in told)],
            user_facing=True,
        )
