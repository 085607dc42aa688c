"""A real Redis on loopback."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from tests.needs import needs
from tests.services.program import answers, free_port, running, scratch


class Redis(NamedTuple):
    """A running server."""

    port: int

    def cli(self, *words: str) -> str:
        """Run one command through the independent client."""
        argv = [needs("redis-cli", "redis-tools"), "-p", str(self.port), *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout.strip()


@contextmanager
def redis(*options: str) -> Generator[Redis]:
    """An empty server with these command-line options."""
    program = needs("redis-server")
    with scratch("redis") as folder:
        port = free_port()
        argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
        with running(argv, lambda: answers(port), folder):
            yield Redis(port)
