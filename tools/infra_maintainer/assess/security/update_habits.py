"""Will the next fix arrive: automatic updates, holds, and a release that still gets any?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import expected, none_of
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown


@check(
    title="automatic updates, holds, end of support",
    quantities=("updates.automatic", "packages.held", "release.support.left"),
    policies=(
        "security.patch.automatic",
        "security.patch.held",
        "security.release.support",
        "security.release.support.soon",
    ),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """What decides about the fixes of the coming months."""
    yield from expected(
        facts,
        policy,
        quantity="updates.automatic",
        rule="security.patch.automatic",
        code="updates_by_hand",
        good=lambda record: "security updates install themselves",
        bad=lambda record: "security updates wait for a person",
        matters="They wait longest when people are busiest.",
        do="Install unattended-upgrades (Debian, Ubuntu) or dnf-automatic and switch security updates on.",
    )
    yield from none_of(
        facts,
        policy,
        quantity="packages.held",
        rule="security.patch.held",
        code="packages_held",
        what="[package is|packages are] held back from updates",
        matters="A held package gets no fixes and nobody is told.",
        do="Release the hold (apt-mark unhold), or write down why and until when.",
    )
    ordered = [policy["security.release.support"], policy["security.release.support.soon"]]
    for days in facts.numbers("release.support.left"):
        broken = next((rule for rule in ordered if rule.undercut(days.value)), None)
        says = (
            "security support of the release has ended" if days.value < 0 else f"security support ends in {shown(days)}"
        )
        shared = {"code": "release_support", "subject": days.subject, "evidence": [days.id]}
        if broken is None:
            said = f"{says} (floor {limit(ordered[-1])})"
            yield Pass.model_validate({**shared, "policy": ordered[-1].id, "says": said})
            continue
        yield Finding.model_validate(
            {
                **shared,
                "policy": broken.id,
                "severity": broken.severity,
                "says": says,
                "matters": "After that day no fix is published; nothing pending will prove nothing.",
                "do": "Plan the move to a supported release now.",
            }
        )
    could = ordered[0].severity
    yield from facts.unknowns("release.support.left", "release_support", "The end of support is not known.", could)
