"""Redis, HAProxy and nginx as sources, against the real programs."""

import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.balancer import Balancer
from infra_maintainer.system.database import Cache
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services import web
from tests.services.haproxy import haproxy
from tests.services.nginx import nginx
from tests.services.redis import redis


def look(system: System) -> list[AnyEvidence]:
    """What the two sources say."""
    sources = tuple(each for each in all_sources() if each.name in ("redis", "balancer"))
    return gather(sources, Survey(LiveWorld(20), system))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)


def value(evidence: list[AnyEvidence], quantity: str, subject: str) -> object:
    """The one measured value."""
    (found,) = [e for e in evidence if isinstance(e, Measured) and (e.quantity, e.subject) == (quantity, subject)]
    return found.value


@requirement("performance.cache")
def test_a_cache_that_misses_and_evicts_is_found_and_its_calm_twin_is_not() -> None:
    """A quarter of the look-ups hit within the window, although thousands hit before it."""
    with redis("--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru") as server:
        server.cli("SET", "known", "1")
        for _ in range(20):
            server.cli("EVAL", "for i=1,500 do redis.call('GET','known') end", "0")
        stop = threading.Event()
        script = (
            "for i=1,400 do redis.call('GET',i%4==0 and 'known' or 'gone') redis.call('SET','k'..ARGV[1]..i,"
            "string.rep('x',900)) redis.call('GET','known2') end redis.call('SET','known','1')"
        )

        def work() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                server.cli("EVAL", script, "0", str(number))

        thread = threading.Thread(target=work)
        thread.start()
        try:
            busy = look(System(cache=[Cache(name="sessions", port=server.port, window_s=1.0)]))
        finally:
            stop.set()
            thread.join()
        quiet = look(System(cache=[Cache(name="sessions", port=server.port, window_s=0.2)]))
    assert float(str(value(busy, "cache.hits", "cache:sessions"))) < 40
    assert float(str(value(busy, "cache.evictions", "cache:sessions"))) > 100
    assert {"cache_hits", "cache_evictions", "cache_memory"} <= {f.code for f in judged(busy).findings}
    missing = [e for e in quiet if isinstance(e, Missing) and e.quantity == "cache.hits"]
    assert [e.why for e in missing] == ["no_data"]
    assert value(quiet, "cache.evictions", "cache:sessions") == 0


def test_a_failed_save_is_found(tmp_path: Path) -> None:
    """The folder of the dump goes away under a running server."""
    folder = tmp_path / "dump"
    folder.mkdir()
    with redis("--dir", str(folder)) as server:
        fine = look(System(cache=[Cache(name="carts", port=server.port, window_s=0.1)]))
        folder.rmdir()
        subprocess.run(["redis-cli", "-p", str(server.port), "BGSAVE"], check=True, capture_output=True)
        end = time.monotonic() + 10
        while "rdb_last_bgsave_status:err" not in server.cli("INFO", "persistence"):
            assert time.monotonic() < end
            time.sleep(0.05)
        broken = look(System(cache=[Cache(name="carts", port=server.port, window_s=0.1)]))
    assert value(fine, "cache.persistence.ok", "cache:carts") is True
    assert value(broken, "cache.persistence.ok", "cache:carts") is False
    assert "cache_persistence" in {f.code for f in judged(broken).findings}


def test_an_account_that_may_not_ask_is_denied_and_a_closed_port_unreachable(tmp_path: Path) -> None:
    """The password comes from a file; without it the server refuses, and nothing is zero."""
    (tmp_path / "password").write_text("s3cret\n")
    with redis("--requirepass", "s3cret") as server:
        refused = look(System(cache=[Cache(name="a", port=server.port, window_s=0.1)]))
        cache = Cache(name="a", port=server.port, window_s=0.1, password_file=str(tmp_path / "password"))
        let_in = look(System(cache=[cache]))
    gone = look(System(cache=[Cache(name="a", port=1)]))
    assert {e.why for e in refused if isinstance(e, Missing)} == {"denied"}
    assert {e.why for e in gone if isinstance(e, Missing)} == {"unreachable"}
    assert value(let_in, "cache.memory.limit", "cache:a") == 0
    assert not [e for e in refused if isinstance(e, Measured)]


@requirement("antipatterns.lb_hides_backends")
def test_a_backend_that_is_out_behind_a_green_front_is_found() -> None:
    """HAProxy still answers 200 from the one server that is left; with both up nothing is found."""
    with web.web(web.page) as url, haproxy([url.removeprefix("http://"), "127.0.0.1:1"]) as balancer:
        system = System(balancer=[Balancer(name="edge", haproxy_socket=str(balancer.socket))])
        end = time.monotonic() + 10
        while value(evidence := look(system), "balancer.backends.up", "backend:edge:app") != 50:
            assert time.monotonic() < end
    (finding,) = [f for f in judged(evidence).findings if f.code == "backends_down"]
    assert finding.severity == "high" and finding.subject == "backend:edge:app"
    quotes = [e.quote for e in evidence if isinstance(e, Measured) and e.quote]
    assert any("s2 DOWN" in quote for quote in quotes)
    with web.web(web.page) as url, haproxy([url.removeprefix("http://")] * 2) as balancer:
        system = System(balancer=[Balancer(name="edge", haproxy_socket=str(balancer.socket))])
        assert not [f for f in judged(look(system)).findings if f.code == "backends_down"]


def test_nginx_shows_connections_and_a_wrong_page_is_an_error() -> None:
    """stub_status is read from the real program; any other page is told as such."""
    with web.web(web.page) as url, nginx([url.removeprefix("http://")]) as front:
        good = look(System(balancer=[Balancer(name="web", nginx_url=f"{front.url}/nginx_status")]))
        wrong = look(System(balancer=[Balancer(name="web", nginx_url=f"{front.url}/")]))
    assert float(str(value(good, "balancer.sessions", "balancer:web"))) >= 1
    assert value(good, "balancer.dropped", "balancer:web") == 0
    assert {e.why for e in wrong if isinstance(e, Missing)} == {"error"}


def test_a_status_page_of_a_closed_port_says_that_nothing_listens() -> None:
    """What to do about it is not only to check the address."""
    known = look(System(balancer=[Balancer(name="web", nginx_url="http://127.0.0.1:1/nginx_status")]))
    gaps = [each for each in known if isinstance(each, Missing)]
    assert {each.why for each in gaps} == {"unreachable"}
    assert {each.how.partition(":")[0] for each in gaps} == {"nothing listens on port 1 of 127.0.0.1"}
    assert all("start it, or correct the address" in each.how for each in gaps)
