"""TLS by handshake: the versions a server accepts, whom its certificate names, whether a client would trust it."""

import ipaddress
import socket
import ssl
import time
import warnings
from typing import Literal

from pydantic import BaseModel, ConfigDict

from infra_maintainer.world.certificate_der import parse_certificate
from infra_maintainer.world.greeting import Greeting, read_greeting
from infra_maintainer.world.start_tls import StartTls, StartTlsRefused, start_tls

Answer = Literal["yes", "no", "unknown"]
_GREETING_LIMIT_S = 0.3
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_PINS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
# Our own library refused to offer this version; the server was never asked.
_NEVER_OFFERED = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE")
# The server accepted the version and then asked for a client certificate, which we do not have.
_WANTS_CLIENT_CERTIFICATE = ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VersionAnswer(_Frozen):
    """Whether one version was accepted, and the words of the library or the alert that say so."""

    accepted: Answer
    how: str


class Trust(_Frozen):
    """Whether a client that verifies would trust the server: OpenSSL's verify code (10 expired, 18 self-signed,
    20 issuer missing, 62 wrong host) and its message."""

    trusted: Answer
    code: int | None
    why: str


class Peer(_Frozen):
    """The certificate that the server sent, unverified; dates are ISO 8601 in UTC."""

    subject: str
    issuer: str
    not_before: str
    not_after: str
    names: tuple[str, ...]
    signature: str
    key: str
    key_bits: int
    lifetime_days: int
    chain_length: int


class Handshake(_Frozen):
    """Everything one TLS port answered. `speaks_tls` is unknown when nothing but silence or refusal came back.

    `greeting` is the protocol that a port in plain text announces by itself, `none` when it waits for the client.
    """

    speaks_tls: Answer
    versions: dict[str, VersionAnswer]
    trust: Trust
    peer: Peer | None
    duration_ms: float
    detail: str
    greeting: Greeting = "none"


def measure_handshake(
    address: str,
    port: int,
    *,
    server_name: str,
    starttls: StartTls | None = None,
    ca_file: str | None = None,
    limit_s: float = 3.0,
) -> Handshake:
    """Ask `address` (an IP address already vetted) once per TLS version, then once as a client that verifies.

    The versions are pinned one at a time with security level 0, so that an old version is really offered. All
    handshakes share `limit_s` seconds: a silent server costs that much once, not once per version. Failures of the
    world are answers (`unknown` with the reason); nothing is raised for them.
    """
    started = time.monotonic()
    deadline = started + limit_s
    versions: dict[str, VersionAnswer] = {}
    found: Peer | None = None
    for version in reversed(VERSIONS):
        versions[version], peer = _ask_version(address, port, version, server_name, starttls, deadline)
        found = found or peer
        if versions[version].how.startswith(("no connection", "plain text", "time limit")):
            versions |= {
                v: VersionAnswer(accepted="unknown", how=versions[version].how) for v in VERSIONS if v not in versions
            }
            break
    speaks = _speaks_tls(versions)
    greeting: Greeting = "none"
    if speaks == "no" and starttls is None:
        greeting = read_greeting(address, port, min(_GREETING_LIMIT_S, max(deadline - time.monotonic(), 0.01)))
    trust = Trust(trusted="unknown", code=None, why="no TLS to verify")
    if speaks == "yes":
        trust = _ask_trust(address, port, server_name, starttls, ca_file, deadline)
    return Handshake(
        speaks_tls=speaks,
        versions={version: versions[version] for version in VERSIONS},
        trust=trust,
        peer=found,
        duration_ms=round((time.monotonic() - started) * 1000, 1),
        detail=versions["TLSv1.3"].how,
        greeting=greeting,
    )


def _speaks_tls(versions: dict[str, VersionAnswer]) -> Answer:
    if any(answer.accepted == "yes" for answer in versions.values()):
        return "yes"
    if any(answer.how.startswith("plain text") for answer in versions.values()):
        return "no"
    # An alert is TLS too: the server speaks it and refuses every version that we could offer.
    return "yes" if any("ALERT" in answer.how for answer in versions.values()) else "unknown"


def _connect(address: str, port: int, starttls: StartTls | None, deadline: float) -> socket.socket:
    connection = socket.create_connection((address, port), timeout=_left(deadline))
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if starttls:
            start_tls(connection, starttls, deadline)
        connection.settimeout(_left(deadline))
    except BaseException:
        connection.close()
        raise
    return connection


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("time limit reached")
    return left


def _pinned_context(version: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    # An old server needs these two to be asked at all; nothing is sent over the connection afterwards.
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _PINS[version]
        context.maximum_version = _PINS[version]
    return context


def _sni(server_name: str) -> str | None:
    try:
        ipaddress.ip_address(server_name)
    except ValueError:
        return server_name
    return None


def _ask_version(
    address: str, port: int, version: str, server_name: str, starttls: StartTls | None, deadline: float
) -> tuple[VersionAnswer, Peer | None]:
    try:
        context = _pinned_context(version)
    except ValueError as error:
        return VersionAnswer(accepted="unknown", how=f"our TLS library cannot offer it: {error}"), None
    try:
        connection = _connect(address, port, starttls, deadline)
    except StartTlsRefused as error:
        return VersionAnswer(accepted="unknown", how=f"plain text: {error}"), None
    except TimeoutError:
        return VersionAnswer(accepted="unknown", how="time limit reached before a connection"), None
    except OSError as error:
        return VersionAnswer(accepted="unknown", how=f"no connection: {error}"), None
    with connection:
        try:
            with context.wrap_socket(connection, server_hostname=_sni(server_name)) as tls:
                return VersionAnswer(accepted="yes", how=(tls.cipher() or ("handshake",))[0]), _peer(tls)
        except TimeoutError:
            return VersionAnswer(accepted="unknown", how="time limit reached in the handshake"), None
        except ssl.SSLError as error:
            return _refusal(error), None
        except OSError as error:
            return VersionAnswer(accepted="no", how=f"connection closed in the handshake: {type(error).__name__}"), None


def _refusal(error: ssl.SSLError) -> VersionAnswer:
    reason = error.reason or type(error).__name__
    if any(word in reason for word in _NEVER_OFFERED):
        return VersionAnswer(accepted="unknown", how=f"our TLS library cannot offer it: {reason}")
    if any(word in reason for word in _WANTS_CLIENT_CERTIFICATE):
        return VersionAnswer(accepted="yes", how=f"client certificate wanted: {reason}")
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        return VersionAnswer(accepted="no", how=f"plain text: the reply is no TLS record ({reason})")
    return VersionAnswer(accepted="no", how=f"the server ended the handshake: {reason}")


def _ask_trust(
    address: str, port: int, server_name: str, starttls: StartTls | None, ca_file: str | None, deadline: float
) -> Trust:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        return Trust(trusted="unknown", code=None, why=f"cannot read the declared CA file: {error}")
    # Old versions are judged by their own rule; trust is about the certificate only.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    try:
        connection = _connect(address, port, starttls, deadline)
        with connection, context.wrap_socket(connection, server_hostname=server_name):
            return Trust(trusted="yes", code=0, why="ok")
    except ssl.SSLCertVerificationError as error:
        return Trust(trusted="no", code=error.verify_code, why=error.verify_message)
    except TimeoutError:
        return Trust(trusted="unknown", code=None, why="time limit reached")
    except (OSError, StartTlsRefused) as error:
        return Trust(trusted="unknown", code=None, why=f"no handshake: {getattr(error, 'reason', None) or error}")


def _peer(tls: ssl.SSLSocket) -> Peer | None:
    der = tls.getpeercert(binary_form=True)
    if not der:
        return None
    try:
        certificate = parse_certificate(der)
    except ValueError:
        return None
    return Peer(
        subject=certificate.subject,
        issuer=certificate.issuer,
        not_before=certificate.not_before.isoformat(),
        not_after=certificate.not_after.isoformat(),
        names=certificate.names,
        signature=certificate.signature,
        key=certificate.key,
        key_bits=certificate.key_bits,
        lifetime_days=certificate.lifetime_days,
        chain_length=_chain_length(tls),
    )


def _chain_length(tls: ssl.SSLSocket) -> int:
    # Public from Python 3.13 on; before that the same call exists on the private object. 0 means not known.
    source: object = tls if hasattr(tls, "get_unverified_chain") else getattr(tls, "_sslobj", None)
    chain = getattr(source, "get_unverified_chain", lambda: None)()
    return len(chain) if chain else 0
