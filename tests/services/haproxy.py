"""A real HAProxy on loopback with its statistics socket."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.needs import needs
from tests.services.program import answers, free_port, running, scratch

_CONFIGURATION = """
global
  stats socket {folder}/admin.sock level user
defaults
  mode http
  timeout connect 500ms
  timeout client 5s
  timeout server 5s
frontend front
  bind 127.0.0.1:{port}
  default_backend app
backend app
  option httpchk GET /
{servers}
"""


class HAProxy(NamedTuple):
    """A running balancer."""

    port: int
    socket: Path


@contextmanager
def haproxy(upstreams: Sequence[str]) -> Generator[HAProxy]:
    """HAProxy before these `host:port`, checked ten times a second."""
    program = needs("haproxy")
    with scratch("haproxy") as folder:
        port = free_port()
        servers = "\n".join(
            f"  server s{number} {each} check inter 100ms fall 1 rise 1" for number, each in enumerate(upstreams, 1)
        )
        (folder / "haproxy.cfg").write_text(_CONFIGURATION.format(folder=folder, port=port, servers=servers))
        argv = [program, "-db", "-f", str(folder / "haproxy.cfg")]
        with running(argv, lambda: answers(port), folder):
            yield HAProxy(port, folder / "admin.sock")
