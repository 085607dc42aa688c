"""One measured TLS port as evidence, the same for declared ports and for listeners that were found."""

from collections.abc import Iterator
from datetime import datetime

from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.handshake import Handshake

QUANTITIES = ("tls.offered",)
VERSIONS = ("tls.version.1_0", "tls.version.1_1", "tls.version.1_2", "tls.version.1_3")
ALSO = (
    *VERSIONS,
    "tls.certificate.days_left",
    "tls.certificate.lifetime",
    "tls.certificate.trusted",
    "tls.handshake.time",
)
_OF_VERSION = {"TLSv1": "1_0", "TLSv1.1": "1_1", "TLSv1.2": "1_2", "TLSv1.3": "1_3"}
_LOOK = "look at the port with openssl s_client"


def tls_evidence(survey: Survey, subject: str, shaken: Handshake, *, named: bool) -> Iterator[AnyEvidence]:
    """Yield what the handshakes showed. `named` tells whether the client knew the name the certificate should have.

    What a port does not speak has no versions: those quantities are then neither owed nor Missing.
    """
    source = "one TLS handshake per version"
    seconds = shaken.duration_ms / 1000
    if shaken.speaks_tls == "unknown":
        for quantity in QUANTITIES:
            yield survey.missing(quantity, "unreachable", shaken.detail, _LOOK, subject=subject, source=source)
        return
    offered = shaken.speaks_tls == "yes"
    yield survey.measured("tls.offered", offered, subject=subject, source=source, duration=seconds, quote=shaken.detail)
    yield survey.measured("tls.handshake.time", shaken.duration_ms, subject=subject, source=source)
    for version, name in _OF_VERSION.items():
        answer = shaken.versions[version]
        quantity = f"tls.version.{name}"
        if answer.accepted == "unknown" and offered:
            yield survey.missing(quantity, "not_supported", answer.how, _LOOK, subject=subject, source=source)
        else:
            yield survey.measured(quantity, answer.accepted == "yes", subject=subject, source=source, quote=answer.how)
    if not offered:
        return
    if shaken.peer is None:
        yield survey.missing(
            "tls.certificate.days_left", "no_data", "no certificate was shown", _LOOK, subject=subject, source=source
        )
    else:
        left = datetime.fromisoformat(shaken.peer.not_after) - survey.world.clock.now()
        yield survey.measured(
            "tls.certificate.days_left",
            round(left.total_seconds() / 86400, 1),
            subject=subject,
            source="certificate notAfter",
            quote=f"{shaken.peer.subject}, issued by {shaken.peer.issuer}",
        )
        yield survey.measured(
            "tls.certificate.lifetime", shaken.peer.lifetime_days, subject=subject, source="certificate validity"
        )
    if not named:
        return
    if shaken.trust.trusted == "unknown":
        yield survey.missing(
            "tls.certificate.trusted", "error", shaken.trust.why, _LOOK, subject=subject, source="verifying handshake"
        )
    else:
        why = f"code {shaken.trust.code}: {shaken.trust.why}"
        yield survey.measured(
            "tls.certificate.trusted",
            shaken.trust.trusted == "yes",
            subject=subject,
            source="verifying handshake",
            quote=why,
        )


def redirect_evidence(survey: Survey, subject: str, host: str, port: int) -> Iterator[AnyEvidence]:
    """Yield whether a web server in plain text only sends people on to https; nothing when it is no web server."""
    shown = f"[{host}]" if ":" in host else host
    answer = survey.world.http.exchange(
        Ask(url=f"http://{shown}:{port}/", timeout_s=1.0, max_redirects=0, max_bytes=4096)
    )
    if answer.status is None:
        return
    location = answer.headers.get("location", "")
    is_redirect = answer.status in (301, 302, 307, 308) and location.startswith("https://")
    yield survey.measured(
        "tls.redirected", is_redirect, subject=subject, source=f"GET {shown}:{port}", quote=location or None
    )
