"""`infra-maintainer init`: a starter infra.toml, and the configuration of a host, printed or written."""

import argparse
import json
from importlib import resources
from pathlib import Path

from infra_maintainer.cli.command import Commands

_HOSTS = ("claude-desktop", "claude-code", "cursor", "vscode")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("init", help="write a starter infra.toml; print or write the configuration of a host")
    parser.add_argument("--host", choices=[*_HOSTS, "all"], help="print what this host needs and where it belongs")
    parser.add_argument("--write", action="store_true", help="add it to the host's file; what else is in it stays")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml (default: ./infra.toml)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write or print. Raises ValueError for --write without a host and for files that cannot be used."""
    if options.host is None:
        if options.write:
            raise ValueError(f"--write needs --host: {', '.join(_HOSTS)}")
        return _starter(options.config or Path("infra.toml"))
    from infra_maintainer.agents.places.hosts import HOSTS, block, command, write

    config = options.config or (Path("infra.toml") if Path("infra.toml").exists() else None)
    argv = command(config)
    for host in HOSTS:
        if options.host not in (host.name, "all"):
            continue
        if options.write:
            print(f"{host.title}: added to {write(host, argv)}; restart the host to load it")
        else:
            print(f"# {host.title}: {host.file()}")
            print(json.dumps(block(host, argv), indent=2))
    return 0


def _starter(path: Path) -> int:
    """Write the starter file, never over an existing one. Raises FileExistsError, ValueError."""
    text = resources.files("infra_maintainer.agents.places").joinpath("starter.toml").read_text(encoding="utf-8")
    if path.exists():
        raise FileExistsError(f"{path} exists and stays as it is; edit it, or name another with --config")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    print(f"wrote {path}: describe your services in it, then run: infra-maintainer doctor --config {path}")
    print("hosts: infra-maintainer init --host claude-desktop|claude-code|cursor|vscode [--write]")
    return 0
