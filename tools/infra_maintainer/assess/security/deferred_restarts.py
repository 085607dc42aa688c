"""Theatre: patches that are installed and not running, so that nobody has to restart."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import none_of, unseen
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown

DO = "Plan the restart: one instance at a time, the machine behind the balancer first."


@check(
    title="patches deferred to avoid a restart",
    quantities=("kernel.outdated", "libraries.replaced.in_use", "reboot.required.age"),
    policies=("security.patch.running", "security.patch.reboot"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Claim: installed. Reality: the old kernel, the old library, the waiting reboot."""
    running, reboot = policy["security.patch.running"], policy["security.patch.reboot"]
    for record in facts.all("kernel.outdated"):
        if record.value is False:
            yield Pass(
                code="theatre_deferred_kernel",
                subject=record.subject,
                says="the newest installed kernel runs",
                evidence=[record.id],
                policy=running.id,
            )
            continue
        yield Finding(
            code="theatre_deferred_kernel",
            subject=record.subject,
            severity=running.severity,
            says="claim: the kernel is patched; reality: an older one runs than is installed",
            matters="Every fix since the running kernel is on the disk and protects nobody.",
            do=DO,
            evidence=[record.id],
            policy=running.id,
        )
    yield from none_of(
        facts,
        policy,
        quantity="libraries.replaced.in_use",
        rule=running.id,
        code="theatre_deferred_libraries",
        what="[process runs|processes run] code that was replaced on disk",
        matters="The update is installed and the old code still answers.",
        do="Restart these services; needrestart lists them.",
    )
    for number in facts.numbers("reboot.required.age"):
        shared = {
            "code": "theatre_deferred_reboot",
            "subject": number.subject,
            "evidence": [number.id],
            "policy": reboot.id,
        }
        if number.value == 0:
            yield Pass.model_validate({**shared, "says": "no update waits for a reboot"})
        elif not reboot.exceeded(number.value):
            yield Pass.model_validate(
                {**shared, "says": f"a reboot has waited for {shown(number)} (limit {limit(reboot)})"}
            )
        else:
            yield Finding.model_validate(
                {
                    **shared,
                    "severity": reboot.severity,
                    "says": f"a reboot has waited for {shown(number)} (limit {limit(reboot)})",
                    "matters": "Known holes stay open to save minutes of downtime.",
                    "do": DO,
                }
            )
    for quantity in ("kernel.outdated", "reboot.required.age"):
        yield from facts.unknowns(quantity, "theatre_deferred", unseen(quantity), running.severity)
