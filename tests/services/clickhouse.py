"""A real ClickHouse server on loopback."""

import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.needs import needs
from tests.services.program import answers, free_port, running, scratch, unprivileged

_CONFIGURATION = """<yandex>
 <logger><level>error</level><console>1</console></logger>
 <listen_host>127.0.0.1</listen_host><http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
 <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><user_files_path>{folder}/files/</user_files_path>
 <users_config>{folder}/users.xml</users_config><default_profile>default</default_profile>
 <default_database>default</default_database><mark_cache_size>10485760</mark_cache_size>
</yandex>"""
_USERS = """<yandex>
 <profiles><default><max_memory_usage>500000000</max_memory_usage></default></profiles>
 <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
 <quota>default</quota></default>
 <reader><password>s3cret</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
 <quota>default</quota></reader></users>
 <quotas><default></default></quotas>
</yandex>"""


class ClickHouse(NamedTuple):
    """A running server; `default` has no password, `reader` has one."""

    port: int

    @property
    def url(self) -> str:
        """The address of its HTTP interface."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, statement: str) -> str:
        """Run one statement and give its text."""
        with urllib.request.urlopen(self.url, data=statement.encode(), timeout=60) as answer:
            return str(answer.read().decode())


@contextmanager
def clickhouse() -> Generator[ClickHouse]:
    """An empty server."""
    program = needs("clickhouse-server")
    owner = unprivileged()
    with scratch("ch", owner) as folder:
        http = free_port()
        _write(folder / "config.xml", _CONFIGURATION.format(http=http, tcp=free_port(), folder=folder))
        _write(folder / "users.xml", _USERS)
        argv = [program, f"--config-file={folder}/config.xml"]
        with running(argv, lambda: answers(http), folder, owner):
            yield ClickHouse(http)


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o644)
