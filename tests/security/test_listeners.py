"""Ports found on the machine: what they say by themselves, and what is judged of it."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Judgement, Pass, Report
from infra_maintainer.sources.registry import sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import parse_system
from infra_maintainer.world.greeting import greeting_of, read_greeting
from infra_maintainer.world.handshake import VERSIONS, Handshake, Trust, VersionAnswer
from infra_maintainer.world.tape import key_of
from infra_maintainer.world.tls import TlsAsk
from infra_maintainer.world.world import LiveWorld
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.made_world import MadeWorld, judged_by
from tests.security.tls_servers import serving
from tests.services.program import answers, free_port, running, scratch, unprivileged


def saying(reply: bytes) -> Callable[[socket.socket], None]:
    """A web server that gives every request this answer."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(reply)

    return handle


def declared(port: int) -> Report:
    """The baseline of one declared web address in plain text."""
    return judged_by(("tls_ports",), parse_system("").with_urls([f"http://127.0.0.1:{port}/"]))


def of_port(report: Report, port: int) -> dict[str, str]:
    """Code to kind for everything that was judged about one port."""
    judged = [*report.findings, *report.passes, *report.unknowns]
    return {each.code: type(each).__name__.lower() for each in judged if each.subject.endswith(f":{port}")}


@requirement("security.tls13")
def test_a_web_server_that_only_sends_people_on_to_https_is_no_fault() -> None:
    """301 to https passes as that; a page in clear passes only because nobody else reaches it."""
    on = b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    with serving(saying(on)) as good, serving(saying(page)) as kept_in:
        assert "only to send people on" in plain_text(declared(good), good).says
        assert "bound to loopback" in plain_text(declared(kept_in), kept_in).says


def plain_text(report: Report, port: int) -> Judgement:
    """The one judgement about one declared port in plain text."""
    judged = [*report.findings, *report.passes, *report.unknowns]
    (found,) = [each for each in judged if each.code == "plain_text" and each.subject == f"tls_port:127.0.0.1:{port}"]
    return found


@pytest.mark.parametrize(
    ("host", "bound", "kind"),
    [
        ("127.0.0.1", ["127.0.0.1"], Pass),
        ("localhost", ["127.0.0.1", "::1"], Pass),
        ("127.0.0.1", ["0.0.0.0"], Finding),  # noqa: S104
        ("localhost", ["127.0.0.1", "192.0.2.7"], Finding),
        ("127.0.0.1", [], Finding),
        ("shop.example", ["127.0.0.1"], Finding),
    ],
)
def test_only_a_port_that_is_bound_to_loopback_alone_may_speak_plain_text(
    tmp_path: Path, host: str, bound: list[str], kind: type
) -> None:
    """Asked on 127.0.0.1 and open to all is a finding; so is a name elsewhere, whatever listens here."""
    world = MadeWorld(tmp_path / "world")
    rows = [{"protocol": "tcp", "address": each, "port": 5432, "program": "postgres"} for each in bound]
    world.snapshot("listeners", rows)
    nothing = {each: VersionAnswer(accepted="no", how="") for each in VERSIONS}
    clear = Handshake(
        speaks_tls="no",
        versions=nothing,
        trust=Trust(trusted="unknown", code=None, why=""),
        peer=None,
        duration_ms=1.0,
        detail="",
    )
    ask = TlsAsk(host=host, port=5432, starttls="postgres")
    world.answers[key_of("engine", ["tls", ask.model_dump(mode="json")])] = {"result": clear.model_dump(mode="json")}
    report = world.report(f'[[security.tls_port]]\nhost = "{host}"\nport = 5432\nstarttls = "postgres"\n')
    judged = [*report.findings, *report.passes, *report.unknowns]
    (found,) = [e for e in judged if e.code == "plain_text" and e.subject == f"tls_port:{host}:5432"]
    assert isinstance(found, kind), found
    assert not isinstance(found, Finding) or found.severity == "high"


@pytest.mark.parametrize(
    ("data", "protocol"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "ssh"),
        (b"220 mail.test ESMTP\r\n", "smtp"),
        (b"220 (vsFTPd 3.0.3)\r\n", "other"),
        (b"* OK IMAP4rev1 ready\r\n", "imap"),
        (b"\x4a\x00\x00\x00\x0a8.0.36\x00", "mysql"),
        (b"", "none"),
    ],
)
def test_a_greeting_names_its_protocol(data: bytes, protocol: str) -> None:
    """The first bytes of five protocols."""
    assert greeting_of(data) == protocol


@requirement("security.theatre_obscurity")
def test_a_real_ssh_server_on_an_odd_port_is_known_by_what_it_says(tmp_path: Path) -> None:
    """sshd itself, on loopback, read without knowing the program's name: it is no port in plain text."""
    sshd = needs("sshd", "openssh-server")
    keygen = needs("ssh-keygen", "openssh-client")
    owner = unprivileged()
    port = free_port()
    with scratch("ssh", owner) as folder:
        import subprocess

        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True, user=owner)
        argv = [sshd, "-D", "-e", "-f", "/dev/null", "-h", str(folder / "key"), "-p", str(port)]
        argv += ["-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"]
        with running(argv, lambda: answers(port), folder, owner):
            assert read_greeting("127.0.0.1", port, 2.0) == "ssh"


@requirement("honesty.unknown")
def test_twelve_silent_ports_cost_less_than_half_their_limits_together() -> None:
    """Each may take 3 s; side by side they take two rounds, and the baseline still answers for the one that speaks."""
    done = threading.Event()

    def silent(connection: socket.socket) -> None:
        done.wait(30)

    with ExitStack() as stack:
        ports = [stack.enter_context(serving(silent)) for _ in range(12)]
        config = "".join(f'[[security.tls_port]]\nhost = "127.0.0.1"\nport = {port}\n' for port in ports)
        survey = Survey(LiveWorld(60), parse_system(config))
        (source,) = [each for each in sources_for("security") if each.name == "tls_ports"]
        started = time.monotonic()
        evidence = list(source.collect(survey))
        seconds = time.monotonic() - started
        done.set()
    assert seconds < 12 * 3 / 2
    assert {(each.quantity, each.kind) for each in evidence} == {("tls.offered", "missing")} and len(evidence) == 12
