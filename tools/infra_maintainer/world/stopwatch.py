"""The stopwatch of one HTTP hop, and its hard end."""

import os
import socket
import ssl
import threading
import time
from typing import Any

from infra_maintainer.world.exchange import Certificate


class Stopwatch:
    """Stopwatch of one hop and its executioner: at the end of the time the socket is shut, whatever it is doing.

    Per-read time-outs cannot do this: a server that drips one byte a second never trips them.
    """

    def __init__(self, end: float) -> None:
        self.marks: dict[str, float] = {"start": time.monotonic()}
        self.certificate: Certificate | None = None
        self.tls_version: str | None = None
        self._line: socket.socket | None = None
        self.expired = False
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self.expire)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """The transport's callback."""
        self.marks[event.split(".", 1)[1]] = time.monotonic()
        if event == "connection.connect_tcp.complete":
            line = info["return_value"].get_extra_info("socket")
            self._line = socket.socket(fileno=os.dup(line.fileno()))  # TLS detaches the first one; the copy stays good
        elif event == "connection.start_tls.complete":
            tls = info["return_value"].get_extra_info("ssl_object")
            self.tls_version = tls.version()
            self.certificate = _certificate(tls.getpeercert())

    def ms(self, begin: str, end: str) -> float | None:
        """Milliseconds between two marks; None when one of them was not reached."""
        if begin not in self.marks or end not in self.marks:
            return None
        return (self.marks[end] - self.marks[begin]) * 1000

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._line is not None:
            self._line.close()

    def expire(self) -> None:
        """Shut the connection now, whatever it is doing; also called when the request is cancelled."""
        self.expired = True
        if self._line is not None:
            try:
                self._line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def _certificate(peer: dict[str, Any] | None) -> Certificate | None:
    if not peer:
        return None
    names = [value for kind, value in peer.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    return Certificate(trusted=True, not_after_epoch_s=ssl.cert_time_to_seconds(peer["notAfter"]), names=names)
