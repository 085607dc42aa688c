"""The first line of a capacity plan: whether it holds, with one instance lost too, until when, and what ends first."""

from typing import NamedTuple

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Report, Verdict
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.show import many

ANSWERS: dict[Verdict, str] = {
    "healthy": "holds",
    "at_risk": "at risk",
    "degraded": "does not hold",
    "critical": "does not hold",
    "unknown": "unknown",
}
ASSUMED = ("/campaign", "/viral")


class Asked(NamedTuple):
    """What a service shall hold, against what it carries with all its instances and with one lost."""

    subject: str
    times: Number | None
    holds: Number
    after: Number

    @property
    def only_whole(self) -> bool:
        """Whether it is carried, but not once an instance is lost."""
        least = self.times.value if self.times else 1.0
        return self.after.value < least <= self.holds.value


def answer(report: Report, facts: Facts) -> str:
    """The answer in one line."""
    worst = [each for each in report.findings if each.severity == report.severity]
    limits = [_limit(each, facts) for each in worst]
    known = [each for each in limits if each is not None]
    head = ANSWERS[report.verdict]
    if known and len(known) == len(limits) and all(each.only_whole for each in known):
        head += " with one instance lost"
    words = [head]
    told = min(known or _stated(facts), key=lambda each: each.after.value / _least(each), default=None)
    if told is not None:
        words.append(_carries(facts, told))
    early = sorted(facts.numbers("forecast.breach.early80"), key=lambda number: number.value)
    if early:
        late = facts.number("forecast.breach.late80", early[0].subject)
        until = shown(late) if late else "later than the horizon"
        words.append(f"for {shown(early[0])} to {until} (80 % range), then {spoken(early[0].subject)} is at its limit")
    else:
        words.append("no date of a limit is known or within the horizon (see growth)")
    first = min(facts.numbers("capacity.multiple"), key=lambda number: number.value, default=None)
    if first is not None:
        if told is None or told.subject != first.subject:
            words.append(f"first at its limit: {spoken(first.subject)}, at {shown(first)} times {seen(facts, first)}")
        if not facts.all("service.load"):
            words.append(_no_load(facts))
    return "; ".join(words)


def _no_load(facts: Facts) -> str:
    """That a plan without the load of users is none of traffic, and how to have it where something declared tells."""
    says = "of traffic this says nothing: no load of users was measured"
    gaps = facts.missing("service.load")
    return f"{says}; to know: {gaps[0].how}" if gaps else says


def _limit(finding: Finding, facts: Facts) -> Asked | None:
    """The service whose limit a finding is about, when that is one of load."""
    if finding.code == "spike":
        return _asked(facts, finding.subject)
    return _of(facts, finding.subject, None) if finding.code == "single_failure" else None


def _stated(facts: Facts) -> list[Asked]:
    """Spikes that somebody asked or declared; policy's assumptions answer no question."""
    spikes = [each for each in facts.subjects("spike.gap") if not each.endswith(ASSUMED)]
    return [asked for each in spikes if (asked := _asked(facts, each)) is not None]


def _asked(facts: Facts, spike: str) -> Asked | None:
    name = spike.removeprefix("spike:").rpartition("/")[0]
    return _of(facts, f"service:{name}", facts.number("spike.multiple", spike))


def _of(facts: Facts, subject: str, times: Number | None) -> Asked | None:
    holds, after = facts.number("capacity.multiple", subject), facts.number("capacity.multiple.after_loss", subject)
    return Asked(subject, times, holds, after) if holds and after else None


def _least(asked: Asked) -> float:
    return asked.times.value if asked.times else 1.0


def _carries(facts: Facts, asked: Asked) -> str:
    count = facts.number("service.instances", asked.subject)
    whole = f"with all {many(int(count.value), 'instance')}" if count and count.value > 1 else "as it is"
    says = f"{spoken(asked.subject)} carries {shown(asked.holds)} times {seen(facts, asked.holds)} {whole}"
    says += f" and {shown(asked.after)} times with one lost"
    if asked.times is None:
        return says
    assumed = asked.times.subject.endswith(ASSUMED)
    return f"{says}, {shown(asked.times)} times is {'assumed (policy)' if assumed else 'asked'}"
