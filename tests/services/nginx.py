"""A real nginx on loopback in front of upstreams, logging times and attempts."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.needs import needs
from tests.services.program import answers, free_port, running, scratch

_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 256; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
                   '"$http_user_agent" $request_time $upstream_response_time $upstream_status $upstream_addr';
  access_log {folder}/access.log timed;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream app {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://app; proxy_next_upstream error timeout http_502; }}
    location = /nginx_status {{ stub_status; access_log off; }}
  }}
}}
"""


class Nginx(NamedTuple):
    """A running server."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """The access log."""
        return self.folder / "access.log"

    @property
    def configuration(self) -> Path:
        """The file that says how it is written."""
        return self.folder / "nginx.conf"


@contextmanager
def nginx(upstreams: Sequence[str]) -> Generator[Nginx]:
    """nginx in front of these `host:port` upstreams; one that fails is tried again, none is ever taken out."""
    program = needs("nginx", "nginx-light")
    with scratch("nginx") as folder:
        port = free_port()
        servers = " ".join(f"server {each} max_fails=0;" for each in upstreams)
        user = "user root;" if os.geteuid() == 0 else ""
        text = _CONFIGURATION.format(folder=folder, port=port, servers=servers, user=user)
        (folder / "nginx.conf").write_text(text)
        argv = [program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"), "-p", str(folder)]
        with running(argv, lambda: answers(port), folder):
            yield Nginx(port, folder)
