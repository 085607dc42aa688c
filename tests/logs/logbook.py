"""Small logs for tests, and an independent count of them in plain Python."""

import math
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.nginx import TIMED, nginx_format
from infra_maintainer.logs.summary import LogSummary, RouteStats, summarise

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
UPSTREAM_FORMAT = nginx_format(TIMED + " $upstream_status $upstream_addr")


class Hit(NamedTuple):
    """One request of a log."""

    path: str
    status: int = 200
    ms: int = 10
    client: str = "10.0.0.1"
    minute: int = 0
    agent: str = BROWSER
    tries: tuple[tuple[str, int], ...] = (("10.1.0.1:80", 200),)
    method: str = "GET"
    second: int = 7

    def line(self) -> str:
        """The hit as nginx writes it in UPSTREAM_FORMAT, without the newline."""
        statuses = ", ".join(str(status) for _, status in self.tries) or "-"
        addresses = ", ".join(address for address, _ in self.tries) or "-"
        each = self.ms / 1000 / max(1, len(self.tries))
        times = ", ".join(f"{each:.3f}" for _ in self.tries) or "-"
        day, minute = divmod(self.minute, 1440)
        at = f"{10 + day}/Nov/2026:{minute // 60:02d}:{minute % 60:02d}:{self.second:02d} +0000"
        return (
            f'{self.client} - - [{at}] "{self.method} {self.path} HTTP/1.1" {self.status} 512 "-" "{self.agent}" '
            f"{self.ms / 1000:.3f} {times} {statuses} {addresses}"
        )


def write(path: Path, hits: list[Hit]) -> Path:
    """Write a log and give its path back."""
    path.write_text("".join(hit.line() + "\n" for hit in hits))
    return path


def summary_of(*paths: Path, log_format: Format = UPSTREAM_FORMAT, block_bytes: int = 1 << 20) -> LogSummary:
    """Read and summarise."""
    with LogEngine(log_format, block_bytes) as engine:
        engine.read(list(paths))
        return summarise(engine, [str(path) for path in paths], assumed=False)


def route(summary: LogSummary, name: str) -> RouteStats:
    """The route of that name."""
    (found,) = [each for each in summary.routes if each.route == name]
    return found


def mixed_hits(count: int, seed: int = 1) -> list[Hit]:
    """A seeded mixture of routes, failures, retries and clients."""
    dice = random.Random(seed)
    hits: list[Hit] = []
    for number in range(count):
        path = dice.choice(("/", "/checkout", f"/api/orders/{number}", f"/search?q={number}"))
        ms = int(dice.lognormvariate(4, 1)) + 1
        alone = (f"10.1.0.{dice.randint(1, 3)}:80", 200)
        status = 200
        tries: tuple[tuple[str, int], ...] = (alone,)
        luck = dice.random()
        if luck < 0.03:
            status, tries = 500, ((alone[0], 500),)
        elif luck < 0.05:
            status, tries = 499, ()
        elif luck < 0.10:
            tries = (("10.1.0.9:80", 502), alone)
        hits.append(
            Hit(path, status, ms, f"10.0.{dice.randint(0, 3)}.{dice.randint(1, 200)}", number // 500, tries=tries)
        )
    return hits


def hits_of_every_kind() -> list[Hit]:
    """Users, their failures of every kind, programs, probes, static files, documents, paths that never were, routes."""
    alone, other = ("10.1.0.1:80", 200), ("10.1.0.9:80", 502)
    hits = mixed_hits(3000)
    hits += [Hit("/shop", 500 if n % 3 else 200, 900, "66.249.64.1", n // 4, GOOGLE) for n in range(40)]
    hits += [Hit("/healthz", agent=GOOGLE), Hit("/shop", agent="monitor-of-health/1.0 (+https://monitor.example)")]
    hits += [Hit("/shop", 200, 1, agent="kube-probe/1.29", minute=n) for n in range(30)]
    hits += [Hit("/api/healthz", 503 if n < 4 else 200, 1, minute=n, tries=()) for n in range(25)]
    hits += [Hit(f"/static/app-{n}.js?v=1", 404 if n < 3 else 200, 2) for n in range(20)]
    hits += [Hit(f"/invoices/{n}.pdf?dl=1", 500 if n < 3 else 200, 100) for n in range(12)]
    hits += [
        Hit(f"/{name}", ms=200) for name in ("export.csv", "all.zip", "feed.xml", "terms.TXT", "a.docx") for _ in "abc"
    ]
    hits += [Hit("/HEALTHZ", ms=7), Hit("/up/there", ms=7), Hit("/a.css/b", ms=7), Hit("/shop", agent="-")]
    hits += [Hit(f"/item/{n}-blue-hat%20{n}/of/2026-11-{n}") for n in range(10, 30)]
    hits += [Hit(f"/wp-{a}{b}.php", 404, 3, client="10.9.9.9") for a in "abcdefgh" for b in "abcdefghij"]
    hits += [Hit(f"/never/{status}-is-all", status, 3) for status in (400, 403, 405, 410, 414)]
    hits += [Hit("/gone", 404, 3), Hit("/gone", 200, 3, agent=GOOGLE)]  # it is there, if only for a program
    hits += [
        Hit("/pay", status, 50, client="10.0.0.7", method="POST", tries=()) for status in (500, 502, 504, 408, 444)
    ]
    hits += [Hit("/pay", status, 50, client="10.0.0.7", method="POST") for status in (500, 499, 200, 404)]
    hits += [Hit("/report", 504, 60_000 + n, minute=n) for n in range(10)]
    hits += [Hit("/report", 200, 61_000 + n, minute=n) for n in range(30)]
    hits += [Hit("/checkout", 200, ms, method="POST", tries=(other, alone)) for ms in (100, 101, 700, 701, 9000)]
    hits += [Hit("/checkout", 500, 9000, method="POST")]  # too late, and failed already
    hits += [Hit(f"/{a}{b}", ms=400) for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    hits += [Hit(text, 400, method="", agent="-", client="10.9.8.7", tries=()) for text in ("", r"\x16\x03\x01")]
    hits += [Hit("*", method="OPTIONS"), Hit("shop.example:443", 400, method="CONNECT"), Hit("/shop", 400)]
    hits += [Hit("/rare", ms=1), Hit("/rare", ms=800, method="PUT"), Hit("/it's\\", ms=701)]
    return hits


class Expected(NamedTuple):
    """What a plain count says of one route."""

    requests: int
    p50_us: int
    p95_us: int
    p99_us: int
    failed: int
    hidden: int
    clients_failed: int


def plain_count(hits: list[Hit]) -> dict[str, Expected]:
    """Count hits with nothing but dictionaries: nearest-rank percentiles, failures, hidden retries."""
    times: dict[str, list[int]] = defaultdict(list)
    failed: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    clients: dict[str, set[str]] = defaultdict(set)
    for hit in hits:
        words = [":id" if word.isdecimal() else word for word in hit.path.split("?")[0].split("/")]
        name = f"{hit.method} {'/'.join(words)}"
        times[name].append(hit.ms * 1000)
        if hit.status >= 499:
            failed[name] += 1
            clients[name].add(hit.client)
        elif len(hit.tries) > 1:
            hidden[name] += 1
    found: dict[str, Expected] = {}
    for name, values in times.items():
        values.sort()
        p50, p95, p99 = (values[math.ceil(len(values) * share / 100) - 1] for share in (50, 95, 99))
        found[name] = Expected(len(values), p50, p95, p99, failed[name], hidden[name], len(clients[name]))
    return found
