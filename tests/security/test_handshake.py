"""TLS by handshake, on loopback, compared with `openssl s_client`."""

import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from infra_maintainer.world.certificate_der import parse_certificate
from infra_maintainer.world.handshake import VERSIONS, Handshake, measure_handshake
from infra_maintainer.world.start_tls import StartTls
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.tls_servers import Authority, imap_prologue, server_context, serving, smtp_prologue, speak_tls

V10, V12, V13 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Case(NamedTuple):
    """One server: its leaf, the versions it accepts, its prologue, and the truth about it."""

    leaf: Callable[[Authority], Path]
    lowest: ssl.TLSVersion
    highest: ssl.TLSVersion
    starttls: StartTls | None
    accepted: str
    code: int


def good(authority: Authority) -> Path:
    """A leaf that a client with our root trusts."""
    return authority.leaf("good")


def expired(authority: Authority) -> Path:
    """A leaf that ended four days ago."""
    return authority.leaf("expired", days=(-100, -4))


def wrong_host(authority: Authority) -> Path:
    """A leaf for another name than the one asked for."""
    return authority.leaf("other", dns="shop.example")


def self_signed(authority: Authority) -> Path:
    """A leaf that nobody but itself signed."""
    return authority.leaf("own", own=True)


def bare(authority: Authority) -> Path:
    """A leaf whose intermediate the server does not send."""
    return authority.leaf("bare", chain=False)


CASES = {
    "1.3 only": Case(good, V13, V13, None, "1.3", 0),
    "1.2 and 1.3": Case(good, V12, V13, None, "1.2 1.3", 0),
    "old only": Case(good, V10, V12, None, "1.0 1.1 1.2", 0),
    "expired": Case(expired, V12, V13, None, "1.2 1.3", 10),
    "wrong host": Case(wrong_host, V12, V13, None, "1.2 1.3", 62),
    "self-signed": Case(self_signed, V12, V13, None, "1.2 1.3", 18),
    "missing intermediate": Case(bare, V12, V13, None, "1.2 1.3", 20),
    "smtp": Case(good, V12, V13, "smtp", "1.2 1.3", 0),
    "imap": Case(good, V13, V13, "imap", "1.3", 0),
}
PROLOGUES = {"smtp": smtp_prologue, "imap": imap_prologue}
FLAGS = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A root and an intermediate for this module."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module", params=CASES)
def served(request: pytest.FixtureRequest, authority: Authority) -> Iterator[tuple[Case, int]]:
    """A running server for one case."""
    case = CASES[request.param]
    context = server_context(case.leaf(authority), case.lowest, case.highest)
    with serving(speak_tls(context, PROLOGUES.get(case.starttls or ""))) as port:
        yield case, port


def ask(
    port: int, authority: Authority | None = None, starttls: StartTls | None = None, limit_s: float = 3.0
) -> Handshake:
    """Measure one loopback port as `localhost`."""
    ca_file = str(authority.ca_file) if authority else None
    return measure_handshake(
        "127.0.0.1", port, server_name="localhost", starttls=starttls, ca_file=ca_file, limit_s=limit_s
    )


def s_client(port: int, case: Case, *arguments: str) -> str:
    """Run `openssl s_client` against the port and return all it printed."""
    needs("openssl")
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", *arguments]
    if case.starttls:
        command += ["-starttls", case.starttls]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


@requirement("security.tls13")
def test_each_version_is_answered_as_openssl_s_client_answers_it(
    served: tuple[Case, int], authority: Authority
) -> None:
    """The four pinned handshakes agree with the truth of the fixture and with s_client pinned the same way."""
    case, port = served
    measured = ask(port, authority, case.starttls)
    accepted = [version for version in VERSIONS if measured.versions[version].accepted == "yes"]
    refused = [version for version in VERSIONS if measured.versions[version].accepted == "no"]
    assert (
        " ".join(v.removeprefix("TLSv").replace("1.", "1.") if "." in v else "1.0" for v in accepted) == case.accepted
    )
    assert len(accepted) + len(refused) == 4
    for version in VERSIONS:
        said = s_client(port, case, FLAGS[version], "-cipher", "ALL:@SECLEVEL=0")
        shook_hands = bool(re.search(r"Cipher is (?!\(NONE\))\S+", said))
        assert shook_hands == (version in accepted), version


@requirement("security.certificates")
def test_trust_is_answered_as_openssl_s_client_answers_it(served: tuple[Case, int], authority: Authority) -> None:
    """The verify code equals s_client's `Verify return code` with the same root and host name."""
    case, port = served
    measured = ask(port, authority, case.starttls)
    assert measured.trust.code == case.code, measured.trust
    assert measured.trust.trusted == ("yes" if case.code == 0 else "no")
    said = s_client(
        port, case, "-CAfile", str(authority.ca_file), "-verify_hostname", "localhost", "-cipher", "ALL:@SECLEVEL=0"
    )
    codes = re.findall(r"Verify return code: (\d+)", said)
    # s_client goes on after a failed check and reports the last: 21 after 20 for a missing intermediate.
    assert codes and int(codes[0]) in ({20, 21} if case.code == 20 else {case.code}), said


@requirement("security.tls13")
def test_a_full_measurement_takes_under_100_ms(served: tuple[Case, int], authority: Authority) -> None:
    """The best of three runs on loopback; five handshakes and the parsing included."""
    case, port = served
    assert min(ask(port, authority, case.starttls).duration_ms for _ in range(3)) < 100


@requirement("security.certificates")
def test_the_certificate_fields_equal_those_of_the_cryptography_library(authority: Authority) -> None:
    """Every field of our DER reader against an independent parser, for a leaf and for a root."""
    leaf = x509.load_pem_x509_certificate(authority.leaf("fields", days=(-3, 40)).read_bytes())
    for theirs in (leaf, authority.root.certificate):
        ours = parse_certificate(ssl.PEM_cert_to_DER_cert(theirs.public_bytes(Encoding.PEM).decode()))
        assert ours.not_after == theirs.not_valid_after_utc
        assert ours.not_before == theirs.not_valid_before_utc
        assert f"CN={ours.subject}" == theirs.subject.rfc4514_string()
        assert f"CN={ours.issuer}" == theirs.issuer.rfc4514_string()
        assert ours.signature == "ecdsa-sha256" and (ours.key, ours.key_bits) == ("ec", 256)
    assert parse_certificate(ssl.PEM_cert_to_DER_cert(leaf.public_bytes(Encoding.PEM).decode())).names == ("localhost",)


# Some old roots carry a serial number that the oracle dislikes; that is not what this test is about.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_real_certificates_of_the_system_store_are_read_as_the_cryptography_library_reads_them() -> None:
    """Dates, key sizes and issuers of every root that this machine trusts; skipped without a bundle."""
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if not bundle.exists():
        pytest.skip("needs ca-certificates: apt-get install ca-certificates")
    for theirs in x509.load_pem_x509_certificates(bundle.read_bytes()):
        ours = parse_certificate(ssl.PEM_cert_to_DER_cert(theirs.public_bytes(Encoding.PEM).decode()))
        assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
        assert ours.key_bits == getattr(theirs.public_key(), "key_size", 256)


@pytest.mark.parametrize("damage", [b"", b"0", b"\x30\x82\xff\xff", b"\x30\x03\x02\x01\x01"])
def test_a_damaged_certificate_is_a_value_error_and_nothing_else(damage: bytes) -> None:
    """A hostile server chooses these bytes; the reader may only say that it cannot read them."""
    with pytest.raises(ValueError):
        parse_certificate(damage)


@requirement("security.tls13")
def test_a_plain_text_http_server_is_called_plain_text() -> None:
    """A server that answers a ClientHello with HTTP speaks no TLS; that is an answer, not unknown."""

    def http(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    with serving(http) as port:
        measured = ask(port)
    assert measured.speaks_tls == "no"
    assert measured.peer is None and measured.trust.trusted == "unknown"


@requirement("honesty.unknown")
def test_a_silent_server_costs_its_own_short_limit_once_and_is_unknown() -> None:
    """Accepts and says nothing: half a second for all versions together, every answer unknown."""
    done = threading.Event()
    with serving(lambda connection: void(done.wait(20))) as port:
        measured = ask(port, limit_s=0.5)
        done.set()
    assert 400 < measured.duration_ms < 900
    assert {answer.accepted for answer in measured.versions.values()} == {"unknown"}
    assert measured.speaks_tls == "unknown"


@requirement("honesty.unknown")
def test_a_server_that_drips_bytes_cannot_stretch_the_limit() -> None:
    """One byte of an endless STARTTLS greeting every 50 ms stays within the limit of half a second."""
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        while not done.wait(0.05):
            connection.sendall(b"2")

    with serving(drip) as port:
        measured = ask(port, starttls="smtp", limit_s=0.5)
        done.set()
    assert measured.duration_ms < 900 and measured.speaks_tls == "unknown"


@requirement("honesty.unknown")
def test_a_closed_port_is_unknown_and_says_that_nothing_listens() -> None:
    """A refused connection proves nothing about TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    measured = ask(port)
    assert measured.speaks_tls == "unknown"
    assert "refused" in measured.detail.lower()


def test_a_mail_server_without_starttls_is_plain_text() -> None:
    """EHLO without STARTTLS among the extensions is a refusal in so many words."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.test\r\n")
        connection.recv(100)
        connection.sendall(b"250 mail.test\r\n")
        connection.recv(100)

    with serving(handle) as port:
        measured = ask(port, starttls="smtp")
    assert measured.speaks_tls == "no" and "STARTTLS" in measured.detail


def void(_: object) -> None:
    """Drop a result, for handlers that are lambdas."""
