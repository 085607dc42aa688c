"""`infra-maintainer serve`: the MCP server over stdio, or Streamable HTTP with --http."""

import argparse
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("serve", help="the MCP server: stdio, or HTTP with --http")
    parser.add_argument("--http", metavar="HOST:PORT", help="Streamable HTTP at /mcp, such as 127.0.0.1:8765")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="bearer token that clients must send")
    parser.add_argument("--url", help="the address as clients see it, when published")
    parser.add_argument("--tls-proxy", action="store_true", help="my word: a proxy in front speaks TLS")
    parser.add_argument("--as-root", action="store_true", help="my word: serve the port although I am root")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml (default: ./infra.toml when it exists)")
    parser.add_argument("--world", type=Path, metavar="DIR", help="answer from a recorded world")
    parser.add_argument("--store", type=Path, metavar="FILE", help="the store")
    parser.set_defaults(run=run, no_store=False)


def run(options: argparse.Namespace) -> int:
    """Serve until the client leaves."""
    from infra_maintainer.cli.job import kit_of
    from infra_maintainer.server.serve import serve_http, serve_stdio

    kit = kit_of(options)
    if options.http is None:
        serve_stdio(kit)
        return 0
    host, _, port = options.http.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"--http {options.http}: give HOST:PORT, such as 127.0.0.1:8765")
    serve_http(
        kit,
        host.strip("[]"),
        int(port),
        options.token_file,
        tls_proxy=options.tls_proxy,
        url=options.url,
        as_root=options.as_root,
    )
    return 0
