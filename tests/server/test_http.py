"""Streamable HTTP: only for whom it is meant. Loopback by default; elsewhere a token and TLS in front."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from infra_maintainer.server.token import FileTokenVerifier
from tests.server.asking import Era, both_eras, environment
from tests.server.test_independent import serving

TOKEN = "Zx9-" * 10
HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
ACCEPT = {"accept": "application/json, text/event-stream"}


def token_file(folder: Path, content: str = TOKEN, mode: int = 0o600) -> Path:
    """A token as its owner keeps it."""
    path = folder / "token"
    path.write_text(content + "\n")
    path.chmod(mode)
    return path


def hello(url: str, **headers: str) -> int:
    """The status of a first request."""
    with httpx2.Client(trust_env=False, timeout=20) as client:
        return client.post(url, json=HELLO, headers={**ACCEPT, **headers}).status_code


def refused(folder: Path, *options: str) -> str:
    """What `serve` says when it will not start; exit 4."""
    argv = [sys.executable, "-m", "infra_maintainer.cli", "serve", *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, env=environment(folder), cwd=folder)
    assert done.returncode == 4 and done.stdout == "" and "Traceback" not in done.stderr, done.stderr
    return done.stderr


@both_eras
@pytest.mark.anyio
async def test_a_client_calls_over_http(tmp_path: Path, era: Era) -> None:
    """The same server object as on stdio."""
    with serving(tmp_path) as url:
        async with Client(url, mode=era) as client:
            result = await client.call_tool("probe_health", {"time_limit_s": 20})
            assert not result.is_error and result.structured_content


def test_a_foreign_host_name_or_origin_is_refused(tmp_path: Path) -> None:
    """A web page in a browser on this machine must not reach it by a name of its own (DNS rebinding)."""
    with serving(tmp_path) as url:
        assert hello(url) == 200
        assert hello(url, host="evil.example") == 421
        assert hello(url, origin="https://evil.example") == 403


@both_eras
@pytest.mark.anyio
async def test_with_a_token_file_only_its_bearer_gets_in(tmp_path: Path, era: Era) -> None:
    """None, a wrong one, the right one; then the file changes and the old one no longer counts."""
    path = token_file(tmp_path)
    with serving(tmp_path, "--token-file", str(path)) as url:
        assert hello(url) == 401
        assert hello(url, authorization=f"Bearer {TOKEN}x") == 401
        assert hello(url, authorization=f"Bearer {TOKEN}") == 200
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=era) as client:
                assert (await client.list_tools()).tools
        path.write_text("Qw7-" * 10)
        assert hello(url, authorization=f"Bearer {TOKEN}") == 401
        assert hello(url, authorization=f"Bearer {'Qw7-' * 10}") == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "[::]", "infra.example"])
def test_off_loopback_nothing_is_served_without_token_and_tls(tmp_path: Path, host: str) -> None:
    """Each of the three words alone is not enough; the refusal names all of them."""
    path = str(token_file(tmp_path))
    for options in ([], ["--token-file", path], ["--tls-proxy", "--url", "https://infra.example/mcp"]):
        said = refused(tmp_path, "--http", f"{host}:8765", *options)
        assert all(word in said for word in ("not loopback", "--token-file", "--tls-proxy", "--url"))


def test_published_behind_a_proxy_only_the_published_name_is_answered(tmp_path: Path) -> None:
    """A proxy on the same machine hands on the name that clients used; the bare address is no longer one."""
    path = str(token_file(tmp_path))
    with serving(tmp_path, "--token-file", path, "--tls-proxy", "--url", "https://infra.example/mcp") as url:
        bearer = f"Bearer {TOKEN}"
        assert hello(url, authorization=bearer, host="infra.example", origin="https://infra.example") == 200
        assert hello(url, authorization=bearer, host="infra.example", origin="https://evil.example") == 403
        assert hello(url, authorization=bearer) == 421
        assert hello(url, host="infra.example") == 401


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [(TOKEN, 0o644, "chmod 600"), ("short", 0o600, "at least 32"), (None, 0, "No such file")],
)
def test_a_token_file_that_protects_nothing_is_refused_at_the_start(
    tmp_path: Path, content: str | None, mode: int, said: str
) -> None:
    """Readable by others, guessable, or absent."""
    path = tmp_path / "token" if content is None else token_file(tmp_path, content, mode)
    assert said in refused(tmp_path, "--http", "127.0.0.1:8765", "--token-file", str(path))
    with pytest.raises(ValueError, match=said):
        FileTokenVerifier(path, 32)


@pytest.mark.parametrize("address", ["8765", "localhost", "127.0.0.1:http", "127.0.0.1:0", "127.0.0.1:70000"])
def test_a_bad_address_is_one_sentence(tmp_path: Path, address: str) -> None:
    """What to write instead is in it."""
    said = refused(tmp_path, "--http", address)
    assert "HOST:PORT" in said and said.count("\n") == 1
