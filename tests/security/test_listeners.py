"""Ports found on the machine: what they say by themselves, and what is judged of it."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Report
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.security import check_security_baseline
from infra_maintainer.world.greeting import greeting_of, read_greeting
from infra_maintainer.world.world import LiveWorld
from tests.needs import needs
from tests.requirements_link import requirement
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
    return check_security_baseline(Kit(parse_system(""), None), LiveWorld(60), [f"http://127.0.0.1:{port}/"])


def of_port(report: Report, port: int) -> dict[str, str]:
    """Code to kind for everything that was judged about one port."""
    judged = [*report.findings, *report.passes, *report.unknowns]
    return {each.code: type(each).__name__.lower() for each in judged if each.subject.endswith(f":{port}")}


@requirement("security.tls13")
def test_a_web_server_that_only_sends_people_on_to_https_is_no_fault() -> None:
    """301 to https passes; a page in clear, and a redirect to http, are findings."""
    on = b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    with serving(saying(on)) as good, serving(saying(page)) as bad:
        assert of_port(declared(good), good) == {"plain_text": "pass"}
        assert of_port(declared(bad), bad) == {"plain_text": "finding"}


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
