"""HAProxy's own statistics: one read command on its socket, and the CSV that both the socket and the page give."""

import csv
import io
import socket

from infra_maintainer.world.failure import WorldError

LIMIT_BYTES = 4 << 20


def show_stat(path: str, timeout_s: float) -> str:
    """The answer of `show stat`. Raise WorldError when the socket cannot be used."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(min(5.0, timeout_s))
            line.connect(path)
            line.sendall(b"show stat\n")
            received = bytearray()
            while piece := line.recv(65536):
                received += piece
                if len(received) > LIMIT_BYTES:
                    raise WorldError("error", f"{path}: more than {LIMIT_BYTES} bytes", "look at it by hand")
    except PermissionError as error:
        raise WorldError(
            "denied", f"{path}: {error.strerror}", "let the socket be read: level user, a group"
        ) from error
    except TimeoutError as error:
        raise WorldError("timeout", f"{path}: no answer in time", "see whether HAProxy is overloaded") from error
    except OSError as error:
        raise WorldError("unreachable", f"{path}: {error.strerror}", "name the stats socket of haproxy.cfg") from error
    return received.decode(errors="replace")


def rows(text: str) -> list[dict[str, str]]:
    """The rows of the CSV by column. Raise WorldError for anything else."""
    if not text.startswith("# pxname,"):
        raise WorldError(
            "error", "this is not HAProxy's statistics", "use the address that ends in ;csv, or the socket"
        )
    return [
        {str(key): str(value) for key, value in row.items() if key} for row in csv.DictReader(io.StringIO(text[2:]))
    ]
