"""The transports: stdio, and Streamable HTTP on loopback, or elsewhere with a token and TLS in front."""

import os
from pathlib import Path
from typing import Any

from infra_maintainer.server.build import build_server
from infra_maintainer.tools.kit import Kit

TOKEN_MIN_CHARACTERS = 32


def serve_stdio(kit: Kit) -> None:
    """Serve one client over stdin and stdout until it leaves."""
    build_server(kit).run("stdio")


def serve_http(
    kit: Kit,
    host: str,
    port: int,
    token_file: Path | None,
    *,
    tls_proxy: bool,
    url: str | None,
    as_root: bool = False,
) -> None:
    """Serve Streamable HTTP at /mcp. Raises ValueError for an unsafe combination."""
    transport: dict[str, Any] = {}
    if not _is_loopback(host):
        if token_file is None or not tls_proxy or url is None:
            raise ValueError(
                f"{host} is not loopback: serving there needs --token-file, --url https://… as clients see it, "
                "and --tls-proxy, your word that a proxy in front speaks TLS"
            )
    if url is not None:
        transport["transport_security"] = _published(url)
    auth = _auth(token_file, url or f"http://{host}:{port}/mcp") if token_file else {}
    if os.geteuid() == 0 and not as_root:
        # Over stdio a client starts us with the rights it has itself; a port lends root's eyes to whoever reaches it.
        raise ValueError("refuses to serve a port as root: run as an ordinary user, or say --as-root to mean it")
    build_server(kit, **auth).run("streamable-http", host=host, port=port, **transport)


def _is_loopback(host: str) -> bool:
    import ipaddress

    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _published(url: str) -> Any:
    """Host and origin checks for the address that clients use: the server itself is reached through the proxy only."""
    from urllib.parse import urlsplit

    from mcp.server.transport_security import TransportSecuritySettings

    parts = urlsplit(url)
    return TransportSecuritySettings(allowed_hosts=[parts.netloc], allowed_origins=[f"{parts.scheme}://{parts.netloc}"])


def _auth(token_file: Path, url: str) -> dict[str, Any]:
    from mcp.server.auth.settings import AuthSettings
    from pydantic import AnyHttpUrl

    from infra_maintainer.server.token import FileTokenVerifier

    address = AnyHttpUrl(url)
    settings = AuthSettings(
        issuer_url=address, resource_server_url=address, required_scopes=[], validate_token_resource=False
    )
    return {"token_verifier": FileTokenVerifier(token_file, TOKEN_MIN_CHARACTERS), "auth": settings}
