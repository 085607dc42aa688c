"""A bearer token from a file: read anew for each request, so that it can be changed without a restart."""

import hmac
from pathlib import Path

from mcp.server.auth.provider import AccessToken


class FileTokenVerifier:
    """Accepts exactly the token in a file. Raises ValueError at once for a file that is absent, open or too short."""

    def __init__(self, path: Path, least_characters: int) -> None:
        self._path = path
        self._least = least_characters
        self._expected()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access of a token, or None."""
        if not hmac.compare_digest(token.encode(), self._expected().encode()):
            return None
        return AccessToken(token=token, client_id="token-file", scopes=[])

    def _expected(self) -> str:
        try:
            token = self._path.read_text(encoding="utf-8").strip()
            mode = self._path.stat().st_mode
        except OSError as error:
            raise ValueError(f"--token-file {self._path}: {error.strerror}") from error
        if mode & 0o077:
            raise ValueError(f"--token-file {self._path} may be read by others: chmod 600 it")
        if len(token) < self._least:
            raise ValueError(f"--token-file {self._path} holds {len(token)} characters; use at least {self._least}")
        return token
