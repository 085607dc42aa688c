"""How old the end of a log is, and of which windows until now it therefore says nothing."""

from typing import NamedTuple

from infra_maintainer.evidence.show import show
from infra_maintainer.logs.summary import LogSummary
from infra_maintainer.reliability.burn import RULES
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog

LOOK_AGAIN = "look again when there are requests"


class Age(NamedTuple):
    """Seconds since the last request of a user; of one whose minute alone is known, since that began: at most that."""

    seconds: float
    exact: bool

    @property
    def says(self) -> str:
        """For people: "39.2 min", "at most 3 min"."""
        return f"{'' if self.exact else 'at most '}{show(self.seconds, 's')}"


def age(survey: Survey, summary: LogSummary) -> Age | None:
    """None where no user asked for anything. Never younger than it is."""
    last = summary.last_request or summary.last_minute
    if last is None:
        return None
    return Age(max(0.0, (survey.world.clock.now() - last).total_seconds()), summary.last_request is not None)


def knows_now(log: AccessLog, summary: LogSummary) -> bool:
    """Whether its times can be put beside this machine's: an assumed zone may be hours off."""
    return summary.zone is None or log.timezone is not None


def ended(survey: Survey, log: AccessLog, summary: LogSummary) -> dict[str, str]:
    """Rules of the burn rate in whose short window until now the log has no request, and the words for it."""
    end = age(survey, summary)
    if end is None or not knows_now(log, summary):
        return {}
    detail = f"the last request of the log is {end.says} old"
    return {rule.name: detail for rule in RULES if end.seconds > rule.short * 60}
