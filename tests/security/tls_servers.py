"""TLS servers on loopback with a certificate authority made at test time."""

import datetime
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Prologue = Callable[[socket.socket], None]


class Signed(NamedTuple):
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Authority:
    """A root and an intermediate, fresh for every test run; leaves are signed by the intermediate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = _sign("test root", None, days=(-10, 3650), authority=True)
        self.intermediate = _sign("test intermediate", self.root, days=(-10, 1825), authority=True)
        self.ca_file = folder / "root.pem"
        self.ca_file.write_bytes(_pem(self.root.certificate))

    def leaf(
        self,
        name: str,
        *,
        dns: str = "localhost",
        days: tuple[int, int] = (-1, 60),
        chain: bool = True,
        own: bool = False,
    ) -> Path:
        """Write a leaf's certificate, chain and key into one file and return its path."""
        signed = _sign(dns, None if own else self.intermediate, days=days, authority=False)
        parts = [_pem(signed.certificate)]
        if chain and not own:
            parts.append(_pem(self.intermediate.certificate))
        parts.append(
            signed.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        path = self.folder / f"{name}.pem"
        path.write_bytes(b"".join(parts))
        path.chmod(0o600)
        return path


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _sign(name: str, issuer: Signed | None, *, days: tuple[int, int], authority: bool) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return Signed(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def server_context(leaf: Path, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a server context that accepts the versions from `lowest` to `highest`, old ones too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = lowest, highest
    context.load_cert_chain(leaf)
    return context


@contextmanager
def serving(handle: Callable[[socket.socket], None]) -> Generator[int]:
    """Listen on a free loopback port, give each connection to `handle` in a thread, yield the port."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]

        def accept() -> None:
            while not stop.is_set():
                connection, _ = listener.accept()
                connection.settimeout(20)
                threads.append(threading.Thread(target=_guarded, args=(handle, connection), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield port
        stop.set()
        # accept() wakes up for one last connection and then sees the event.
        socket.create_connection(("127.0.0.1", port)).close()
        accepting.join(timeout=10)
        for thread in threads:
            thread.join(timeout=10)


def _guarded(handle: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection:
        try:
            handle(connection)
        except OSError:
            # A client that refuses our certificate or closes early is what several tests are about.
            return


def speak_tls(context: ssl.SSLContext, prologue: Prologue | None = None) -> Callable[[socket.socket], None]:
    """Return a handler that runs `prologue` in clear, then one TLS handshake, then waits for the client to close."""

    def handle(connection: socket.socket) -> None:
        if prologue:
            prologue(connection)
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1024)

    return handle


def read_line(connection: socket.socket) -> bytes:
    """Read up to a line feed, one byte at a time, so that no byte of the handshake is taken."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise ConnectionResetError
        line += byte
    return line


def smtp_prologue(connection: socket.socket) -> None:
    """Behave like a mail server that offers STARTTLS (RFC 3207)."""
    connection.sendall(b"220 mail.test ESMTP\r\n")
    read_line(connection)
    connection.sendall(b"250-mail.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    read_line(connection)
    connection.sendall(b"220 go ahead\r\n")


def imap_prologue(connection: socket.socket) -> None:
    """Behave like an IMAP server that offers STARTTLS (RFC 3501), capability question included."""
    connection.sendall(b"* OK IMAP4rev1 ready\r\n")
    while True:
        tag, verb = read_line(connection).split()[:2]
        if verb.upper() == b"STARTTLS":
            connection.sendall(tag + b" OK begin TLS\r\n")
            return
        connection.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")
