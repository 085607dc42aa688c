"""Was the whole log read, or is part of it not what its format says?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Known
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit
from infra_maintainer.assess.traffic import name_of
from infra_maintainer.evidence.show import many

# What a log holds beside its users' requests; nobody's figures are in both.
ASIDE = (
    ("static", "for static files (by their ending)"),
    ("bot", "of bots"),
    ("health", "of health checks"),
    ("nobody", "that hold no request"),
)


@check(
    title="lines of the access log that could not be read",
    quantities=(
        "log.lines",
        "log.lines.refused",
        "log.lines.unfinished",
        "log.format",
        "log.covers",
        "log.zone",
        "traffic.requests",
        *(f"traffic.requests.{kind}" for kind, _ in ASIDE),
    ),
    policies=("health.traffic.refused",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Lines read = parsed + refused + unfinished; refused ones are told with their kinds."""
    rule = policy["health.traffic.refused"]
    for refused in facts.numbers("log.lines.refused"):
        lines = facts.number("log.lines", refused.subject)
        if lines is None or lines.value == 0:
            continue
        kinds = refused.record.source.rpartition(": ")[2]
        says = f"{name_of(refused.subject)}: {int(refused.value):,} of {int(lines.value):,} log lines refused ({kinds})"
        ids = [refused.id, lines.id]
        users = facts.number("traffic.requests", refused.subject)
        aside = [(facts.number(f"traffic.requests.{kind}", refused.subject), word) for kind, word in ASIDE]
        if users is not None:
            says += f"; {many(int(users.value), 'request')} of users, set aside"
            told = [(number, word) for number, word in aside if number is not None]
            says += " " + ", ".join(f"{int(number.value):,} {word}" for number, word in told)
            ids += [users.id, *(number.id for number, _ in told)]
        if (form := facts.one("log.format", refused.subject)) is not None:
            says += f"; read as {form.value}"
            ids.append(form.id)
        if (covers := facts.one("log.covers", refused.subject)) is not None:
            says += f"; requests of users from {covers.value}"
            ids.append(covers.id)
        if (zone := facts.one("log.zone", refused.subject)) is not None:
            says += f"; its times carry no zone and are read as {zone.value}, {_by(zone)}"
            ids.append(zone.id)
        if not rule.exceeded(refused.value / lines.value * 100):
            yield Pass(code="log_refused", subject=refused.subject, says=says, evidence=ids, policy=rule.id)
            continue
        yield Finding(
            code="log_refused",
            subject=refused.subject,
            severity=rule.severity,
            says=f"{says}; limit {limit(rule)}",
            matters="Requests that cannot be read are missing from every figure about users.",
            do="Name the format in [[access_log]] (format or server_config), or find who else writes to it.",
            evidence=ids,
            policy=rule.id,
        )
    for part in facts.unknowns("log.lines", "log_refused", "", "medium", user_facing=True):
        name = name_of(part.subject.removesuffix(" rest"))
        yield part.model_copy(update={"says": f"{name}: part of its log was not read, and is in no figure."})


def _by(zone: Known) -> str:
    return "as declared" if zone.source == "infra.toml" else "which nobody declared (timezone in [[access_log]])"
