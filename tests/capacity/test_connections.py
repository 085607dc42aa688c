"""The share of database connections stands in the plan, from a real server, and is held against what instances open."""

from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.capacity import draft_capacity_plan
from infra_maintainer.tools.kit import Kit
from tests.capacity.worlds import number
from tests.requirements_link import requirement
from tests.services.postgres import postgres

TOML = """
[[service]]
name = "shop"
instances = 3
[[scaling]]
service = "shop"
declared_on = 2026-05-04
sustains_per_instance = 60.0
maximum = 6
connections_per_instance = 20
[[database]]
name = "orders"
host = "127.0.0.1"
port = PORT
user = "postgres"
sslmode = "disable"
window_s = 0.2
"""


@requirement("capacity.current", "capacity.autoscaling")
def test_the_share_of_connections_is_in_the_plan() -> None:
    """A server that takes forty sessions: the plan says how many are used; psql is the oracle for the limit."""
    with postgres({"max_connections": "40", "superuser_reserved_connections": "3"}) as server:
        kit = Kit(parse_system(TOML.replace("PORT", str(server.port))), None)
        report = draft_capacity_plan(kit, kit.world(60.0), [])
        most = int(server.sql("show max_connections")) - int(server.sql("show superuser_reserved_connections"))
    assert number(report, "db.connections.limit", "database:orders") == most
    (finding,) = [each for each in report.findings if each.code == "autoscaling"]
    assert "the maximum opens 120 database connections, the database has 37" in finding.says
    said = " ".join(each.says for each in report.passes if each.code == "current")
    assert "database connections of orders" in said
