"""Recommendations of other tools go through the guards; OpenCost's figures are read as they are."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from infra_maintainer.assess.costs.advice import judge
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.estate.advised import read_advice
from infra_maintainer.sources.opencost import parse
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.costs import audit_costs
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import LiveWorld
from tests.costs.estate_fixture import ESTATE, evidence_of
from tests.requirements_link import requirement
from tests.worlds import measured

HUB = {"items": [{"resourceId": "vol-12", "actionType": "Delete", "estimatedMonthlySavings": 80.0}, {"note": "x"}]}
ADVISOR = 'Category,Resource ID,Recommendation,Potential Annual Cost Savings\nCost,/sub/disk-1,Delete disk,"1,200.50"\n'
GOOGLE = [{"recommenderSubtype": "STOP_VM", "targetResources": ["//compute/vm-1"], "description": "Stop it"}]


@pytest.mark.parametrize(
    ("text", "resource", "saving", "unread"),
    [
        (json.dumps(HUB), "vol-12", 80.0, 1),
        (ADVISOR, "/sub/disk-1", 1200.5, 0),
        (json.dumps(GOOGLE), "//compute/vm-1", None, 0),
    ],
    ids=["cost optimization hub", "azure advisor", "google recommender"],
)
def test_each_tool_s_file_is_read(text: str, resource: str, saving: float | None, unread: int) -> None:
    """One entry each; an entry without a resource is counted, not lost."""
    (entry,), left = read_advice(text)
    assert (entry.resource_id, entry.saving, left) == (resource, saving, unread)


def test_another_format_is_refused() -> None:
    """A page of prose."""
    with pytest.raises(ValueError, match="neither"):
        read_advice("Dear customer,\nplease delete everything.")


@requirement("costs.refuse_redundancy")
def test_advice_is_refused_where_a_guard_hits_and_agreed_where_the_estate_proves_it() -> None:
    """A cluster's volume, a proven one, and one that nobody knows."""
    rows = [each for each in ESTATE if each.name in ("vol-12", "vol-01")]
    claims = [measured("advice.saving", 80.0, subject=f"resource:{name}") for name in ("vol-12", "vol-01", "vol-404")]
    outcomes = {each.subject: each for each in judge(Facts([*evidence_of(rows), *claims]), Policy())}
    assert outcomes["resource:vol-12"].code == "advice_refused"
    assert "cluster's workload" in outcomes["resource:vol-12"].says
    assert outcomes["resource:vol-01"].code == "advice_agreed"
    assert outcomes["resource:vol-404"].code == "advice_unproven"


ALLOCATION = {
    "code": 200,
    "data": [
        {
            "__idle__": {"totalCost": 40.0, "totalEfficiency": 0},
            "shop": {"totalCost": 50.0, "totalEfficiency": 0.6},
            "kube-system": {"totalCost": 10.0, "totalEfficiency": 0.2},
        }
    ],
}


@pytest.fixture
def opencost() -> Iterator[str]:
    """An HTTP server that answers as OpenCost 1.1 documents /allocation."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(ALLOCATION).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_cluster_s_cost_and_idle_share_are_read(opencost: str, tmp_path: Path) -> None:
    """40 of 100 idle; the advice file beside it is named by the same run."""
    advice = tmp_path / "hub.json"
    advice.write_text(json.dumps(HUB))
    text = f'[[opencost]]\nurl = "{opencost}"\ncurrency = "EUR"\n[[recommendation]]\npath = "{advice}"\n'
    report = audit_costs(Kit(parse_system(text), None), LiveWorld(30))
    values = {(each.quantity, each.subject): each for each in report.evidence if each.kind != "missing"}
    assert values[("cluster.cost", "cluster:main")].value == 100.0
    assert values[("cluster.cost", "cluster:main")].unit == "EUR"
    assert values[("cluster.idle", "cluster:main")].value == 40.0
    assert values[("cluster.namespace.efficiency", "namespace:main/shop")].value == 60.0
    assert values[("advice.count", "advice:0")].value == 1


@pytest.mark.parametrize("body", ["", "{}", '{"data": [null]}', '{"data": [{"a": {}}]}'])
def test_an_answer_that_is_no_allocation_is_an_error_and_not_zero(body: str) -> None:
    """Nothing, another shape, an empty window."""
    with pytest.raises(WorldError):
        parse(body)
