"""A small exporter that speaks Prometheus's delimited protobuf form, the only one that carries native histograms.

with exporting(Series("latency_seconds", {"route": "/pay"}, seconds, native=True), moments) as (target, scrapes):
    ... scrape `target` once per moment: the n-th scrape answers with n times the observations, at the n-th moment
"""

import math
import struct
import threading
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.services import web

SCHEMA, WIDTHS = 3, 8  # 2^3 buckets per power of two: each is 9 % wide
CLASSIC = (0.05, 0.1, 0.25, 0.5, 1.0, math.inf)
_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


class Series(NamedTuple):
    """Observed seconds of one metric and label set, exported as a native or as a classic histogram."""

    name: str
    labels: Mapping[str, str]
    seconds: Sequence[float]
    native: bool


def bucket(seconds: float) -> int:
    """The index of the native bucket that holds a value: above base^(index-1), up to base^index."""
    return math.ceil(math.log2(seconds) * WIDTHS - 1e-9)


@contextmanager
def exporting(series: Series, moments: Sequence[float]) -> Generator[tuple[str, Callable[[], int]]]:
    """The target `host:port`, and how many scrapes there were. After the last moment the last answer is repeated."""
    scrapes = 0
    lock = threading.Lock()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal scrapes
        with lock:
            number = min(scrapes, len(moments) - 1)
            scrapes += 1
        body = _family(series.name, _metric(series, number + 1, moments[number]))
        handler.send_response(200)
        handler.send_header("Content-Type", _TYPE)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with web.web(answer) as url:
        yield url.removeprefix("http://"), lambda: scrapes


def _metric(series: Series, times: int, at: float) -> bytes:
    labels = b"".join(_message(1, _text(1, key) + _text(2, value)) for key, value in series.labels.items())
    total = _whole(1, len(series.seconds) * times) + _double(2, math.fsum(series.seconds) * times)
    shape = _native(series.seconds, times) if series.native else _classic(series.seconds, times)
    return labels + _message(7, total + shape) + _whole(6, round(at * 1000))


def _native(seconds: Sequence[float], times: int) -> bytes:
    counts = Counter(bucket(each) for each in seconds)
    first, last = min(counts), max(counts)
    absolute = [counts.get(index, 0) * times for index in range(first, last + 1)]
    deltas = [now - before for before, now in zip([0, *absolute], absolute, strict=False)]
    span = _whole(1, _zigzag(first)) + _whole(2, len(absolute))
    packed = b"".join(_varint(_zigzag(each)) for each in deltas)
    return _whole(5, _zigzag(SCHEMA)) + _double(6, 1e-9) + _whole(7, 0) + _message(12, span) + _message(13, packed)


def _classic(seconds: Sequence[float], times: int) -> bytes:
    return b"".join(
        _message(3, _whole(1, sum(each <= bound for each in seconds) * times) + _double(2, bound)) for bound in CLASSIC
    )


def _family(name: str, metric: bytes) -> bytes:
    histogram = 4
    body = _text(1, name) + _whole(3, histogram) + _message(4, metric)
    return _varint(len(body)) + body


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _whole(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _message(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())
