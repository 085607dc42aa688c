"""Small web servers on loopback, good and bad, each ended by the test that started it."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]
SAFETY_S = 20.0  # no bad server goes on longer than this, whatever the client does


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what these tests are about."""


@contextlib.contextmanager
def web(answer: Answer) -> Generator[str, None, None]:
    """A server whose every GET and POST is answered by `answer`; gives its address without a slash at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def page(handler: BaseHTTPRequestHandler, status: int = 200, text: str = "fine", **headers: str) -> None:
    """An ordinary page."""
    body = text.encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def hang(handler: BaseHTTPRequestHandler) -> None:
    """Accept, read, and never say anything."""
    handler.connection.settimeout(SAFETY_S)
    with contextlib.suppress(OSError):
        handler.connection.recv(1)


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Drop the connection with a TCP reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def redirect_loop(handler: BaseHTTPRequestHandler) -> None:
    """Send everybody back to where they are."""
    page(handler, 302, "", Location=handler.path)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """One header byte at a time: no single read is ever too slow."""
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Filler: " + b"a" * 10_000)


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    """Good headers, then one byte of body at a time."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler, b"x" * 10_000)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A body that never ends."""
    handler.send_response(200)
    handler.end_headers()
    end = time.monotonic() + SAFETY_S
    block = b"x" * 65536
    with contextlib.suppress(OSError):
        while time.monotonic() < end:
            handler.wfile.write(block)


def garbage(handler: BaseHTTPRequestHandler) -> None:
    """Something that is not HTTP."""
    handler.wfile.write(b"\x00\x01 this is not HTTP \xff\r\n\r\n")


def _drip(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    end = time.monotonic() + SAFETY_S
    with contextlib.suppress(OSError):
        for byte in content:
            if time.monotonic() > end:
                return
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)
