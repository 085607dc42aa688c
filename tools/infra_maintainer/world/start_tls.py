"""The plain-text prologue of protocols that begin in clear and change to TLS on request."""

import socket
import time
from typing import Literal

StartTls = Literal["postgres", "smtp", "imap"]
_LINE_LIMIT = 4096


class StartTlsRefused(Exception):
    """The server answered, and does not offer TLS on this port. The message quotes nothing but the kind of refusal."""


def start_tls(connection: socket.socket, protocol: StartTls, deadline: float) -> None:
    """Lead `connection` to the point where a TLS handshake may begin, before `deadline` (monotonic seconds).

    Raise StartTlsRefused when the server says no, TimeoutError past the deadline, OSError when the connection breaks.
    """
    {"postgres": _postgres, "smtp": _smtp, "imap": _imap}[protocol](connection, deadline)


def _postgres(connection: socket.socket, deadline: float) -> None:
    # SSLRequest: length 8, code 80877103 (PostgreSQL protocol, message formats).
    connection.sendall((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))
    answer = _receive(connection, deadline, 1)
    if answer != b"S":
        raise StartTlsRefused("the server answered N to SSLRequest" if answer == b"N" else "not a PostgreSQL answer")


def _smtp(connection: socket.socket, deadline: float) -> None:
    _smtp_reply(connection, deadline, b"220")
    connection.sendall(b"EHLO infra-maintainer\r\n")
    if b"STARTTLS" not in _smtp_reply(connection, deadline, b"250").upper():
        raise StartTlsRefused("STARTTLS is not among the extensions")
    connection.sendall(b"STARTTLS\r\n")
    _smtp_reply(connection, deadline, b"220")


def _smtp_reply(connection: socket.socket, deadline: float, code: bytes) -> bytes:
    reply = b""
    while True:
        line = _line(connection, deadline)
        if not line.startswith(code):
            raise StartTlsRefused(f"SMTP answered {line[:3].decode('ascii', 'replace')!r}, not {code.decode()}")
        reply += line
        if line[3:4] != b"-":
            return reply
        if len(reply) > _LINE_LIMIT:
            raise StartTlsRefused("the SMTP answer has no end")


def _imap(connection: socket.socket, deadline: float) -> None:
    if not _line(connection, deadline).startswith(b"* "):
        raise StartTlsRefused("not an IMAP greeting")
    connection.sendall(b"a1 STARTTLS\r\n")
    for _ in range(20):
        line = _line(connection, deadline)
        if line.upper().startswith(b"A1 OK"):
            return
        if line.upper().startswith(b"A1 "):
            raise StartTlsRefused("IMAP refuses STARTTLS")
    raise StartTlsRefused("the IMAP answer has no end")


def _line(connection: socket.socket, deadline: float) -> bytes:
    line = b""
    # Byte by byte: what follows the line may already be the handshake.
    while not line.endswith(b"\n"):
        if len(line) > _LINE_LIMIT:
            raise StartTlsRefused("a line without an end")
        line += _receive(connection, deadline, 1)
    return line


def _receive(connection: socket.socket, deadline: float, size: int) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("time limit reached")
    connection.settimeout(left)
    data = connection.recv(size)
    if not data:
        raise ConnectionResetError("closed before the answer")
    return data
