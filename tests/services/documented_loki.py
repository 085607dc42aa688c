"""A server that answers our LogQL as Loki's documentation says, over lines given by a test. It is not Loki.

Only what our queries use is understood, anything else is answered 400 as Loki does, in plain text. Regular expressions
run on RE2 (DuckDB's), the family of Go's, so that a pattern of ours that only Python understands fails here too.
"""

import json
import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import duckdb

from tests.services import web

Labels = dict[str, str]
Entry = tuple[float, str]
_PIECE = re.compile(r'`[^`]*`|"(?:[^"\\]|\\.)*"|[^`"]')


Key = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """A line that is left at the end of a pipeline: its labels, and its number when one was unwrapped."""

    labels: Labels
    value: float


class Loki(NamedTuple):
    """The address, and every query that came."""

    url: str
    asked: list[str]


@contextmanager
def documented_loki(
    entries: list[Entry], tenant: str = "", most_series: int = 500, refused: str = ""
) -> Generator[Loki]:
    """Answer over (epoch seconds, line) of the one stream {job="nginx"}; no query that holds `refused`."""
    asked: list[str] = []
    brain = _Brain(entries, most_series)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        words = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if tenant and handler.headers["X-Scope-OrgID"] != tenant:
            web.page(handler, 401, "no org id")
            return
        asked.append(words["query"])
        if refused and refused in words["query"]:
            web.page(handler, 400, "refused")
            return
        try:
            if parts.path.endswith("/query"):
                at = int(words["time"]) / 1e9
                result = [
                    {"metric": dict(labels), "value": [at, repr(value)]}
                    for labels, value in brain.vector(words["query"], at).items()
                ]
                kind = "vector"
            else:
                begin, end, step = int(words["start"]) / 1e9, int(words["end"]) / 1e9, float(words["step"])
                values: dict[Key, list[list[object]]] = defaultdict(list)
                for number in range(int((end - begin) / step) + 1):
                    for labels, value in brain.vector(words["query"], begin + number * step).items():
                        values[labels].append([begin + number * step, repr(value)])
                result = [{"metric": dict(labels), "values": each} for labels, each in values.items()]
                kind = "matrix"
        except ValueError as error:
            web.page(handler, 400, str(error))
            return
        web.page(handler, text=json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}))

    with web.web(answer) as url:
        yield Loki(url, asked)


class _Brain:
    def __init__(self, entries: list[Entry], most_series: int) -> None:
        self._lines, self._most = sorted(entries), most_series
        self._times = [at for at, _ in self._lines]
        self._known: dict[str, list[Sample | None]] = {}

    def vector(self, query: str, at: float) -> dict[Key, float]:
        """Every series of an instant query, by its sorted labels."""
        return {tuple(sorted(labels.items())): value for labels, value in self._aggregate(query.strip(), at)}

    def _aggregate(self, query: str, at: float) -> list[tuple[Labels, float]]:
        head = re.match(r"(sum|max|count|topk)\s*(?:by \(([^)]*)\))?\s*\(", query)
        if head is None:
            return self._over_time(query, at)
        inner = query[head.end() : -1]
        most, inner = inner.split(",", 1) if head[1] == "topk" else ("0", inner)
        by = head[2] or ""
        # A server groups while it reads: what is not asked for by `by` makes no series of its own.
        series = self._over_time(inner, at, by) if "_over_time(" in inner[:20] else self._aggregate(inner.strip(), at)
        if head[1] == "topk":
            return sorted(series, key=lambda each: -each[1])[: int(most)]
        if head[1] == "count":
            return [({}, float(len(series)))] if series else []
        groups: dict[Key, list[float]] = defaultdict(list)
        for labels, value in series:
            groups[_only(labels, by)].append(value)
        return [(dict(key), max(values) if head[1] == "max" else sum(values)) for key, values in groups.items()]

    def _over_time(self, query: str, at: float, outer: str = "") -> list[tuple[Labels, float]]:
        shape = re.fullmatch(
            r"\s*(count|sum|quantile)_over_time\((?:([0-9.]+), )?(.*) \[(\d+)([sm])\]\)(?: by \(([^)]*)\))?\s*", query
        )
        if shape is None:
            raise ValueError(f"parse error : syntax error in {query}")
        name, share, pipeline, length, unit, by = shape.groups()
        begin = at - int(length) * (60 if unit == "m" else 1)
        samples = self._samples(pipeline)
        groups: dict[Key, list[float]] = defaultdict(list)
        for number in range(bisect_right(self._times, begin), bisect_right(self._times, at)):
            if (sample := samples[number]) is not None:
                groups[_only(sample.labels, outer if by is None else by)].append(sample.value)
        if len(groups) > self._most:
            raise ValueError(f"maximum of series ({self._most}) reached for a single query")
        found: list[tuple[Labels, float]] = []
        for key, values in groups.items():
            value = {"count": len(values), "sum": math.fsum(values)}.get(name, _interpolated(values, float(share or 0)))
            found.append((dict(key), float(value)))
        return found

    def _samples(self, pipeline: str) -> list[Sample | None]:
        if pipeline not in self._known:
            selector, *stages = _stages(pipeline)
            chosen = [Sample({"job": "nginx"}, 1.0) if selector == '{job="nginx"}' else None for _ in self._lines]
            for stage in stages:
                chosen = self._stage(stage, chosen)
            self._known[pipeline] = chosen
        return self._known[pipeline]

    def _stage(self, stage: str, samples: list[Sample | None]) -> list[Sample | None]:
        word, _, rest = stage.partition(" ")
        if word == "regexp":
            found = _extracted(rest.strip("`"), tuple(line for _, line in self._lines))
            return [
                each and each._replace(labels=each.labels | labels) for each, labels in zip(samples, found, strict=True)
            ]
        if word == "json":
            wanted = re.findall(r"(\w+)=`([^`]*)`", rest)
            found = [_members(line, wanted) for _, line in self._lines]
            return [
                each and each._replace(labels=each.labels | labels) for each, labels in zip(samples, found, strict=True)
            ]
        if word == "label_format":
            name, template = rest.strip().split("=", 1)
            return [
                each and each._replace(labels=each.labels | {name: _rendered(template.strip("`"), each.labels)})
                for each in samples
            ]
        if word == "unwrap":
            return [each and each._replace(value=float(each.labels[rest.strip()])) for each in samples]
        tests = [_test(each) for each in re.split(r" or (?=im_)", stage)]
        return [each if each and any(test(each.labels) for test in tests) else None for each in samples]


def _test(text: str) -> Callable[[Labels], bool]:
    """A label filter."""
    if (number := re.fullmatch(r"(\w+) ?> ?([0-9.]+)", text.strip())) is not None:
        name, least = number[1], float(number[2])
        return lambda labels: float(labels[name]) > least
    if (test := re.fullmatch(r'(\w+) ?(=|!=|=~|!~) ?(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)', text.strip())) is None:
        raise ValueError(f"parse error : unexpected {text}")
    label, sign, quoted, raw = test.groups()
    return lambda labels: _passes(labels.get(label, ""), sign, raw if quoted is None else quoted)


def _stages(pipeline: str) -> list[str]:
    """The selector and each stage, cut at the pipes that stand outside quotes."""
    found = [""]
    for piece in _PIECE.findall(pipeline):
        if piece == "|":
            found.append("")
        else:
            found[-1] += piece
    return [each.strip() for each in found]


def _only(labels: Labels, by: str) -> Key:
    names = {each.strip() for each in by.split(",")}
    return tuple(sorted((name, value) for name, value in labels.items() if name in names and value))


def _interpolated(values: list[float], share: float) -> float:
    """The documented quantile: between the two neighbours of its rank."""
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low, high = math.floor(rank), math.ceil(rank)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


@cache
def _extracted(pattern: str, lines: tuple[str, ...]) -> list[Labels]:
    """The named groups of each line that fits, nothing of one that does not."""
    names = re.findall(r"\(\?P<(\w+)>", pattern)
    with duckdb.connect(":memory:") as engine:
        engine.execute("CREATE TABLE lines AS SELECT unnest($1::VARCHAR[]) AS line", [list(lines)])
        listed = ", ".join(f"'{each}'" for each in names)
        quoted = pattern.replace("'", "''")
        rows = engine.execute(f"SELECT regexp_extract(line, '{quoted}', [{listed}]) FROM lines").fetchall()
    return [{name: text for name, text in row[0].items() if text} for row in rows]


def _members(line: str, wanted: list[tuple[str, str]]) -> Labels:
    try:
        whole = json.loads(line)
    except ValueError:
        return {"__error__": "JSONParserErr"}
    found: Labels = {}
    for name, path in wanted:
        value = whole
        for quoted, place, bare in re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[]+)', path):
            if place:
                value = value[int(place)] if isinstance(value, list) and int(place) < len(value) else None
            else:
                value = value.get(quoted or bare) if isinstance(value, dict) else None
        if isinstance(value, str | int | float):
            found[name] = value if isinstance(value, str) else json.dumps(value)
    return found


@cache
def _re2(function: str, text: str, pattern: str, by: str = "") -> object:
    more = {"regexp_full_match": [], "regexp_replace": [by, "g"]}[function]
    marks = ", ".join("?" for _ in (text, pattern, *more))
    row = duckdb.execute(f"SELECT {function}({marks})", [text, pattern, *more]).fetchone()
    assert row is not None
    return row[0]


def _passes(value: str, sign: str, wanted: str) -> bool:
    if sign in ("=", "!="):
        return (value == wanted) == (sign == "=")
    return bool(_re2("regexp_full_match", value, wanted)) == (sign == "=~")


def _rendered(template: str, labels: Labels) -> str:
    """A Go template of one action of nested calls, or plain text."""
    if not template.startswith("{{"):
        return template
    words = re.findall(r'\(|\)|"(?:[^"\\]|\\.)*"|[.\w]+', template[2:-2])

    def call(at: int) -> tuple[str, int]:
        name, values, at = words[at], list[str](), at + 1
        while at < len(words) and words[at] != ")":
            if words[at] == "(":
                value, at = call(at + 1)
            elif words[at].startswith("."):
                value = labels.get(words[at][1:], "")
            else:
                value = json.loads(words[at])
            values.append(value)
            at += 1
        if name == "print":
            return "".join(values), at
        pattern, text, by = values
        return str(_re2("regexp_replace", text, pattern, by)), at

    return call(0)[0]
