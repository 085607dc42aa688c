"""HTTP with httpx2, one fresh connection per request, to checked addresses only, within a hard time limit.

A request never raises for what the network does: the failure is the result. Timings come from the transport's own
trace points, so DNS, connect, TLS, first byte and body are apart.
"""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import httpx2

from infra_maintainer.world.address_guard import Class, admit
from infra_maintainer.world.clock import Deadline
from infra_maintainer.world.exchange import Ask, Certificate, Exchange, Failure, Timings
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.stopwatch import Stopwatch

_KEPT_HEADERS = frozenset(
    {
        "cache-control",
        "age",
        "content-type",
        "content-encoding",
        "etag",
        "location",
        "retry-after",
        "server",
        "via",
        "x-cache",
    }
)


class Http(Protocol):
    """Where requests go."""

    def exchange(self, ask: Ask) -> Exchange:
        """Make one request; failures of the network are in the result."""
        ...


class _Stopped(Exception):
    """A request that ended without a usable answer, and how."""

    def __init__(self, failure: Failure, detail: str, certificate: Certificate | None = None) -> None:
        super().__init__(detail)
        self.failure: Failure = failure
        self.detail = detail
        self.certificate = certificate


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the system's resolver says. Raises WorldError(unreachable)."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WorldError(
            "unreachable", f"{host} does not resolve: {error}", "check the name and the resolver"
        ) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class LiveHttp:
    """The network as it is. `resolver` is the system's; a test may give one that changes its mind."""

    def __init__(self, deadline: Deadline, resolver: Callable[[str, int], list[str]] = resolve) -> None:
        self._deadline = deadline
        self._resolve = resolver

    def exchange(self, ask: Ask) -> Exchange:
        """One request with its redirects, each hop resolved and checked anew."""
        begin = time.monotonic()
        end = begin + min(ask.timeout_s, self._deadline.remaining())
        url, came_from, hops = ask.url, None, 0
        while True:
            try:
                hop, came_from = self._hop(ask, url, came_from, end, hops)
            except _Stopped as stop:
                if self._deadline.cancelled:
                    self._deadline.check()  # we broke it off ourselves: that is nothing about the address
                total = Timings(total=(time.monotonic() - begin) * 1000)
                return Exchange(
                    url=ask.url,
                    final_url=url,
                    failure=stop.failure,
                    detail=stop.detail,
                    hops=hops,
                    certificate=stop.certificate,
                    timings=total,
                )
            location = hop.headers.get("location")
            if hop.status in (301, 302, 303, 307, 308) and location and ask.max_redirects:
                url, hops = urljoin(url, location), hops + 1
                if hops <= ask.max_redirects:
                    continue
                hop = hop.model_copy(
                    update={"failure": "redirects", "detail": f"more than {ask.max_redirects} redirects"}
                )
            total = hop.timings.model_copy(update={"total": (time.monotonic() - begin) * 1000})
            return hop.model_copy(update={"url": ask.url, "hops": hops, "timings": total})

    def _hop(self, ask: Ask, url: str, came_from: Class | None, end: float, hops: int) -> tuple[Exchange, Class]:
        parts = _split(url, ask.longest_url)
        host, port = parts
        scheme = urlsplit(url).scheme
        watch = Stopwatch(end)
        try:
            try:
                addresses = self._resolve(host, port)
                watch.marks["resolved"] = time.monotonic()
                address, its = admit(host, addresses, came_from=came_from)
            except WorldError as error:
                raise _Stopped("refused" if error.why == "denied" else "dns", error.detail) from error
            with self._deadline.watched(watch.expire):
                return self._send(ask, url, host, port, scheme, address, watch, end, first=hops == 0), its
        finally:
            watch.close()

    def _send(
        self,
        ask: Ask,
        url: str,
        host: str,
        port: int,
        scheme: str,
        address: str,
        watch: Stopwatch,
        end: float,
        *,
        first: bool,
    ) -> Exchange:
        netloc = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        pinned = urlsplit(url)._replace(netloc=netloc, fragment="").geturl()
        default = {"http": 80, "https": 443}[scheme]
        shown_host = f"[{host}]" if ":" in host else host
        headers = {
            "host": shown_host if port == default else f"{shown_host}:{port}",
            "user-agent": "infra-maintainer (synthetic monitor)",
            "accept-encoding": "identity",
            **ask.headers,
        }
        if first:  # secrets go to the named target only, never along a redirect
            headers |= ask.secret_headers
        left = max(0.001, end - time.monotonic())
        context = ssl.create_default_context(cafile=ask.ca_file) if scheme == "https" else False
        try:
            with (
                httpx2.Client(verify=context, trust_env=False, timeout=left, follow_redirects=False) as client,
                client.stream(
                    ask.method if first else "GET",
                    pinned,
                    headers=headers,
                    data=ask.form or None if first else None,
                    extensions={"trace": watch.trace, "sni_hostname": host},
                ) as answer,
            ):
                body, length = _body(answer, ask.max_bytes)
        except ssl.SSLError as error:
            raise self._stopped(error, watch) from error
        except httpx2.HTTPError as error:
            raise self._stopped(error, watch) from error
        watch.marks["end"] = time.monotonic()
        if watch.expired:
            raise _Stopped("timeout", f"the answer was not complete within {ask.timeout_s:g} s")
        timings = Timings(
            dns=watch.ms("start", "resolved"),
            connect=watch.ms("connect_tcp.started", "connect_tcp.complete"),
            tls=watch.ms("start_tls.started", "start_tls.complete"),
            first_byte=watch.ms("send_request_headers.started", "receive_response_headers.complete"),
            body=watch.ms("receive_response_headers.complete", "end"),
        )
        kept = {name: value for name, value in answer.headers.items() if name in _KEPT_HEADERS}
        too_large: dict[str, Any] = (
            {"failure": "too_large", "detail": f"more than {ask.max_bytes} bytes"} if length > ask.max_bytes else {}
        )
        return Exchange(
            url=url,
            final_url=url,
            status=answer.status_code,
            headers=kept,
            body=body,
            body_bytes=length,
            address=address,
            tls_version=watch.tls_version,
            certificate=watch.certificate,
            timings=timings,
            **too_large,
        )

    def _stopped(self, error: Exception, watch: Stopwatch) -> _Stopped:
        """The failure that an exception of the transport means."""
        cause = _root(error)
        if watch.expired or isinstance(error, httpx2.TimeoutException):
            return _Stopped("timeout", "no complete answer within the time limit")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _Stopped("tls", cause.verify_message, Certificate(trusted=False, problem=cause.verify_message))
        if isinstance(cause, ssl.SSLError):
            return _Stopped("tls", str(cause.reason or cause))
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return _Stopped("reset", "the connection was reset")
        if isinstance(error, httpx2.ConnectError):
            return _Stopped("connect", str(cause))
        if isinstance(error, httpx2.RemoteProtocolError) and "disconnected" in str(error):
            return _Stopped("reset", "the server closed the connection without an answer")
        return _Stopped("protocol", f"{type(error).__name__}: {str(error)[:200]}")


def _split(url: str, longest: int) -> tuple[str, int]:
    if len(url) > longest or any(ord(each) <= 32 or ord(each) == 127 or each == "\\" for each in url):
        raise _Stopped("refused", "the address is too long or holds blanks, control characters or a backslash")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _Stopped("refused", f"not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _Stopped("refused", f"{parts.scheme or 'no'} scheme: only http and https addresses are probed")
    if parts.username or parts.password:
        raise _Stopped("refused", "the address carries a user name or password: give it without")
    try:
        port = parts.port
    except ValueError as error:
        raise _Stopped("refused", f"the port is not a number from 1 to 65535: {error}") from error
    return parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]


def _body(answer: httpx2.Response, max_bytes: int) -> tuple[str, int]:
    """The body up to the limit; one byte more than the limit says that there was more."""
    content = bytearray()
    for block in answer.iter_raw(65536):
        content += block
        if len(content) > max_bytes:
            return bytes(content[:max_bytes]).decode("utf-8", "replace"), max_bytes + 1
    return content.decode("utf-8", "replace"), len(content)


def _root(error: BaseException) -> BaseException:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
