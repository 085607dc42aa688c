"""The load of a service from the access log that is declared already, and how to declare it where nobody did."""

from infra_maintainer.evidence.show import many
from infra_maintainer.history.trace import Trace
from infra_maintainer.sources.access_log import summary_of
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.history import History
from infra_maintainer.world.failure import WorldError

LOAD = "service.load"


def read_log(survey: Survey, history: History) -> Trace:
    """Requests per second of each whole minute; a minute without a line is none. Raises WorldError."""
    log = next((each for each in survey.system.access_log if each.name == history.access_log), None)
    if log is None:
        names = ", ".join(each.name for each in survey.system.access_log) or "none is declared"
        raise WorldError("not_configured", f"no [[access_log]] is called {history.access_log} ({names})", "name one")
    summary = summary_of(survey, log)
    begin_min = max((each[0] for each in summary.minutes[-1:]), default=0) - history.days * 1440
    counted = {minute: requests for minute, requests, _ in summary.minutes if minute >= begin_min}
    whole = range(min(counted, default=0) + 1, max(counted, default=0))  # the first and the last are cut
    if not whole:
        raise WorldError("no_data", f"the log {log.name} covers no whole minute", "name the rotated set (access.log*)")
    others = sum(summary.traffic.get(kind, 0) for kind in ("bot", "health", "static"))
    notes = [f"{many(others, 'request')} of programs, health checks and for static files not counted"] if others else []
    silent = sum(minute not in counted for minute in whole)
    notes += [f"{many(silent, 'minute')} without a request: quiet or down, a log cannot tell"] if silent else []
    values = [counted.get(minute, 0) / 60 for minute in whole]
    return Trace(
        LOAD, history.subject, [minute * 60.0 for minute in whole], values, values,
        f"access log {log.path or log.table or log.loki} (requests of users)", tuple(notes),
    )  # fmt: skip


def undeclared_load(survey: Survey) -> AnyEvidence | None:
    """That nobody declared the load, where something declared holds it: with the lines that would."""
    if any(each.quantity == LOAD for each in survey.system.history):
        return None
    log, server = next(iter(survey.system.access_log), None), next(iter(survey.system.prometheus), None)
    if log is not None:
        name, origin = log.name, f'access_log = "{log.name}"'
    elif server is not None:
        name = server.name
        origin = f'prometheus = "{server.url}" query = "sum(rate({server.requests}[{server.rate_minutes}m]))"'
    else:
        return None
    names = [each.name for each in survey.system.service]
    subject = f"service:{name if name in names or not names else names[0]}"
    how = f'declare [[history]] subject = "{subject}" quantity = "{LOAD}" {origin}'
    return survey.missing(
        LOAD, "not_configured", "no [[history]] of it is declared", how, subject=subject, source="infra.toml"
    )
