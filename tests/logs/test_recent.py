"""Wanted routes are counted in the last minutes of a log, whoever reads it."""

from pathlib import Path

import pytest

from infra_maintainer.logs import engine as engine_module
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.summary import Recent, summarise
from infra_maintainer.logs.wanted import Wanted
from tests.logs.logbook import UPSTREAM_FORMAT, Hit, mixed_hits, write

WANTED = Wanted(["/checkout", "GET /api/orders/:id", "GET /gone"], [50_000, 200_000], [2, 9])


@pytest.mark.parametrize("worth_a_process", [0, 1 << 40])
def test_the_last_minutes_of_wanted_routes_agree_with_a_plain_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth_a_process: int
) -> None:
    """By processes and by one reader; a path stands for any method, a rare protocol is none, 404 alone is no route."""
    monkeypatch.setattr(engine_module, "_WORTH_A_PROCESS_BYTES", worth_a_process)
    hits = [*mixed_hits(6_000), *(Hit("/checkout", 500, 90, minute=n % 12, method="POST") for n in range(48))]
    hits += [Hit("/gone", 404, minute=11), Hit("/checkout", 500, minute=11, agent="Googlebot/2.1")]
    path = write(tmp_path / "a.log", hits)
    path.write_text(path.read_text().replace("GET /checkout HTTP/1.1", "GET /checkout HTTP/1.7", 200))
    with LogEngine(UPSTREAM_FORMAT, 40_000, WANTED) as engine:
        engine.read([path])
        found = summarise(engine, ["log"], assumed=False).recent
    assert found is not None

    def counted(route: str, window: int) -> Recent:
        method, _, name = route.partition(" ")
        inside = [
            hit
            for hit in hits
            if hit.minute > 11 - window and hit.method == method and "bot" not in hit.agent
            if hit.path.startswith(name.removesuffix(":id"))
        ]
        bad = [hit.status >= 499 for hit in inside]
        late = {
            limit: sum(hit.ms * 1000 > limit and not failed for hit, failed in zip(inside, bad, strict=True))
            for limit in WANTED.limits_us
        }
        return Recent(route=route, window_min=window, requests=len(inside), failed=sum(bad), late=late)

    routes = ("GET /api/orders/:id", "GET /checkout", "POST /checkout")
    assert found == [counted(route, window) for route in routes for window in WANTED.windows_min]
    assert all(each.failed and each.requests > each.failed for each in found if each.route != "POST /checkout")


def test_nothing_is_counted_by_minute_unasked(tmp_path: Path) -> None:
    """None is "nobody counted"; an empty list would be "no request"."""
    with LogEngine(UPSTREAM_FORMAT, wanted=WANTED._replace(windows_min=())) as engine:
        engine.read([write(tmp_path / "a.log", mixed_hits(100))])
        assert summarise(engine, ["log"], assumed=False).recent is None
