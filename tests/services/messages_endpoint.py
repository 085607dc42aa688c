"""A loopback Messages endpoint with a scripted model behind it, as any compatible base URL would answer.

A script is called with the request's JSON and gives a `Reply`, a number (an error status), or raises. It is not the
model's quality that is tested with it, but what becomes of whatever a model or its endpoint may do.
"""

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Request = dict[str, Any]
Block = dict[str, Any]


class Reply(NamedTuple):
    """One reply of the model: its blocks, why it stopped, the tokens it claims, and how the wire misbehaves."""

    blocks: list[Block]
    stop_reason: str | None = None
    input_tokens: int = 100
    output_tokens: int = 20
    wait_s: float = 0.0
    cut_after_events: int | None = None


Script = Callable[[Request], Reply | int]


def text(words: str) -> Block:
    """A text block."""
    return {"type": "text", "text": words}


def call(name: str, arguments: dict[str, Any], number: int = 1) -> Block:
    """A tool call."""
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


class Endpoint:
    """A running endpoint: its address and every request it was sent."""

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.gone = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # noqa: N802 - the standard library's name
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                request: Request = json.loads(body) if body else {}
                if "count_tokens" in self.path:
                    _json(self, 200, {"input_tokens": 1})
                    return
                endpoint.requests.append(request)
                _answer(self, request, script(request), endpoint.gone)

            def do_HEAD(self) -> None:  # noqa: N802 - the standard library's name
                _json(self, 200, {})

            do_GET = do_HEAD  # noqa: N815 - the standard library's name

            def log_message(self, format: str, *args: object) -> None:
                """Tests print what matters themselves."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop serving; replies that still wait end."""
        self.gone.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(script: Script) -> Generator[Endpoint]:
    """An endpoint for the length of a block."""
    endpoint = Endpoint(script)
    try:
        yield endpoint
    finally:
        endpoint.close()


def results_of(request: Request) -> list[Block]:
    """Every tool result that the request carries, in order."""
    found: list[Block] = []
    for message in request["messages"]:
        content = message["content"]
        if isinstance(content, list):
            found += [block for block in content if block.get("type") == "tool_result"]
    return found


def words_of(result: Block) -> str:
    """The text of a tool result."""
    content = result.get("content", "")
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in content)


def _answer(handler: BaseHTTPRequestHandler, request: Request, reply: Reply | int, gone: threading.Event) -> None:
    if isinstance(reply, int):
        kind = {529: "overloaded_error", 429: "rate_limit_error"}.get(reply, "api_error")
        _json(handler, reply, {"type": "error", "error": {"type": kind, "message": "scripted"}})
        return
    if reply.wait_s:
        gone.wait(reply.wait_s)
    if request.get("stream"):
        _stream(handler, request, reply)
    else:
        _json(handler, 200, _message(request, reply, reply.blocks))


def _stop(reply: Reply) -> str:
    return reply.stop_reason or ("tool_use" if any(b["type"] == "tool_use" for b in reply.blocks) else "end_turn")


def _message(request: Request, reply: Reply, blocks: list[Block]) -> dict[str, Any]:
    usage = {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens}
    return {
        "id": f"msg_{time.monotonic_ns()}", "type": "message", "role": "assistant", "model": request["model"],
        "content": blocks, "stop_reason": _stop(reply), "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _events(request: Request, reply: Reply) -> Iterator[dict[str, Any]]:
    start = _message(request, reply, [])
    start["stop_reason"] = None
    start["usage"]["output_tokens"] = 1
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(reply.blocks):
        if block["type"] == "text":
            yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
            deltas = [{"type": "text_delta", "text": part} for part in _halves(block["text"])]
        else:
            empty = {**block, "input": {}}
            yield {"type": "content_block_start", "index": index, "content_block": empty}
            raw = block.get("raw_json", json.dumps(block["input"]))
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in _halves(raw)]
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    usage = {"output_tokens": reply.output_tokens}
    yield {"type": "message_delta", "delta": {"stop_reason": _stop(reply), "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]


def _stream(handler: BaseHTTPRequestHandler, request: Request, reply: Reply) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()
    for number, event in enumerate(_events(request, reply)):
        if reply.cut_after_events is not None and number >= reply.cut_after_events:
            handler.wfile.flush()
            handler.close_connection = True
            handler.connection.close()
            return
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def _json(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data)
