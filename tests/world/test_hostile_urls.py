"""Addresses that must never be reached, however they are written, and names that change their mind."""

import socket
import threading
from collections.abc import Callable

import pytest

from infra_maintainer.world.clock import Deadline
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.http import LiveHttp
from infra_maintainer.world.tls import TlsAsk, measure_tls
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.security.tls_servers import serving

HOSTILE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:4136:e378:8000:63bf:5601:5601]/",
    "http://[fe80::5efe:a9fe:a9fe]/",
    "http://[2001:db8::5efe:a9fe:a9fe]/",
    "http://[fd00:ec2::254]/",
    "http://[fd20:ce::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://169.254.170.2/v2/credentials",
    "http://169.254.1.1/",
    "http://[fe80::1]/",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::]/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata/",
    "http://instance-data/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://127.0.0.1/",
    "http://user:pw@127.0.0.1/",
    "http://public.example@169.254.169.254/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1\\@169.254.169.254/",
    "http://127.0.0.1%0d%0aHost:%20evil/",
    "http://127.0.0.1/\r\nX-Evil: 1",
    "http:// 127.0.0.1/",
    "http://" + "a" * 3000 + ".example/",
    "http:///nohost",
    "//127.0.0.1/",
]


def answering(answers: dict[str, list[str]]) -> Callable[[str, int], list[str]]:
    """A resolver with fixed answers, as an attacker's name server would give them."""

    def resolve(host: str, port: int) -> list[str]:
        return answers[host]

    return resolve


@requirement("honesty.evidence")
@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_before_a_connection(url: str) -> None:
    """Numeric, octal, embedded, special, malformed: refused in words, with no packet sent."""
    answer = LiveHttp(Deadline(5)).exchange(Ask(url=url, timeout_s=2))
    assert answer.status is None and answer.failure in ("refused", "dns"), (url, answer.failure, answer.detail)


@pytest.mark.parametrize(
    "answers",
    [
        ["93.184.216.34", "169.254.169.254"],
        ["169.254.169.254"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"],
        ["2002:a9fe:a9fe::1"],
        ["100.100.100.200"],
        [],
    ],
)
def test_a_name_with_one_bad_address_among_good_ones_is_refused(answers: list[str]) -> None:
    """Every address is looked at, not only the first."""
    http = LiveHttp(Deadline(5), answering({"shop.example": answers}))
    assert http.exchange(Ask(url="http://shop.example/", timeout_s=2)).failure in ("refused", "dns")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/",
        "http://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/",
        "http://2852039166/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:pw@127.0.0.1/",
    ],
)
def test_a_redirect_leads_nowhere_that_could_not_be_asked_for(target: str) -> None:
    """A server on loopback redirects to metadata: the hop is vetted like the first."""

    def redirect(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

    with serving(redirect) as port:
        answer = LiveHttp(Deadline(5)).exchange(Ask(url=f"http://127.0.0.1:{port}/", timeout_s=2))
    assert answer.status is None and answer.failure in ("refused", "dns"), answer


def test_a_name_that_changes_its_mind_after_the_check_changes_nothing() -> None:
    """Rebinding: the second answer would be metadata; the connection goes to the address that was checked."""
    asked = threading.Semaphore(0)
    calls: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        calls.append(host)
        return ["127.0.0.1"] if len(calls) == 1 else ["169.254.169.254"]

    def page(connection: socket.socket) -> None:
        connection.recv(4096)
        asked.release()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    with serving(page) as port:
        answer = LiveHttp(Deadline(5), rebinding).exchange(Ask(url=f"http://rebind.example:{port}/", timeout_s=2))
        assert asked.acquire(timeout=5)
    assert (answer.status, answer.address, calls) == (200, "127.0.0.1", ["rebind.example"])


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "::ffff:169.254.169.254", "100.100.100.200"])
def test_a_handshake_is_refused_where_a_request_would_be(host: str) -> None:
    """The TLS prober has the same gate."""
    with pytest.raises(WorldError) as refused:
        measure_tls(LiveWorld(5), TlsAsk(host=host, port=443, limit_s=1))
    assert refused.value.why in ("denied", "unreachable")
