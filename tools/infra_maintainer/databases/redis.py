"""The one command INFO of a Redis or Valkey, over its own protocol: nothing that writes is ever sent."""

import socket
import ssl
from pathlib import Path

from infra_maintainer.system.database import Cache
from infra_maintainer.world.failure import WorldError

LIMIT_BYTES = 1 << 20


def info(cache: Cache, timeout_s: float) -> dict[str, str]:
    """The fields of `INFO everything`. Raise WorldError for what the server or the network refuses."""
    where = f"cache {cache.name} at {cache.host}:{cache.port}"
    try:
        with socket.create_connection((cache.host, cache.port), timeout=min(5.0, timeout_s)) as plain:
            line = ssl.create_default_context().wrap_socket(plain, server_hostname=cache.host) if cache.tls else plain
            if (password := _password(cache)) is not None:
                user = [cache.user] if cache.user else []
                _ask(line, ["AUTH", *user, password], where)
            text = _ask(line, ["INFO", "everything"], where)
    except TimeoutError as error:
        raise WorldError(
            "timeout", f"{where}: no answer in time", "see whether it is blocked by a long command"
        ) from error
    except OSError as error:
        raise WorldError("unreachable", f"{where}: {error}", "see whether it runs and listens there") from error
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {key: value for key, value in pairs}


def _ask(line: socket.socket, words: list[str], where: str) -> str:
    parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
    line.sendall(f"*{len(words)}\r\n{parts}".encode())
    received = bytearray()
    while b"\r\n" not in received:
        received += _more(line, where)
    head, _, body = bytes(received).partition(b"\r\n")
    if head.startswith(b"-"):
        said = head[1:].decode(errors="replace")
        denied = said.split(" ", 1)[0] in ("NOAUTH", "WRONGPASS", "NOPERM", "ERR") and "command" not in said
        how = "give user and password_file of an account that may run INFO: ACL SETUSER monitor on >... +info"
        raise WorldError("denied" if denied or "NOPERM" in said else "error", f"{where}: {said[:200]}", how)
    if not head.startswith(b"$"):
        return head[1:].decode(errors="replace")
    length = int(head[1:])
    while len(body) < length + 2:
        body += _more(line, where)
        if len(body) > LIMIT_BYTES:
            raise WorldError("error", f"{where}: INFO is longer than {LIMIT_BYTES} bytes", "look at it by hand")
    return body[:length].decode(errors="replace")


def _more(line: socket.socket, where: str) -> bytes:
    piece = line.recv(65536)
    if not piece:
        raise WorldError("unreachable", f"{where}: it closed the connection", "see its log")
    return piece


def _password(cache: Cache) -> str | None:
    if cache.password_file is None:
        return None
    try:
        return Path(cache.password_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WorldError("denied", f"{cache.password_file}: {error.strerror}", "make the file readable") from error
