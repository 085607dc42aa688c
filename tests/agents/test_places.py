"""The places this is used from: plugin, bundle, registry entry, container file, host configurations; each validated by
its own validator where one exists."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from infra_maintainer.agents.places.definition import PLUGIN, agent_definition, skill
from infra_maintainer.agents.places.hosts import HOSTS, Host, block, merged, write
from infra_maintainer.cli.main import main
from infra_maintainer.system.load import parse_system
from tests.needs import needs
from tests.requirements_link import requirement

ROOT = Path(__file__).parent.parent.parent
TOOLS = Path(os.environ.get("INFRA_NODE_TOOLS", "/tmp/node-tools")) / "node_modules"
SKILLSAW = Path(sys.executable).parent / "skillsaw"


def node_program(name: str) -> str:
    """An installed Node program. Skips without it; under CI=true its absence fails."""
    found = TOOLS / ".bin" / name
    if found.exists():
        return str(found)
    said = f"needs {name}: run .ci/install-node-tools"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


def quiet(home: Path) -> dict[str, str]:
    """Scratch home, no network of its own, Node 22 first."""
    path = f"{TOOLS / '.bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"
    nothing = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1"}
    return {"HOME": str(home), "PATH": path, "NO_COLOR": "1", **nothing}


@requirement("card.use_desktop", "card.use_subagent")
def test_the_plugin_passes_the_strict_validator_of_claude_code(tmp_path: Path) -> None:
    """Agent, skill and server are found and valid."""
    plugin = tmp_path / "plugin"
    shutil.copytree(PLUGIN, plugin)
    argv = [node_program("claude"), "plugin", "validate", ".", "--strict"]
    done = subprocess.run(argv, cwd=plugin, env=quiet(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("mcpServers: infra", "skills: infra-maintainer:infrastructure", "agents: infra-maintainer"):
        assert part in done.stdout


@pytest.mark.parametrize("place", ["plugin", "server.json"])
def test_plugin_and_registry_entry_pass_an_independent_linter(tmp_path: Path, place: str) -> None:
    """It holds the registry's schema of 2025-12-11; errors end with 1."""
    if place == "plugin":
        shutil.copytree(PLUGIN, tmp_path / "place")
    else:
        (tmp_path / "place").mkdir()
        shutil.copy(ROOT / "server.json", tmp_path / "place")
    argv = [str(SKILLSAW), "lint", "."]
    done = subprocess.run(argv, cwd=tmp_path / "place", env=quiet(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Errors:\s+0\b", done.stdout) and "Repo type" in done.stdout, done.stdout


def test_the_linter_does_notice_a_registry_entry_that_is_wrong(tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    entry = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    entry["description"] = "x" * 101
    (tmp_path / "server.json").write_text(json.dumps(entry), encoding="utf-8")
    argv = [str(SKILLSAW), "lint", "."]
    done = subprocess.run(argv, cwd=tmp_path, env=quiet(tmp_path), capture_output=True, text=True, timeout=60)
    assert "100 character" in done.stdout


def test_agent_and_skill_of_the_plugin_are_composed_from_the_prompts() -> None:
    """Run `python -m infra_maintainer.agents.places.definition` after a change of the prompts."""
    assert (PLUGIN / "agents" / "infra-maintainer.md").read_text(encoding="utf-8") == agent_definition()
    assert (PLUGIN / "skills" / "infrastructure" / "SKILL.md").read_text(encoding="utf-8") == skill()


@requirement("persona.identity")
def test_the_agent_definition_has_the_four_requests_as_examples() -> None:
    """Slow application, going viral, costs, tell me when it breaks."""
    text = agent_definition()
    assert text.count("<example>") == 4
    for words in ("getting slower", "go viral", "eat our margins", "if something breaks"):
        assert words in text


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that becomes the bundle."""
    folder = tmp_path_factory.mktemp("mcpb") / "bundle"
    argv = [sys.executable, str(ROOT / "packaging" / "mcpb" / "bundle.py"), str(folder)]
    subprocess.run(argv, check=True, timeout=60)
    return folder


@requirement("card.use_desktop")
def test_the_bundle_passes_its_validator_and_packs(bundle: Path, tmp_path: Path) -> None:
    """And nothing built or cached is in it."""
    program = [node_program("node"), node_program("mcpb")]
    for argv in ([*program, "validate", str(bundle / "manifest.json")], [*program, "pack", str(bundle), "out.mcpb"]):
        done = subprocess.run(argv, cwd=tmp_path, env=quiet(tmp_path), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out.mcpb").stat().st_size < 5_000_000
    assert not [path for path in bundle.rglob("*") if path.suffix == ".pyc" or path.name in (".venv", ".git")]


@requirement("card.use_desktop")
def test_the_bundle_runs_on_a_machine_that_has_only_uv(bundle: Path, tmp_path: Path) -> None:
    """Its own command, an empty home: uv makes the environment, the server lists its tools over stdio."""
    uv = needs_uv()
    folder = tmp_path / "installed"
    shutil.copytree(bundle, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    argv = [part.replace("${__dirname}", str(folder)) for part in manifest["server"]["mcp_config"]["args"]]
    names = ("SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "UV_DEFAULT_INDEX", "UV_CACHE_DIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    kept.setdefault("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    env = {"HOME": str(tmp_path), "PATH": f"{Path(uv).parent}:/usr/bin:/bin", "UV_PYTHON": sys.executable, **kept}
    hello = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]  # fmt: skip
    with subprocess.Popen([uv, *argv], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin and server.stdout
        server.stdin.write("".join(json.dumps(message) + "\n" for message in hello))
        server.stdin.flush()
        replies = [json.loads(server.stdout.readline()) for _ in range(2)]
        server.stdin.close()
        server.wait(20)
    assert {"probe_health", "verify_answer"} <= {tool["name"] for tool in replies[1]["result"]["tools"]}


def needs_uv() -> str:
    """uv from this environment or the system."""
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else needs("uv", "uv (pip install uv)")


def test_versions_and_names_agree_everywhere() -> None:
    """One release, one name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entry = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    plugin = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text(encoding="utf-8"))
    manifest = json.loads((ROOT / "packaging" / "mcpb" / "manifest.json").read_text(encoding="utf-8"))
    (package,) = entry["packages"]
    assert {each["version"] for each in (entry, plugin, manifest, package)} == {project["version"]}
    assert package["identifier"] == plugin["name"] == manifest["name"] == project["name"]
    assert f"<!-- mcp-name: {entry['name']} -->" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_container_file_runs_as_nobody_special_and_starts_the_server() -> None:
    """No image is built here: no daemon. What can be read from the file is checked."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    orders = [line.split(" ", 1) for line in lines if line and not line.startswith(("#", " "))]
    last = {order: rest for order, rest in orders}
    assert last["USER"] == "maintainer"
    assert json.loads(last["ENTRYPOINT"]) == ["infra-maintainer"] and json.loads(last["CMD"]) == ["serve"]
    for order, rest in orders:
        source = rest.split(" ")
        if order == "COPY" and not source[0].startswith("--"):
            assert all((ROOT / each).exists() for each in source[:-1])


@pytest.mark.parametrize("host", HOSTS, ids=[host.name for host in HOSTS])
def test_each_hosts_block_starts_a_server_by_whole_paths(host: Host) -> None:
    """Desktop hosts have a bare PATH and another folder."""
    servers = block(host, ["/opt/bin/infra-maintainer", "serve"])[host.key]
    assert servers["infra"]["command"].startswith("/")
    assert servers["infra"]["args"] == ["serve"]
    assert (servers["infra"].get("type") == "stdio") is (host.name == "vscode")


def test_writing_a_hosts_file_keeps_what_else_is_in_it(tmp_path: Path) -> None:
    """Other servers and settings stay; a second time changes nothing."""
    desktop = HOSTS[0]
    path = tmp_path / "config" / "claude_desktop_config.json"
    path.parent.mkdir()
    path.write_text('{"theme": "dark", "mcpServers": {"other": {"command": "x"}}}', encoding="utf-8")
    write(desktop, ["/opt/bin/infra-maintainer"], path)
    first = path.read_text(encoding="utf-8")
    write(desktop, ["/opt/bin/infra-maintainer"], path)
    assert path.read_text(encoding="utf-8") == first
    found = json.loads(first)
    assert found["theme"] == "dark" and set(found["mcpServers"]) == {"other", "infra"}


@pytest.mark.parametrize("text", ["{ // comment\n}", "[]", '{"mcpServers": []}'])
def test_a_hosts_file_that_is_not_understood_is_left_alone(text: str) -> None:
    """VS Code allows comments: they would be lost."""
    with pytest.raises(ValueError, match="by hand"):
        merged(HOSTS[0], ["/x"], text)


def test_init_writes_a_starter_once_and_prints_every_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The starter loads as it is and with every example taken in."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    text = Path("infra.toml").read_text(encoding="utf-8")
    assert not parse_system(text).endpoint
    whole = parse_system(text.replace("#: ", ""))
    assert whole.endpoint and whole.access_log and whole.database  # what the owner of a web shop looks for first
    assert main(["init"]) == 4
    capsys.readouterr()
    assert main(["init", "--host", "all"]) == 0
    printed = capsys.readouterr().out
    for host in HOSTS:
        assert f"# {host.title}" in printed
    assert str(tmp_path / "infra.toml") in printed
    assert main(["init", "--host", "vscode", "--write"]) == 0
    assert "infra" in json.loads(Path(".vscode/mcp.json").read_text(encoding="utf-8"))["servers"]
