"""Access logs: this reader against GoAccess with only its requests panel, on the same file in the same run.

    python bench/logs.py [--quick] [--gigabytes 1] [--file access.log] [--repeat 3]

Makes its log (nginx combined with request and upstream times; ids in paths, query strings, retries, time-outs, bots)
with DuckDB's generator and a fixed seed, reads it with both in turn, checks our figures against a plain Python count of
the same lines, and prints one JSON object as its last line: the fastest of the repeats for everybody, and the ratio of
each pair. Ours is timed from the first import of a reading library to the last figure, and as a whole process. Memory
is that of all our processes together (shared pages once), sampled in a run that is not timed. GoAccess: apt-get install
goaccess.
"""

import argparse
import json
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("tools", "server")]

LINE_BYTES = 262
PANELS = (
    "VISITORS REQUESTS_STATIC NOT_FOUND HOSTS OS BROWSERS VISIT_TIMES VIRTUAL_HOSTS REFERRERS REFERRING_SITES "
    "KEYPHRASES STATUS_CODES REMOTE_USER CACHE_STATUS GEO_LOCATION MIME_TYPE TLS_TYPE"
).split()

_GENERATE = r"""
COPY (
  WITH raw AS (
    SELECT i, hash(i) % 1000003 AS a, hash(i + 7) % 1000003 AS b, hash(i * 3 + 1) % 1000003 AS c, hash(i * 5 + 2) AS d,
      (hash(i * 11 + 5) % 60000)::BIGINT AS e
    FROM range({lines}) t(i)
  ), drawn AS (
    SELECT *, greatest(1, round(exp(3.9 + 0.9 * sqrt(-2 * ln((b + 1) / 1000004.0)) * cos(2 * pi() * c / 1000003.0)))) AS ms
    FROM raw
  ), told AS (
    SELECT *,
      CASE WHEN a < 140000 THEN '/' WHEN a < 180000 THEN '/checkout' WHEN a < 330000 THEN '/api/orders/' || (d % 900000)
           WHEN a < 450000 THEN '/api/users/' || (d % 400000) || '/cart' WHEN a < 560000 THEN '/search?q=word' || (d % 700000)
           WHEN a < 700000 THEN '/static/app.' || (d % 40) || '.js' WHEN a < 970000 THEN '/product/' || (d % 60000) || '?ref=' || (b % 997)
           ELSE '/healthz' END AS path,
      CASE WHEN c < 12000 THEN 500 + (d % 4)::INT WHEN c < 14000 THEN 504 WHEN c < 16500 THEN 499 WHEN c < 26000 THEN 404 ELSE 200 END AS status,
      c BETWEEN 100000 AND 125000 AS retried
    FROM drawn
  )
  SELECT concat(
    1 + (e % 223), '.', (e * 7) % 256, '.', e // 250, '.', e % 250, ' - - [',
    strftime(TIMESTAMP '2026-11-10 00:00:00' + to_seconds(i // 120), '%d/%b/%Y:%H:%M:%S'), ' +0000] "GET ', path,
    ' HTTP/1.1" ', status, ' ', b % 20000, ' "https://shop.example/', CASE WHEN a % 3 = 0 THEN 'product/' || (b % 5000) ELSE '' END, '" "',
    CASE WHEN a >= 970000 THEN 'kube-probe/1.29' WHEN b % 50 = 0 THEN 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
         WHEN b % 3 = 0 THEN 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_' || (c % 6) || ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
         ELSE 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1' || (20 + c % 9) || '.0.0.0 Safari/537.36' END,
    '" ', CASE WHEN status = 504 THEN printf('%d.%03d', 60, (b % 12)::INT) ELSE printf('%d.%03d', (ms / 1000)::INT, (ms::INT % 1000)) END, ' ',
    CASE WHEN a BETWEEN 560000 AND 700000 THEN '- - -'
         WHEN status = 499 THEN printf('- - 10.0.0.%d:8080', (1 + d % 4)::INT)
         WHEN retried AND status = 200 THEN printf('0.00%d, %d.%03d 502, 200 10.0.0.%d:8080, 10.0.0.%d:8080', (b % 9)::INT, (ms / 1000)::INT, (ms::INT % 1000), (1 + d % 4)::INT, (1 + (d >> 3) % 4)::INT)
         ELSE printf('%d.%03d %d 10.0.0.%d:8080', (ms / 1000)::INT, (ms::INT % 1000), status, (1 + d % 4)::INT) END
  ) FROM told ORDER BY i
) TO '{path}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '{delimiter}')
"""  # noqa: E501


def generate(path: Path, lines: int) -> None:
    """Write the log: the same lines for the same number, on any machine."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{path.parent}'")
        connection.execute(
            _GENERATE.replace("{lines}", str(lines)).replace("{path}", str(path)).replace("{delimiter}", "\x01")
        )


def ours(path: Path) -> dict[str, Any]:
    """Read it in a process of its own, with the seconds and CPU seconds of that and all that it starts."""
    argv = [sys.executable, __file__, "--read", str(path)]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=900)
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    found: dict[str, Any] = json.loads(done.stdout)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found | {"process_s": seconds, "cpu_s": cpu_s}


def peak_mb(path: Path) -> float:
    """The most memory that our processes hold together while they read, looked at every 10 ms."""
    argv = [sys.executable, __file__, "--read", str(path)]
    most = 0.0
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None:
            most = max(most, sum(map(_held_mb, _family(child.pid))))
            time.sleep(0.01)
    return most


def _family(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            found += [each for child in children.read_text().split() for each in _family(int(child))]
    return found


def _held_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0]) / 1024
    except (OSError, IndexError):  # it has ended
        return 0.0


def read(path: Path) -> None:
    """The child: one summary and what it took."""
    from infra_maintainer.logs.engine import LogEngine
    from infra_maintainer.logs.nginx import TIMED, nginx_format
    from infra_maintainer.logs.summary import summarise

    begin = time.perf_counter()
    with LogEngine(nginx_format(TIMED + " $upstream_status $upstream_addr", "nginx timed")) as engine:
        lines = engine.read([path])
        summary = summarise(engine, [str(path)], assumed=False)
    seconds = time.perf_counter() - begin
    assert summary.users is not None
    print(json.dumps({
        "seconds": seconds, "lines": lines.lines, "parsed": lines.parsed,
        "refused": sum(lines.refused.values()), "unfinished": lines.unfinished, "clients": summary.clients,
        "clients_failed": summary.clients_failed, "hidden_retries": summary.users.hidden_retries,
        "routes": {r.route: [r.requests, r.p50_us, r.p95_us, r.p99_us, r.failed] for r in summary.routes},
    }))  # fmt: skip


def goaccess(path: Path) -> tuple[float, float] | None:
    """Seconds and CPU seconds of GoAccess on the same file; None where it is not installed."""
    program = shutil.which("goaccess")
    if program is None:
        print("GoAccess is absent: apt-get install goaccess", file=sys.stderr)
        return None
    argv = [
        program, str(path), '--log-format=%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %T %^', "--date-format=%d/%b/%Y",
        "--time-format=%T", "--no-progress", "--no-global-config", "-o", str(path.with_suffix(".json")),
        *(f"--ignore-panel={panel}" for panel in PANELS),
    ]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=1800)
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_ID = re.compile(r"/[0-9]+(?=/|$)")


def plain_count(path: Path) -> dict[str, object]:
    """An independent count in plain Python: per user route requests, exact percentiles (us) and failures; clients of
    user agents, those that met a failure, and requests of users that a retry saved."""
    clients: set[str] = set()
    clients_failed: set[str] = set()
    hidden_retries = 0
    times: dict[str, Counter[int]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            head, request, middle, _, _, agent, tail = line.split('"')
            if "Googlebot" in agent or "kube-probe" in agent:
                continue
            fails = int(middle.split(" ")[1]) in (499, 500, 501, 502, 503, 504)
            client = head.split(" ")[0]
            clients.add(client)
            if fails:
                clients_failed.add(client)
            method, target, _ = request.split(" ")
            route = f"{method} {_ID.sub('/:id', target.split('?')[0])}"
            if route.endswith(".js"):
                continue
            times[route][int(tail.split(" ")[1].replace(".", "")) * 1000] += 1
            failed[route] += fails
            hidden_retries += not fails and ", " in tail
    found: dict[str, list[int]] = {}
    for route, counts in times.items():
        total = sum(counts.values())
        ranks, seen = [math.ceil(total * share / 100) for share in (50, 95, 99)], 0
        values: list[int] = []
        for value in sorted(counts):
            seen += counts[value]
            while ranks and seen >= ranks[0]:
                values.append(value)
                ranks.pop(0)
        found[route] = [total, *values, failed[route]]
    return {
        "routes": found, "clients": len(clients), "clients_failed": len(clients_failed),
        "hidden_retries": hidden_retries,
    }  # fmt: skip


def main() -> None:
    """Make, read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="0.1 GB")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--file", type=Path, help="keep the generated log here, or read the one that is there")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path: Path = arguments.file or Path(scratch) / "access.log"
        if not path.exists():
            generate(path, int((0.1 if arguments.quick else arguments.gigabytes) * 1e9 / LINE_BYTES))
        size = path.stat().st_size
        subprocess.run(["cat", str(path)], stdout=subprocess.DEVNULL, check=True)  # both find it in the page cache
        pairs = [(ours(path), goaccess(path)) for _ in range(arguments.repeat)]
        peak = peak_mb(path)
        begin = time.perf_counter()
        expected = plain_count(path)
        plain_s = time.perf_counter() - begin
    mine = min((mine for mine, _ in pairs), key=lambda each: each["seconds"])
    theirs = min((theirs for _, theirs in pairs if theirs), default=None)
    wrong = [name for name in expected if mine[name] != expected[name]]
    whole = mine["lines"] == mine["parsed"] + mine["refused"] + mine["unfinished"]
    result = {
        "bytes": size, **{name: mine[name] for name in ("lines", "parsed", "refused", "unfinished")},
        **{name: round(mine[name], 3) for name in ("seconds", "process_s", "cpu_s")}, "peak_mb": round(peak, 1),
        "goaccess_s": theirs and round(theirs[0], 3), "goaccess_cpu_s": theirs and round(theirs[1], 3),
        "speedup": theirs and round(theirs[0] / mine["seconds"], 1),
        "process_speedup": theirs and round(theirs[0] / mine["process_s"], 1),
        "cpu_ratio": theirs and round(theirs[1] / mine["cpu_s"], 1),
        "speedups": [round(other[0] / own["seconds"], 1) for own, other in pairs if other],
        "plain_python_s": round(plain_s, 2), "equal_to_plain_count": not wrong,
        "differ": wrong, "clients": mine["clients"], "clients_failed": mine["clients_failed"],
        "hidden_retries": mine["hidden_retries"], "lines_add_up": whole, "load": os.getloadavg()[0],
    }  # fmt: skip
    print(f"{size / 1e6:.0f} MB, {mine['lines']} lines; load average {os.getloadavg()[0]:.1f}")
    print(f"infra-maintainer  {result['seconds']:>8} s  {result['cpu_s']:>8} s CPU  {result['peak_mb']:>8} MB peak")
    print(f"GoAccess          {result['goaccess_s']!s:>8} s  {result['goaccess_cpu_s']!s:>8} s CPU")
    print(f"plain Python      {result['plain_python_s']:>8} s")
    for name, value in expected.items():
        routes = name == "routes"
        shown = f"{len(mine[name])} routes with counts, percentiles, failures" if routes else mine[name]
        print(f"{name}: {shown} {'equal to the plain count' if name not in wrong else f'differ from {value}'}")
    print(f"lines = parsed + refused + unfinished: {whole}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
