"""Balancers by their own status: servers that take no requests while the front looks green, queues, flaps."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from infra_maintainer.databases.haproxy import rows, show_stat
from infra_maintainer.evidence.model import Why
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.balancer import Balancer
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.failure import WorldError

_TAKES = ("UP", "OPEN", "no check")


def subjects(survey: Survey) -> list[str]:
    """One subject per declared balancer."""
    return [f"balancer:{each.name}" for each in survey.system.balancer]


@source(
    title="balancers (HAProxy, nginx)",
    jobs=("health",),
    quantities=("balancer.sessions",),
    also=(
        "balancer.backend.flaps",
        "balancer.backend.retries",
        "balancer.backend.up",
        "balancer.backends.up",
        "balancer.dropped",
        "balancer.queue",
        "balancer.sessions.used",
    ),
    subjects=subjects,
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One reading per balancer."""
    for balancer in survey.system.balancer:
        subject = f"balancer:{balancer.name}"
        try:
            if balancer.nginx_url is not None:
                yield from _nginx(survey, balancer, subject)
            else:
                yield from _haproxy(survey, balancer, subject)
        except WorldError as error:
            for quantity in ("balancer.sessions", "balancer.backends.up"):
                yield survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source="status")


def _page(survey: Survey, url: str) -> str:
    answer = survey.world.http.exchange(Ask(url=url, max_bytes=4 << 20, max_redirects=0))
    if answer.failure:
        why: Why = "timeout" if answer.failure == "timeout" else "unreachable"
        how = "check the address of the status page"
        if answer.nothing_listens:
            how = f"{answer.nothing_listens}: start it, or correct the address of the status page"
        raise WorldError(why, f"{url}: {answer.failure}: {answer.detail}", how)
    if answer.status != 200:
        refused: Why = "denied" if answer.status in (401, 403) else "error"
        raise WorldError(refused, f"{url} answered {answer.status}", "let this host read the status page")
    return answer.body


def _haproxy(survey: Survey, balancer: Balancer, subject: str) -> Iterator[AnyEvidence]:
    if balancer.haproxy_socket is not None:
        ask = partial(show_stat, balancer.haproxy_socket, survey.world.deadline.remaining())
        text = str(survey.world.engine("haproxy", [balancer.haproxy_socket], ask))
    else:
        text = _page(survey, str(balancer.haproxy_url))
    servers: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(text):
        if row["svname"] == "FRONTEND":
            yield from _front(survey, row, f"{subject}:{row['pxname']}")
        elif row["svname"] == "BACKEND":
            waiting = int(row["qcur"] or 0)
            yield survey.measured(
                "balancer.queue", waiting, subject=f"backend:{balancer.name}:{row['pxname']}", source="show stat"
            )
        else:
            servers[row["pxname"]].append(row)
    sessions = sum(int(row["scur"] or 0) for group in servers.values() for row in group)
    yield survey.measured("balancer.sessions", sessions, subject=subject, source="show stat")
    for backend, group in servers.items():
        up = [row for row in group if row["status"].startswith(_TAKES)]
        out = [
            f"{row['svname']} {row['status']} ({row['check_status'] or 'no check'})" for row in group if row not in up
        ]
        yield survey.measured(
            "balancer.backends.up",
            percent(len(up), len(group)),
            subject=f"backend:{balancer.name}:{backend}",
            stat="ratio",
            n=len(group),
            source=f"show stat: {len(up)} of {len(group)} servers",
            quote="; ".join(out) or None,
        )
        for row in group:
            yield from _server(survey, row, f"backend:{balancer.name}:{backend}/{row['svname']}", taken=row in up)


def _front(survey: Survey, row: dict[str, str], subject: str) -> Iterator[AnyEvidence]:
    limit, current = int(row["slim"] or 0), int(row["scur"] or 0)
    if limit:
        yield survey.measured("balancer.sessions.used", percent(current, limit), subject=subject, source="show stat")


def _server(survey: Survey, row: dict[str, str], subject: str, *, taken: bool) -> Iterator[AnyEvidence]:
    """HAProxy's own times are means of 1,024 requests: they are left out, the log has percentiles."""
    yield survey.measured("balancer.backend.up", taken, subject=subject, source=f"show stat: {row['status']}")
    if row["chkdown"]:  # empty where no health check runs: nobody counted
        yield survey.measured(
            "balancer.backend.flaps", int(row["chkdown"]), subject=subject, stat="count", source="show stat"
        )
    retries = int(row["wretr"] or 0) + int(row["wredis"] or 0)
    yield survey.measured("balancer.backend.retries", retries, subject=subject, stat="count", source="show stat")


def _nginx(survey: Survey, balancer: Balancer, subject: str) -> Iterator[AnyEvidence]:
    """Connections only: nginx shows its backends in the access log, not here."""
    text = _page(survey, str(balancer.nginx_url))
    found = re.search(r"Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+)", text)
    if found is None:
        raise WorldError("error", "this is not a stub_status page", "name the location that has stub_status")
    active, accepted, handled, _ = (int(each) for each in found.groups())
    yield survey.measured("balancer.sessions", active, subject=subject, source="stub_status")
    yield survey.measured(
        "balancer.dropped",
        accepted - handled,
        subject=subject,
        stat="count",
        source="stub_status: accepts less handled",
    )
