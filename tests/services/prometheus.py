"""A real Prometheus on loopback over backfilled blocks.

text = samples("up", {"instance": "web-1"}, [(1760000000, 1.0), ...])
with prometheus(text) as server:
    urllib.request.urlopen(server.url + "/api/v1/query?query=up")
    server.promtool("up")
"""

import subprocess
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.needs import needs
from tests.services.program import answers, free_port, running, scratch


def samples(name: str, labels: Mapping[str, str], points: Iterable[tuple[float, float]]) -> str:
    """Lines of one series in the OpenMetrics text form, times in seconds; `family` lines and `# EOF` come later."""
    inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return "".join(f"{name}{{{inner}}} {value!r} {at!r}\n" for at, value in points)


def openmetrics(*families: tuple[str, str, str]) -> str:
    """A whole file of (family name, type, sample lines): `counter` families are named without their _total."""
    return "".join(f"# TYPE {name} {kind}\n{lines}" for name, kind, lines in families) + "# EOF\n"


class Prometheus(NamedTuple):
    """A running server."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}"

    def promtool(self, query: str, at: float | None = None) -> str:
        """The answer of the independent client to an instant query."""
        moment = [] if at is None else [f"--time={at:.0f}"]
        argv = [needs("promtool", "prometheus"), "query", "instant", *moment, self.url, query]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def prometheus(
    text: str, *, config: str = "scrape_configs: []\n", rules: str | None = None, feature: str | None = None
) -> Generator[Prometheus]:
    """A server whose database was filled from OpenMetrics text by promtool; without text it starts empty."""
    program = needs("prometheus")
    with scratch("prom") as folder:
        if text:
            backfill(folder, text)
        if rules is not None:
            (folder / "rules.yml").write_text(rules)
            config += "rule_files: [rules.yml]\n"
        (folder / "prometheus.yml").write_text(config)
        port = free_port()
        argv = [
            program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", "--log.level=warn",
            "--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        argv += [f"--enable-feature={feature}"] if feature else []
        server = Prometheus(port, folder)
        with running(argv, lambda: answers(port) and _ready(server), folder):
            yield server


def backfill(folder: Path, text: str) -> None:
    """Write blocks with promtool. Without the long block duration 90 days take a hundred times longer."""
    source = folder / "samples.txt"
    source.write_text(text)
    argv = [
        needs("promtool", "prometheus"), "tsdb", "create-blocks-from", "--max-block-duration=2400h", "openmetrics",
        str(source), str(folder / "data"),
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    source.unlink()


def _ready(server: Prometheus) -> bool:
    argv = [needs("promtool", "prometheus"), "query", "instant", server.url, "vector(1)"]
    return subprocess.run(argv, capture_output=True, timeout=20).returncode == 0
