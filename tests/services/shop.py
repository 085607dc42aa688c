"""A small web application over PostgreSQL, and a load for it; each runs as a process of its own.

python -m tests.services.shop serve PORT DSN NAME   routes /, /orders/N (a look-up), /report (slow where told)
python -m tests.services.shop load URL COUNT        COUNT requests over all routes from four threads
"""

import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

THREADS = 4


def serve(port: int, dsn: str, faults: str) -> None:
    """Answer until ended. `faults`: `slow` makes /report wait, `broken` answers 502 to everything."""
    local = threading.local()

    def session() -> "psycopg.Connection[tuple[int]]":
        if not hasattr(local, "session"):
            local.session = psycopg.connect(dsn, autocommit=True)
        found: psycopg.Connection[tuple[int]] = local.session
        return found

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = 502 if "broken" in faults else 200
            if status == 200 and self.path.startswith("/orders/"):
                code = self.path.rsplit("/", 1)[1]
                session().execute("SELECT id FROM orders WHERE code = %s", (code,)).fetchall()
            if status == 200 and self.path == "/report" and "slow" in faults:
                time.sleep(0.35)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: nginx keeps the log."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def load(url: str, count: int) -> None:
    """Ask for `/`, `/orders/N` and `/report` in turn, as four users."""

    def user(number: int) -> None:
        agent = {"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) user {number}"}
        for step in range(count // THREADS):
            path = ("/", f"/orders/{number * 100_000 + step}", "/report")[step % 3]
            try:
                urllib.request.urlopen(urllib.request.Request(url + path, headers=agent), timeout=20).read()
            except urllib.error.URLError:
                continue

    users = [threading.Thread(target=user, args=(number,)) for number in range(THREADS)]
    for each in users:
        each.start()
    for each in users:
        each.join()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        load(sys.argv[2], int(sys.argv[3]))
