"""One instant query and what can go wrong with it. Bodies are cut at a limit, every failure has its reason."""

import base64
import json
import math
from pathlib import Path
from typing import Any, NamedTuple, cast

from infra_maintainer.evidence.model import Why
from infra_maintainer.system.prometheus import Prometheus
from infra_maintainer.world.exchange import Ask, Exchange
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import World

LIMIT_BYTES = 2 << 20
QUERY_S = 10.0


class Point(NamedTuple):
    """One series of an instant answer."""

    labels: dict[str, str]
    value: float


class Histogram(NamedTuple):
    """A native histogram: its observations, and per bucket the lower end, the upper end and the count."""

    total: float
    buckets: list[tuple[float, float, float]]


class Client:
    """Asks at one moment for the whole run, so that all answers belong together. Counts its queries."""

    def __init__(self, world: World, server: Prometheus) -> None:
        self._world, self._server = world, server
        self.at = self._moment()
        self.queries = 0
        self.warnings: list[str] = []
        self._secrets = _credentials(server)

    def _moment(self) -> int:
        """The moment of all questions, kept in a recording: its clock stands at its start, and that was earlier."""

        def now() -> int:
            return int(self._world.clock.now().timestamp()) // 15 * 15

        try:
            return int(self._world.engine("prometheus_moment", [self._server.name], now))
        except WorldError as error:
            if error.why != "not_recorded":
                raise
            return now()

    def ask(self, query: str) -> list[Point]:
        """The series of an instant query; not-a-number is left out. Raise WorldError with the reason."""
        return self._points(self._data(self._answer(query)))

    def one(self, query: str) -> float | None:
        """The value of a query that gives one series or none."""
        points = self.ask(query)
        return points[0].value if points else None

    def histogram(self, query: str) -> Histogram | None:
        """The one native histogram of an instant query; None when the answer is empty or plain numbers."""
        series = cast(list[dict[str, Any]], self._data(self._answer(query)).get("result") or [])
        if not series or "histogram" not in series[0]:
            return None
        try:
            whole = series[0]["histogram"][1]
            rows = [(float(low), float(high), float(count)) for _, low, high, count in whole.get("buckets") or []]
            return Histogram(float(whole["count"]), rows)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self._failed("error", "the answer is not a histogram", "name the server itself") from error

    def _answer(self, query: str) -> Exchange:
        self.queries += 1
        form = {"query": query, "time": str(self.at), "timeout": f"{QUERY_S:.0f}s"}  # the same in a replay
        ask = Ask(
            url=self._server.url.rstrip("/") + "/api/v1/query",
            method="POST",
            form=form,
            headers={"X-Scope-OrgID": self._server.tenant} if self._server.tenant else {},
            secret_headers=self._secrets,
            timeout_s=QUERY_S,
            max_bytes=LIMIT_BYTES,
            max_redirects=0,
        )
        return self._world.http.exchange(ask)

    def _points(self, data: dict[str, Any]) -> list[Point]:
        found: list[Point] = []
        for series in cast(list[dict[str, Any]], data.get("result") or []):
            try:
                value = float(series["value"][1])
                labels = {str(key): str(text) for key, text in series["metric"].items()}
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise self._failed("error", "the answer is not a vector", "name the server itself") from error
            if math.isfinite(value):
                found.append(Point(labels, value))
        return found

    def _data(self, answer: Exchange) -> dict[str, Any]:
        if answer.failure:
            raise self._network(answer)
        if answer.status in (401, 403):
            raise self._failed("denied", f"status {answer.status}", "give token_file or user_file in [[prometheus]]")
        if answer.status is not None and 300 <= answer.status < 400:
            what = f"it redirects (status {answer.status}), as a login does"
            raise self._failed("denied", what, "give token_file, or name the server itself")
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            what = f"status {answer.status} with something that is not the Prometheus API"
            raise self._failed("error", what, "a proxy or a login page may be in the way: name the server itself")
        fields = cast(dict[str, Any], body)
        self.warnings += [str(each) for each in cast(list[Any], fields.get("warnings") or []) if len(self.warnings) < 5]
        if fields.get("status") != "success":
            kind = fields.get("errorType")
            why: Why = "timeout" if kind == "timeout" or answer.status == 503 else "error"
            raise self._failed(why, f"{kind}: {fields.get('error')}", "ask for less, or see what the server's log says")
        return cast(dict[str, Any], fields.get("data") or {})

    def _network(self, answer: Exchange) -> WorldError:
        if answer.failure == "timeout":
            return self._failed("timeout", "no complete answer in time", "see whether the server is overloaded")
        if answer.failure == "too_large":
            how = "aggregate it there by recording rules, or narrow the metrics named in [[prometheus]]"
            return self._failed("error", f"the answer is longer than {LIMIT_BYTES} bytes", how)
        why: Why = "error" if answer.failure == "protocol" else "unreachable"
        return self._failed(why, f"{answer.failure}: {answer.detail}", "check the address and that the server runs")

    def _failed(self, why: Why, detail: str, how: str) -> WorldError:
        return WorldError(why, f"Prometheus {self._server.name}: {detail}", how)


def _credentials(server: Prometheus) -> dict[str, str]:
    if server.token_file is not None:
        return {"Authorization": f"Bearer {_secret(server.token_file)}"}
    if server.user_file is not None:
        return {"Authorization": "Basic " + base64.b64encode(_secret(server.user_file).encode()).decode()}
    return {}


def _secret(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WorldError("denied", f"{path}: {error.strerror}", "make the file readable") from error
