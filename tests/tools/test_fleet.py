"""A thousand hosts in one real Prometheus: few queries, the worst by name, a short reply."""

import re
import time

from infra_maintainer.evidence.model import Measured
from infra_maintainer.report.brief import LIMIT_CHARACTERS, brief
from infra_maintainer.report.text import render_text
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.prometheus import Prometheus
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.world import LiveWorld
from tests.services.prometheus import prometheus
from tests.tools.fleet import BUSY, FULL, fleet

HOSTS = 1000


def test_a_thousand_hosts_are_a_report_of_few_queries_and_few_lines() -> None:
    """The same number of queries as for ten hosts; eight busy and four full hosts counted, the worst five named."""
    with prometheus(fleet(HOSTS, time.time() // 60 * 60)) as server:
        system = System(prometheus=[Prometheus(name="main", url=server.url)])
        kit = Kit(system, None)
        begin = time.monotonic()
        report = run_job("health", kit, kit.world(30), users_first=True)
        seconds = time.monotonic() - begin
        source = tuple(each for each in all_sources() if each.name == "prometheus")
        alone = gather(source, Survey(LiveWorld(30), system))
    assert seconds < 15  # a guard against loops over hosts; bench/fleet.py measures
    findings = [f for f in report.findings if f.code == "fleet_saturated"]
    (busy,) = [f for f in findings if f"of {HOSTS} hosts are short of CPU" in f.says]
    (full,) = [f for f in findings if f"of {HOSTS} hosts have a file system nearly full" in f.says]
    assert busy.says.startswith(f"{BUSY} of") and full.says.startswith(f"{FULL} of")
    assert len(re.findall(r"host-\d+ 97 %", busy.says)) == 5 and len(re.findall(r"host-\d+ 91 %", full.says)) == 4
    (queries,) = [e.value for e in alone if isinstance(e, Measured) and e.quantity == "metrics.queries"]
    assert float(queries) <= 30 and len(alone) < 100
    short = brief(report)
    assert len(short.model_dump_json(exclude_none=True)) <= LIMIT_CHARACTERS
    assert any(f.code == "fleet_saturated" for f in short.findings)
    assert "host-" in render_text(short)
