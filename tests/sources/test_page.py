"""Page timings from real users' beacons and from a real Chromium, and the budgets they are held to."""

import json
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.page import Page
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.needs import needs
from tests.requirements_link import requirement
from tests.services import web


def look(page: Page) -> list[AnyEvidence]:
    """What the source says of one page."""
    source = tuple(each for each in all_sources() if each.name == "page")
    return gather(source, Survey(LiveWorld(40), System(page=[page])))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)


@requirement("performance.budgets")
def test_each_budget_is_kept_missed_or_unknown_with_its_source(tmp_path: Path) -> None:
    """A thousand real users: load P95 of 2.9 s misses two seconds, navigation holds, nobody measured the API."""
    lines = [json.dumps({"load_ms": 900 + 2 * n, "navigation_ms": 200}) for n in range(1000)]
    lines += ["not json", json.dumps({"load_ms": -5}), json.dumps({"load_ms": 1e9}), json.dumps([1])]
    (tmp_path / "beacons.jsonl").write_text("\n".join(lines))
    evidence = look(Page(name="shop", beacons=str(tmp_path / "beacons.jsonl")))
    report = judged(evidence)
    findings = {f.code: f for f in report.findings}
    assert findings["budget_page_load"].severity == "medium"
    assert "of 2 s: 2.8 s (shop; real users): missed" in findings["budget_page_load"].says
    assert "budget_navigation" in {p.code for p in report.passes}
    unknown = {u.code: u for u in report.unknowns}
    assert unknown["budget_interactive"].why == "no_data" and "interactive_ms" in unknown["budget_interactive"].how
    assert {"budget_api", "budget_errors", "budget_availability"} <= set(unknown)
    refused = [e.value for e in evidence if isinstance(e, Measured) and e.quantity == "page.beacons.refused"]
    assert refused == [4]


def test_no_beacons_file_is_missing(tmp_path: Path) -> None:
    """A file that is not there is told as such and no budget passes."""
    evidence = look(Page(name="shop", beacons=str(tmp_path / "none")))
    assert len(evidence) == 3 and all(isinstance(e, Missing) for e in evidence)
    assert not [p for p in judged(evidence).passes if p.code.startswith("budget")]


@requirement("performance.real_users")
def test_a_chromium_here_measures_a_slow_page_and_is_labelled_synthetic() -> None:
    """An image that takes 0.4 s holds the load event and not the page's own bytes."""
    needs("chromium")

    def slow(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/late.png":
            time.sleep(0.4)
            web.page(handler, text="")
        else:
            web.page(handler, text="<html><img src=/late.png>ready</html>", Content_Type="text/html")

    with web.web(slow) as url:
        evidence = look(Page(name="shop", url=url + "/", loads=2))
    values = {(e.quantity, e.stat): e for e in evidence if isinstance(e, Measured)}
    load, whole = values["page.load", "p50"], values["page.navigation", "p50"]
    assert 400 <= float(load.value) < 5000 and float(whole.value) < float(load.value) - 300
    assert "(synthetic" in load.source and load.n == 2
    assert values["page.load", "p95"].flag == "few_samples"
    says = [p.says for p in judged(evidence).passes if p.code == "budget_page_load"]
    assert says and "; synthetic)" in says[0]
