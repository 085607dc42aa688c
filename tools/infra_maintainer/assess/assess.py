"""Judge the evidence of one run by every check of a job."""

import hashlib
import logging
import traceback
from collections.abc import Iterable
from datetime import datetime

from infra_maintainer.assess.broken_off import broken_off
from infra_maintainer.assess.facts import AnyEvidence, Facts
from infra_maintainer.assess.model import SEVERITIES, Coverage, Finding, Job, NotChecked, Pass, Report, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Check, Outcome, checks_for
from infra_maintainer.assess.verdict import decide
from infra_maintainer.evidence.model import Missing

log = logging.getLogger(__name__)


def coverage_of(evidence: list[AnyEvidence]) -> Coverage:
    """Of the (subject, quantity) pairs that were asked: how many have a value, and why the others have none."""
    asked = dict.fromkeys((each.subject, each.quantity) for each in evidence)
    known = {(each.subject, each.quantity) for each in evidence if not isinstance(each, Missing)}
    unknown = {(each.subject, each.quantity): each for each in evidence if isinstance(each, Missing)}
    not_checked = [
        NotChecked(quantity=quantity, subject=subject, why=missing.why, detail=missing.detail, how=missing.how)
        for (subject, quantity), missing in unknown.items()
        if (subject, quantity) not in known
    ]
    return Coverage(planned=len(asked), checked=len(known), not_checked=not_checked)


def assess(
    evidence: list[AnyEvidence], policy: Policy, job: Job, as_of: datetime, *, users_first: bool = False
) -> Report:
    """The report of a job over its evidence. Pure: the same evidence gives the same report, its run id included."""
    facts = Facts(evidence)
    outcomes = [outcome for check in checks_for(job) for outcome in _judge(check, facts, policy)]
    outcomes += broken_off(facts)
    findings = sorted(
        (o for o in outcomes if isinstance(o, Finding)), key=lambda f: (SEVERITIES.index(f.severity), not f.user_facing)
    )
    passes = sorted((o for o in outcomes if isinstance(o, Pass)), key=lambda p: not p.user_facing)
    unknowns = sorted((o for o in outcomes if isinstance(o, Unknown)), key=lambda u: (not u.user_facing, not u.matters))
    coverage = coverage_of(evidence)
    decision = decide(findings, passes, unknowns, coverage, policy, users_first=users_first)
    return Report(
        run=_run_id(job, as_of, evidence),
        job=job,
        as_of=as_of,
        verdict=decision.verdict,
        severity=decision.severity,
        because=decision.because,
        coverage=coverage,
        findings=findings,
        passes=passes,
        unknowns=unknowns,
        overrides=policy.overrides,
        evidence=evidence,
        evidence_total=len(evidence),
    )


def _run_id(job: Job, as_of: datetime, evidence: list[AnyEvidence]) -> str:
    content = "\n".join([job, as_of.isoformat(), *(each.id for each in evidence)])
    return "run_" + hashlib.sha256(content.encode()).hexdigest()[:12]


def _judge(check: Check, facts: Facts, policy: Policy) -> Iterable[Outcome]:
    """One check's outcomes; a check that raises is our bug, and says so instead of passing."""
    try:
        return list(check.judge(facts, policy))
    except Exception as error:
        log.error("check %s failed: %s", check.name, traceback.format_exc())
        return [
            Unknown(
                code=f"{check.name}_check_failed",
                subject="infra-maintainer:check",
                quantity=check.quantities[0],
                says=f"The check {check.name!r} itself failed ({type(error).__name__}): a fault of infra-maintainer.",
                why="our_bug",
                how="report it with the log",
                could_be="high",
            )
        ]
