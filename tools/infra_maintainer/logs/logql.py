"""Our questions about requests in Loki's language, from the declared format of the lines.

Written by the documentation of LogQL and checked by its published grammar; not yet run against a real Loki. Names of
extracted labels begin with `im_`: a stream may have labels of its own that are called `status` or `method`.
"""

import re

from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import FieldName

FAILING = "5..|408|499|460|444|0|-1"
USED: tuple[FieldName, ...] = ("request", "method", "target", "status", "duration", "upstream_status")
_FOLD = r"/([0-9]+|[0-9a-fA-F]{12,}|([A-Za-z_-]*[0-9]){3}[A-Za-z0-9_-]*)\\b"  # inside a template's quoted string
_NUMBER = r"[+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?"


class Questions:
    """Metric queries over the lines of one stream selector and one time range."""

    def __init__(self, selector: str, log_format: Format, seconds: int) -> None:
        """Raise ValueError for a format that cannot be told in LogQL."""
        fields = log_format.fields()
        if "duration_2" in fields or "status" not in fields or not fields & {"request", "target"}:
            raise ValueError(f"{log_format.name} has no single duration, no status or no path")
        self.times, self.tries = "duration" in fields, "upstream_status" in fields
        self._range = f"[{seconds}s]"
        self._all = selector
        self._read = f'{selector} {_parser(log_format)} | im_status != ""'
        asked = ".im_request" if "request" in fields else '(print .im_method " " .im_target)'
        cut = rf'(regexReplaceAll "[?].*$| HTTP/[0-9.]+$" {asked} "")'
        self._route = f'| label_format im_route=`{{{{ regexReplaceAll "{_FOLD}" {cut} "/:id" }}}}`'

    def lines(self) -> str:
        """How many lines there are, whatever they hold."""
        return f"sum(count_over_time({self._all} {self._range}))"

    def statuses(self, *, by_route: bool) -> str:
        """Requests per status: of all, or only the failed ones per route."""
        if not by_route:
            return f"sum by (im_status) (count_over_time({self._read} {self._range}))"
        failed = f'{self._read} | im_status =~ "{FAILING}" {self._route}'
        return f"sum by (im_route, im_status) (count_over_time({failed} {self._range}))"

    def routes(self, most: int) -> str:
        """Requests of the busiest routes."""
        return f"topk({most}, sum by (im_route) (count_over_time({self._read} {self._route} {self._range})))"

    def route_count(self) -> str:
        """How many routes there are."""
        return f"count(sum by (im_route) (count_over_time({self._read} {self._route} {self._range})))"

    def timed(self, *, by_route: bool) -> str:
        """Requests that carry a duration."""
        kept = f'{self._read} | im_duration =~ "{_NUMBER}"'
        if not by_route:
            return f"sum(count_over_time({kept} {self._range}))"
        return f"sum by (im_route) (count_over_time({kept} {self._route} {self._range}))"

    def time(self, *, by_route: bool) -> str:
        """Durations summed, in the unit of the log."""
        if not by_route:
            return f"sum(sum_over_time({self._unwrapped('')}))"
        return f"sum by (im_route) (sum_over_time({self._unwrapped(self._route)}))"

    def quantile(self, share: float, *, by_route: bool) -> str:
        """A percentile of the durations. Inside `max` a server computes it from all samples, never from sketches."""
        everything = "| label_format im_route=`*`"
        inner = self._unwrapped(self._route if by_route else everything)
        return f"max by (im_route) (quantile_over_time({share}, {inner}) by (im_route))"

    def retried(self, *, by_route: bool, hidden: bool) -> str:
        """Requests of several attempts at an upstream; with `hidden` only those that ended well."""
        kept = f'{self._read} | im_upstream_status =~ ".*,.*"'
        if hidden:
            kept += f' | im_status !~ "{FAILING}"'
        if not by_route:
            return f"sum(count_over_time({kept} {self._range}))"
        return f"sum by (im_route) (count_over_time({kept} {self._route} {self._range}))"

    def minutes(self, *, failed: bool) -> str:
        """Requests of a minute, or the failed ones, for a range of evaluations a minute apart."""
        kept = f'{self._read} | im_status =~ "{FAILING}"' if failed else self._read
        return f"sum(count_over_time({kept} [1m]))"

    def _unwrapped(self, route: str) -> str:
        numbers = f'{self._read} | im_duration =~ "{_NUMBER}" {route}'
        return f'{numbers} | unwrap im_duration | __error__="" {self._range}'


def _parser(log_format: Format) -> str:
    if isinstance(log_format, JsonLines):
        wanted = [(name, path) for name, path in log_format.paths if name in USED]
        return "| json " + ", ".join(f"im_{name}={_raw(_member(path))}" for name, path in wanted)
    pattern = re.sub(
        r"\(\?P<(\w+)>", lambda m: f"(?P<im_{m[1]}>" if m[1] in USED else "(?:", log_format.pattern().pattern
    )
    return f"| regexp {_raw(f'^{pattern}$')}"


def _member(path: str) -> str:
    """`$.request.uri` as `request.uri`, `$."a-b"` as `["a-b"]`."""
    member = path.removeprefix("$.")
    return f"[{member}]" if member.startswith('"') else member


def _raw(text: str) -> str:
    if "`" in text:
        raise ValueError("a format with a back quote cannot be told in LogQL")
    return f"`{text}`"
