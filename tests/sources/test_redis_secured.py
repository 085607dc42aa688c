"""Redis over TLS, through an ACL user, and with a replica: the real server, redis-cli as the oracle."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.database import Cache
from infra_maintainer.system.load import ConfigError, parse_system
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.security.tls_servers import Authority
from tests.services.program import free_port
from tests.services.redis import Redis, redis

PASSWORD = "correct-horse-battery"


def look(time_limit_s: float = 20, **settings: Any) -> list[AnyEvidence]:
    """What the source says of a cache that is declared so."""
    source = tuple(each for each in all_sources() if each.name == "redis")
    cache = Cache.model_validate({"name": "carts", "window_s": 0.1, **settings})
    return gather(source, Survey(LiveWorld(time_limit_s), System(cache=[cache])))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", datetime.now(UTC), users_first=False)


def why(evidence: list[AnyEvidence]) -> set[tuple[str, str]]:
    """Reasons and details of what is missing; nothing may be measured beside them."""
    assert not [e for e in evidence if isinstance(e, Measured)]
    return {(e.why, e.detail) for e in evidence if isinstance(e, Missing)}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def secured(authority: Authority) -> Iterator[int]:
    """The TLS port of a server that asks every client for a certificate, as Redis does by default."""
    port, leaf = free_port(), str(authority.leaf("server"))
    options = ("--tls-port", str(port), "--tls-cert-file", leaf, "--tls-key-file", leaf)
    with redis(*options, "--tls-ca-cert-file", str(authority.ca_file)):
        yield port


def test_over_tls_the_server_is_verified_and_each_obstacle_is_named(secured: int, authority: Authority) -> None:
    """There is no way to leave the verification out: a stranger's certificate or another name is an error."""
    ours = str(authority.leaf("monitor"))
    tls: dict[str, Any] = {"host": "localhost", "port": secured, "tls": True}
    both: dict[str, Any] = {"cert_file": ours, "key_file": ours}
    good = look(**tls, **both, ca_file=str(authority.ca_file))
    assert [e.value for e in good if isinstance(e, Measured) and e.quantity == "cache.memory.limit"] == [0]
    ((reason, detail),) = why(look(**tls, **both))
    assert reason == "error" and "not accepted" in detail
    ((reason, detail),) = why(look(**{**tls, "host": "127.0.0.1"}, **both, ca_file=str(authority.ca_file)))
    assert reason == "error" and "IP address mismatch" in detail
    ((reason, detail),) = why(look(**tls, ca_file=str(authority.ca_file)))
    assert reason == "denied" and "show no certificate" in detail
    plain = look(port=secured)
    assert {reason for reason, _ in why(plain)} == {"unreachable"}
    assert all("tls = true" in e.how for e in plain if isinstance(e, Missing))
    absent = look(**tls, cert_file="/absent.pem", key_file="/absent.pem", ca_file=str(authority.ca_file))
    assert {reason for reason, _ in why(absent)} == {"denied"}


def test_tls_spoken_to_a_plain_port_says_so(authority: Authority) -> None:
    """The commonest slip: the right server and the wrong port."""
    with redis() as server:
        settings: dict[str, Any] = {
            "host": "localhost",
            "port": server.port,
            "tls": True,
            "ca_file": str(authority.ca_file),
        }
        evidence = look(1.5, **settings)
    ((reason, detail),) = why(evidence)
    assert reason == "timeout" and "TLS greeting" in detail
    assert all("tls-port" in e.how for e in evidence if isinstance(e, Missing))


@requirement("security.least_privilege")
def test_a_user_that_may_only_ask_for_info_suffices_and_its_password_is_nowhere(tmp_path: Path) -> None:
    """The password is read from its file; a wrong one, and a user without the right, are denied."""
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(PASSWORD + "\n")
    wrong.write_text("another-secret-guess\n")
    with redis() as server:
        server.cli("ACL", "SETUSER", "monitor", "on", f">{PASSWORD}", "+info")
        server.cli("ACL", "SETUSER", "blind", "on", f">{PASSWORD}", "+ping")
        server.cli("ACL", "SETUSER", "default", "off")
        good = look(port=server.port, user="monitor", password_file=str(right))
        refused = [
            look(port=server.port, user="monitor", password_file=str(wrong)),
            look(port=server.port, user="blind", password_file=str(right)),
            look(port=server.port),
        ]
    assert {e.quantity for e in good if isinstance(e, Measured)} >= {"cache.memory.limit", "cache.evictions"}
    for evidence in refused:
        assert {reason for reason, _ in why(evidence)} == {"denied"}
    kept = "".join(e.model_dump_json() for e in [*good, *(each for evidence in refused for each in evidence)])
    assert PASSWORD not in kept and "another-secret" not in kept


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('user = "monitor"', "password_file"),
        ('ca_file = "/etc/ca.pem"', "tls = true"),
        ('tls = true\ncert_file = "/etc/me.pem"', "key_file"),
    ],
)
def test_settings_that_would_be_passed_over_in_silence_are_refused(settings: str, says: str) -> None:
    """A file with an authority and no `tls` would send the password in the clear, and nobody would know."""
    with pytest.raises(ConfigError, match=says):
        parse_system(f'[[cache]]\nname = "carts"\n{settings}\n')


def replica_of(master: Redis) -> tuple[str, ...]:
    """Options of a replica."""
    return (
        "--replicaof",
        f"127.0.0.1 {master.port}",
        "--enable-debug-command",
        "yes",
        "--repl-diskless-load",
        "disabled",
    )


def synced(master: Redis, replica: Redis) -> None:
    """Wait until the replica is connected and has acknowledged all that its master wrote."""
    end = time.monotonic() + 15
    while "master_link_status:up" not in replica.cli("INFO", "replication") or unacknowledged(master):
        assert time.monotonic() < end
        time.sleep(0.05)


def unacknowledged(master: Redis) -> int:
    """Bytes by the master's own words at this moment."""
    said = master.cli("INFO", "replication")
    return int(said.split("master_repl_offset:")[1].split()[0]) - int(said.split(",offset=")[1].split(",")[0])


@requirement("performance.cache", "monitoring.database_load")
def test_a_replica_that_stands_still_is_behind_by_bytes_and_one_under_load_is_not() -> None:
    """Under load some bytes are always on their way: only what stays unacknowledged over the window is lag."""
    with redis("--repl-diskless-sync-delay", "0") as master, redis(*replica_of(master)) as replica:
        synced(master, replica)
        write = "for i=1,2000 do redis.call('SET','k'..i,string.rep('x',900)) end"
        stop = threading.Event()

        def load() -> None:
            while not stop.is_set():
                master.cli("EVAL", write, "0")

        busy = threading.Thread(target=load)
        busy.start()
        try:
            working = look(port=master.port, window_s=1.6)
        finally:
            stop.set()
            busy.join()
        where = f"replica:carts:127.0.0.1:{replica.port}"
        assert value(working, "cache.replica.lag", where) == 0 and not cut_off_or_behind(working)
        assert value(working, "cache.replicas", "cache:carts") == 1
        sleeper = threading.Thread(target=replica.cli, args=("DEBUG", "SLEEP", "2.5"))
        sleeper.start()
        time.sleep(0.2)  # DEBUG SLEEP answers nothing before its end: there is no event to wait for
        master.cli("EVAL", write, "0")
        hasty = look(port=master.port)
        standing = look(port=master.port, window_s=1.6)
        still = unacknowledged(master)
        sleeper.join()
        assert value(standing, "cache.replica.lag", where) == still > 1_800_000
        assert [e.why for e in hasty if isinstance(e, Missing) and e.quantity == "cache.replica.lag"] == ["no_data"]
        assert cut_off_or_behind(standing) == {("cache_replica_behind", where, "medium")}
        synced(master, replica)
        assert not cut_off_or_behind(look(port=master.port))
        assert not cut_off_or_behind(look(port=replica.port))


@requirement("monitoring.database_load")
def test_a_replica_without_its_master_is_cut_off() -> None:
    """It goes on answering with what it has, and only its own words tell."""
    with ExitStack() as ends:
        master = ends.enter_context(redis("--repl-diskless-sync-delay", "0"))
        with redis(*replica_of(master)) as replica:
            synced(master, replica)
            replica.cli("CONFIG", "SET", "replica-serve-stale-data", "yes")
            ends.close()
            end = time.monotonic() + 10
            while "master_link_status:down" not in replica.cli("INFO", "replication"):
                assert time.monotonic() < end
                time.sleep(0.05)
            evidence = look(port=replica.port)
            assert cut_off_or_behind(evidence) == {("cache_replica_cut_off", "cache:carts", "high")}
            (finding,) = [f for f in judged(evidence).findings if f.code == "cache_replica_cut_off"]
            assert "master_link_status down" in finding.says


def value(evidence: list[AnyEvidence], quantity: str, subject: str) -> float:
    """The one measured value."""
    (found,) = [e for e in evidence if isinstance(e, Measured) and (e.quantity, e.subject) == (quantity, subject)]
    return float(found.value)


def cut_off_or_behind(evidence: list[AnyEvidence]) -> set[tuple[str, str, str]]:
    """What the check on replicas found."""
    return {(f.code, f.subject, f.severity) for f in judged(evidence).findings if f.code.startswith("cache_replica")}
