"""TLS of every declared endpoint and port, by one handshake per version."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from infra_maintainer.sources.baseline.side_by_side import side_by_side
from infra_maintainer.sources.baseline.tls_evidence import ALSO, QUANTITIES, redirect_evidence, tls_evidence
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.tls import TlsAsk, measure_tls


def _asks(survey: Survey) -> dict[str, TlsAsk]:
    """What to measure, by subject: web addresses with their port, then the other declared ports."""
    asks: dict[str, TlsAsk] = {}
    for endpoint in survey.system.endpoint:
        parts = urlsplit(endpoint.url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        host = parts.hostname or ""
        asks[f"tls_port:{host}:{port}"] = TlsAsk(host=host, port=port, ca_file=endpoint.ca_file)
    for each in survey.system.security.tls_port:
        asks[f"tls_port:{each.host}:{each.port}"] = TlsAsk(
            host=each.host, port=each.port, starttls=each.starttls, ca_file=each.ca_file
        )
    return asks


@source(
    title="TLS of declared endpoints and ports",
    jobs=("security",),
    quantities=QUANTITIES,
    also=(*ALSO, "listener.reachable"),
    subjects=lambda survey: list(_asks(survey)),
    configure="declare [[endpoint]] or [[security.tls_port]] in infra.toml",
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Measure each port; one that cannot be reached is Missing and does not hide the others."""
    yield from side_by_side(survey, list(_asks(survey).items()), lambda one: _measure(survey, *one))


def _measure(survey: Survey, subject: str, ask: TlsAsk) -> Iterator[AnyEvidence]:
    try:
        shaken = measure_tls(survey.world, ask)
    except WorldError as error:
        for quantity in QUANTITIES:
            yield survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source="handshake")
        return
    yield from tls_evidence(survey, subject, shaken, named=True)
    if shaken.speaks_tls == "no" and ask.starttls is None:
        yield from redirect_evidence(survey, subject, ask.host, ask.port)
    if shaken.speaks_tls == "no" and _is_loopback(ask.host):
        yield from _kept_in(survey, subject, ask.port)


def _kept_in(survey: Survey, subject: str, port: int) -> Iterator[AnyEvidence]:
    """Told only when every socket of the port is bound to loopback: one asked on 127.0.0.1 may be open to all."""
    try:
        rows = survey.once("listeners", lambda: survey.world.host.snapshot("listeners"))
    except WorldError:
        return
    bound = {str(each["address"]) for each in rows if each["protocol"] == "tcp" and int(each["port"]) == port}
    if bound and all(_is_loopback(each) for each in bound):
        quote = f"bound to {', '.join(sorted(bound))}"
        yield survey.measured("listener.reachable", False, subject=subject, source="listeners", quote=quote)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
