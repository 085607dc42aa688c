"""One HTTP request and what became of it, failure included: the unit that a world records and replays."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from infra_maintainer.evidence.model import Frozen

Failure = Literal["dns", "refused", "connect", "reset", "tls", "timeout", "protocol", "too_large", "redirects"]


class Ask(Frozen):
    """A request to make. `secret_headers` are sent and never recorded; `longest_url` is for addresses that we build."""

    url: str
    method: Literal["GET", "HEAD", "POST"] = "GET"
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = Field(default={}, exclude=True, repr=False)
    form: dict[str, str] = {}
    timeout_s: float = 10.0
    max_bytes: int = 256 << 10
    max_redirects: int = 5
    ca_file: str | None = None
    longest_url: int = Field(default=2048, exclude=True)


class Certificate(Frozen):
    """What the server's certificate says, and whether it holds."""

    trusted: bool
    problem: str | None = None
    not_after_epoch_s: float | None = None
    names: list[str] = []


class Timings(Frozen):
    """Milliseconds of each phase of the final hop; a phase that did not happen is None. `total` covers all hops."""

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    body: float | None = None
    total: float = 0.0


class Exchange(Frozen):
    """What came back: a status and timings, or a failure with its reason."""

    url: str
    final_url: str
    status: int | None = None
    failure: Failure | None = None
    detail: str = ""
    headers: dict[str, str] = {}
    body: str = Field(default="", description="UNTRUSTED text from the outside, up to the asked number of bytes")
    body_bytes: int = 0
    hops: int = 0
    address: str | None = None
    tls_version: str | None = None
    certificate: Certificate | None = None
    timings: Timings = Timings()

    @property
    def nothing_listens(self) -> str:
        """The place where nothing listens, in words, when the machine said so: it is not silence."""
        if self.failure != "connect" or "refused" not in self.detail.lower():
            return ""
        parts = urlsplit(self.final_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"nothing listens on port {port} of {parts.hostname}"
