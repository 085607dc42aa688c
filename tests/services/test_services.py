"""The services that other tests stand on really start, answer and end."""

import time

from tests.services.postgres import postgres
from tests.services.program import answers
from tests.services.prometheus import openmetrics, prometheus, samples


def test_postgres_answers_and_is_gone_afterwards() -> None:
    """A server with a setting of ours answers through psql; after the block nothing listens on its port."""
    with postgres({"max_connections": "17"}) as server:
        assert server.sql("SHOW max_connections") == "17"
    assert not answers(server.port)


def test_prometheus_serves_backfilled_samples() -> None:
    """Ninety days of one series are queried back at a chosen time."""
    now = time.time() // 300 * 300
    points = [(now - 300 * step, float(step)) for step in range(90 * 288, 0, -1)]
    with prometheus(openmetrics(("depth", "gauge", samples("depth", {"queue": "mail"}, points)))) as server:
        assert "=> 12 @" in server.promtool('depth{queue="mail"}', now - 300 * 12)
        assert "=> 25920 @" in server.promtool("max_over_time(depth[91d])")
