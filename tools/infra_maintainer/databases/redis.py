"""The one command INFO of a Redis or Valkey, over its own protocol: nothing that writes is ever sent."""

import socket
import ssl

from infra_maintainer.system.database import Cache
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.secret_file import read_secret

LIMIT_BYTES = 1 << 20


def info(cache: Cache, timeout_s: float) -> dict[str, str]:
    """The fields of `INFO everything`. Raise WorldError for what the server or the network refuses."""
    where = f"cache {cache.name} at {cache.host}:{cache.port}"
    try:
        plain = socket.create_connection((cache.host, cache.port), timeout=min(5.0, timeout_s))
        with plain, _secured(cache, plain, where) if cache.tls else plain as line:
            if (password := _password(cache)) is not None:
                user = [cache.user] if cache.user else []
                _ask(line, ["AUTH", *user, password], where)
            text = _ask(line, ["INFO", "everything"], where)
    except TimeoutError as error:
        raise WorldError(
            "timeout", f"{where}: no answer in time", "see whether it is blocked by a long command"
        ) from error
    except ssl.SSLError as error:
        raise _tls_failed(cache, where, error) from error
    except OSError as error:
        how = "see whether it runs and listens there" + ("" if cache.tls else "; if that is its tls-port: tls = true")
        raise WorldError("unreachable", f"{where}: {error}", how) from error
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {key: value for key, value in pairs}


def _secured(cache: Cache, plain: socket.socket, where: str) -> ssl.SSLSocket:
    try:
        return _context(cache).wrap_socket(plain, server_hostname=cache.host)
    except TimeoutError as error:  # Redis takes the greeting for a long command and waits for its end
        detail = f"{where}: no answer to a TLS greeting"
        raise WorldError("timeout", detail, "name its tls-port; if it has none: tls = false") from error


def _context(cache: Cache) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=cache.ca_file)
        if cache.cert_file and cache.key_file:
            # An encrypted key would make OpenSSL ask on the terminal: an empty answer makes it fail instead.
            context.load_cert_chain(cache.cert_file, cache.key_file, password="")
    except ssl.SSLError as error:
        raise WorldError(
            "error",
            f"cache {cache.name}: {error.reason or error}",
            "give PEM files: ca_file, cert_file, and its key_file without a passphrase",
        ) from error
    except OSError as error:
        files = ", ".join(each for each in (cache.ca_file, cache.cert_file, cache.key_file) if each)
        raise WorldError("denied", f"{files}: {error.strerror}", "make the files readable") from error
    return context


def _tls_failed(cache: Cache, where: str, error: ssl.SSLError) -> WorldError:
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = f"{where}: its certificate is not accepted: {error.verify_message}"
        return WorldError("error", detail, "name who signed it (ca_file), and the host as its certificate does")
    asked = "CERTIFICATE_REQUIRED" in (error.reason or "")  # said, or lost when the line is closed first
    if cache.cert_file is None and (asked or isinstance(error, ssl.SSLEOFError)):
        detail = f"{where}: it ended TLS, as Redis does with clients that show no certificate"
        return WorldError("denied", detail, "give cert_file and key_file, signed by the authority that it trusts")
    return WorldError("error", f"{where}: TLS failed: {error.reason or error}", "see its log")


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
    return read_secret(cache.password_file, "password_file in [[cache]]")
