"""probe_health over many hosts in one Prometheus: seconds and queries, for a hundred hosts and for a thousand.

    python bench/fleet.py [--quick] [--hosts 1000]

Backfills a real Prometheus (apt-get install prometheus) with generated node metrics, asks, and prints one JSON object
as its last line. The number of queries must not grow with the number of hosts.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), *(str(ROOT / folder) for folder in ("tools", "server"))]

from tests.services.prometheus import prometheus  # noqa: E402
from tests.tools.fleet import fleet  # noqa: E402

from infra_maintainer.evidence.model import Measured  # noqa: E402  # after the path is set
from infra_maintainer.report.brief import brief  # noqa: E402
from infra_maintainer.system.prometheus import Prometheus  # noqa: E402
from infra_maintainer.system.system import System  # noqa: E402
from infra_maintainer.tools.kit import Kit  # noqa: E402
from infra_maintainer.tools.run import run_job  # noqa: E402


def measure(hosts: int) -> dict[str, float]:
    """One report over that many hosts."""
    with prometheus(fleet(hosts, time.time() // 60 * 60)) as server:
        kit = Kit(System(prometheus=[Prometheus(name="main", url=server.url)]), None)
        begin = time.perf_counter()
        report = run_job("health", kit, kit.world(60), users_first=True)
        seconds = time.perf_counter() - begin
    queries = [e.value for e in report.evidence if isinstance(e, Measured) and e.quantity == "metrics.queries"]
    reply = len(brief(report).model_dump_json(exclude_none=True))
    return {"hosts": hosts, "seconds": round(seconds, 2), "queries": float(queries[0]), "reply_characters": reply}


def main() -> None:
    """Measure both sizes and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the same: it takes some seconds")
    parser.add_argument("--hosts", type=int, default=1000)
    hosts = parser.parse_args().hosts
    rows = [measure(100), measure(hosts)]
    print(f"{'hosts':>6} {'seconds':>8} {'queries':>8} {'reply':>8}")
    for row in rows:
        print(f"{row['hosts']:>6} {row['seconds']:>8} {row['queries']:>8.0f} {row['reply_characters']:>8}")
    print(json.dumps({"fleet": rows, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
