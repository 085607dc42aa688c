"""What a port in plain text says by itself when a client connects and keeps silent."""

import socket
from typing import Literal

Greeting = Literal["ssh", "smtp", "imap", "mysql", "other", "none"]


def read_greeting(address: str, port: int, limit_s: float) -> Greeting:
    """Connect, wait at most `limit_s` seconds for the first bytes, and name the protocol they belong to."""
    try:
        with socket.create_connection((address, port), timeout=limit_s) as connection:
            connection.settimeout(limit_s)
            return greeting_of(connection.recv(256))
    except OSError:
        return "none"


def greeting_of(data: bytes) -> Greeting:
    """Name the protocol of the first bytes of a server (RFC 4253, 5321, 3501; MySQL protocol version 10)."""
    if not data:
        return "none"
    if data.startswith(b"SSH-"):
        return "ssh"
    if data.startswith(b"220") and b"SMTP" in data.upper():
        return "smtp"
    if data.startswith(b"* OK"):
        return "imap"
    is_mysql = len(data) > 5 and data[3] == 0 and data[4] == 10
    return "mysql" if is_mysql else "other"
