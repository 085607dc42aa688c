"""Our questions about requests in Loki's language, from the declared format of the lines.

Written by the documentation of LogQL and checked by its published grammar; not yet run against a real Loki. Names of
extracted labels begin with `im_`: a stream may have labels of its own that are called `status` or `method`.
"""

import re
from collections.abc import Sequence

from infra_maintainer.logs.classes import HEALTH, IDENTIFIER, MACHINE, NO_AGENT, PROBE, REQUEST, STATIC
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import FieldName

FAILING = "5..|408|499|460|444|0|-1"
USED: tuple[FieldName, ...] = ("request", "method", "target", "status", "duration", "upstream_status", "agent")
_FOLD = IDENTIFIER + r"\\b"  # inside a template's quoted string
_NUMBER = r"[+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?"


def _within(pattern: str) -> str:
    """The pattern anywhere in a label, which is compared with the whole of an expression."""
    return f"`.*(?:{pattern}).*`"


_IS_HEALTH, _IS_STATIC = f"im_route =~ {_within(HEALTH)}", f"im_route =~ {_within(STATIC)}"
_IS_REQUEST = f"im_route =~ {_within(REQUEST)}"
_IS_PROBE, _IS_MACHINE = f"im_agent =~ {_within(PROBE)}", f"im_agent =~ {_within(MACHINE)}"


def _no(test: str) -> str:
    return test.replace("=~", "!~", 1)


class Questions:
    """Metric queries over the lines of one stream selector and one time range; about users where no other is named.

    Without user agents in the format, programs count as users. Paths that never existed are routes like any other: to
    know that a path never existed takes a second question for each.
    """

    def __init__(self, selector: str, log_format: Format, seconds: int) -> None:
        """Raise ValueError for a format that cannot be told in LogQL."""
        fields = log_format.fields()
        if "duration_2" in fields or "status" not in fields or not fields & {"request", "target"}:
            raise ValueError(f"{log_format.name} has no single duration, no status or no path")
        self.times, self.tries = "duration" in fields, "upstream_status" in fields
        self.agents = "agent" in fields
        self._range = f"[{seconds}s]"
        self._all = selector
        self._read = f'{selector} {_parser(log_format)} | im_status != ""'
        asked = ".im_request" if "request" in fields else '(print .im_method " " .im_target)'
        cut = rf'(regexReplaceAll "[?].*$| HTTP/[0-9.]+$" {asked} "")'
        self._route = f'| label_format im_route=`{{{{ regexReplaceAll "{_FOLD}" {cut} "/:id" }}}}`'
        self._not_programs = f"{self._read} | {_no(_IS_PROBE)} | {_no(_IS_MACHINE)}" if self.agents else self._read
        self._users = f"{self._not_programs} {self._route} | {_IS_REQUEST} | {_no(_IS_HEALTH)} | {_no(_IS_STATIC)}"

    def lines(self) -> str:
        """How many lines there are, whatever they hold."""
        return f"sum(count_over_time({self._all} {self._range}))"

    def health(self) -> str:
        """Requests of health checks per status, by their path or by what they call themselves."""
        tests = f"{_IS_PROBE} or {_IS_HEALTH}" if self.agents else _IS_HEALTH
        return f"sum by (im_status) (count_over_time({self._read} {self._route} | {tests} {self._range}))"

    def bots(self) -> str:
        """Requests of programs that are no health checks; only where there are agents."""
        kept = f"{self._read} | {_no(_IS_PROBE)} | {_IS_MACHINE} {self._route} | {_no(_IS_HEALTH)}"
        return f"sum(count_over_time({kept} {self._range}))"

    def agents_named(self) -> str:
        """Requests that name a user agent; only where the format has a place for it."""
        none = "|".join(filter(None, NO_AGENT))
        return f'sum(count_over_time({self._read} | im_agent != "" | im_agent !~ `{none}` {self._range}))'

    def static(self) -> str:
        """Requests for static files."""
        kept = f"{self._not_programs} {self._route} | {_no(_IS_HEALTH)} | {_IS_STATIC}"
        return f"sum(count_over_time({kept} {self._range}))"

    def nobodys(self) -> str:
        """Lines that hold no request."""
        return f"sum(count_over_time({self._not_programs} {self._route} | {_no(_IS_REQUEST)} {self._range}))"

    def statuses(self, *, by_route: bool) -> str:
        """Requests per status: of all, or only the failed ones per route."""
        if not by_route:
            return f"sum by (im_status) (count_over_time({self._users} {self._range}))"
        failed = f'{self._users} | im_status =~ "{FAILING}"'
        return f"sum by (im_route, im_status) (count_over_time({failed} {self._range}))"

    def routes(self, most: int) -> str:
        """Requests of the busiest routes."""
        return f"topk({most}, sum by (im_route) (count_over_time({self._users} {self._range})))"

    def wanted(self, routes: Sequence[str]) -> str:
        """Requests of these routes, by any method where they name none."""
        return f"sum by (im_route) (count_over_time({self._users} | {_is_one_of(routes)} {self._range}))"

    def late(self, routes: Sequence[str], limit: float) -> str:
        """Requests of these routes that were answered, and later than the limit, in the unit of the log."""
        number = f"{limit:.9f}".rstrip("0").rstrip(".")
        kept = (
            f'{self._users} | {_is_one_of(routes)} | im_status !~ "{FAILING}" | im_duration =~ "{_NUMBER}" '
            f"| im_duration > {number}"
        )
        return f"sum by (im_route) (count_over_time({kept} {self._range}))"

    def route_count(self) -> str:
        """How many routes there are."""
        return f"count(sum by (im_route) (count_over_time({self._users} {self._range})))"

    def timed(self, *, by_route: bool) -> str:
        """Requests that carry a duration."""
        return f'{_sum(by_route)} (count_over_time({self._users} | im_duration =~ "{_NUMBER}" {self._range}))'

    def time(self, *, by_route: bool) -> str:
        """Durations summed, in the unit of the log."""
        return f"{_sum(by_route)} (sum_over_time({self._unwrapped('')}))"

    def quantile(self, share: float, *, by_route: bool) -> str:
        """A percentile of the durations. Inside `max` a server computes it from all samples, never from sketches."""
        inner = self._unwrapped("" if by_route else "| label_format im_route=`*`")
        return f"max by (im_route) (quantile_over_time({share}, {inner}) by (im_route))"

    def retried(self, *, by_route: bool, hidden: bool) -> str:
        """Requests of several attempts at an upstream; with `hidden` only those that ended well."""
        kept = f'{self._users} | im_upstream_status =~ ".*,.*"'
        if hidden:
            kept += f' | im_status !~ "{FAILING}"'
        return f"{_sum(by_route)} (count_over_time({kept} {self._range}))"

    def minutes(self, *, failed: bool) -> str:
        """Requests of users in a minute, or the failed ones, for a range of evaluations a minute apart."""
        kept = f'{self._users} | im_status =~ "{FAILING}"' if failed else self._users
        return f"sum(count_over_time({kept} [1m]))"

    def _unwrapped(self, more: str) -> str:
        numbers = f'{self._users} | im_duration =~ "{_NUMBER}" {more}'
        return f'{numbers} | unwrap im_duration | __error__="" {self._range}'


def _sum(by_route: bool) -> str:
    return "sum by (im_route)" if by_route else "sum"


def _is_one_of(routes: Sequence[str]) -> str:
    escaped = ((each, re.escape(each).replace("`", r"\x60")) for each in routes)
    return f"im_route =~ `{'|'.join(text if ' ' in each else rf'[^ ]+ {text}' for each, text in escaped)}`"


def _parser(log_format: Format) -> str:
    if isinstance(log_format, JsonLines):
        first = {name: path for name, path in reversed(log_format.paths) if name in USED}
        members = ", ".join(f"im_{name}={_raw(_member(path))}" for name, path in first.items())
        if log_format.other_log is None:
            return f"| json {members}"
        path, begin = log_format.other_log
        return f"| json {members}, im_log={_raw(_member(path))} | im_log !~ {_raw(re.escape(begin) + '.*')}"
    pattern = re.sub(
        r"\(\?P<(\w+)>", lambda m: f"(?P<im_{m[1]}>" if m[1] in USED else "(?:", log_format.pattern().pattern
    )
    return f"| regexp {_raw(f'^{pattern}$')}"


def _member(path: str) -> str:
    """`$.request.uri` as `request.uri`, `$."a-b"` as `["a-b"]`, `$.a."b-c"[0]` as `a["b-c"][0]`."""
    return re.sub(r'\.("[^"]*")', r"[\1]", path.removeprefix("$")).removeprefix(".")


def _raw(text: str) -> str:
    if "`" in text:
        raise ValueError("a format with a back quote cannot be told in LogQL")
    return f"`{text}`"
