"""The real ClickHouse engine (chdb, in process) behind the part of its HTTP interface that a bill needs."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb.session  # pyright: ignore[reportMissingTypeStubs]  # chdb ships no types


class ClickHouse:
    """One engine with one data folder; one query at a time, as the engine in this process allows."""

    def __init__(self, folder: Path) -> None:
        self._session: Any = chdb.session.Session(str(folder))  # type: ignore[no-untyped-call]  # chdb ships no types
        self._lock = threading.Lock()

    def query(self, sql: str, settings: dict[str, str] | None = None) -> str:
        """The answer as text. Raises RuntimeError with the engine's own words."""
        with self._lock:
            for name, value in (settings or {}).items():
                escaped = value.replace("\\", "\\\\").replace("'", "\\'")
                self._session.query(f"SET {name} = '{escaped}'")
            return str(self._session.query(sql))

    def close(self) -> None:
        """Stop the engine."""
        self._session.close()


KEPT = {"max_execution_time", "max_result_rows", "result_overflow_mode", "output_format_json_quote_64bit_integers"}


@contextmanager
def serve_clickhouse(engine: ClickHouse) -> Generator[str]:
    """The base URL of the engine's HTTP interface: GET with the statement, its values and settings."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            settings = dict(parse_qsl(urlsplit(self.path).query))
            body = settings.pop("query")
            wanted = {
                k: v
                for k, v in settings.items()
                if k.startswith("param_") or k in KEPT | {"prefer_column_name_to_alias"}
            }
            try:
                status, answer = 200, engine.query(body, wanted)
                json.loads(answer)
            except Exception as error:  # whatever the engine says is the client's to read, as the real server does
                status, answer = 404 if "UNKNOWN_TABLE" in str(error) else 500, f"Code: 0. {error}"
            payload = answer.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
