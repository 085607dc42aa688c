"""What the host's own packet filter lets in: nftables, iptables and ufw, and the container rules that pass them by."""

import json
import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

State = Literal["filters", "open", "unknown"]


class Filter(NamedTuple):
    """One filter as printed: what happens to a packet that no rule names, the ports let in, and forwarded ports.

    `state` is `filters` only when the input path drops by default; an empty table or policy ACCEPT is `open`.
    `forwarded` lists the ports that are translated to another address before the input rules see them.
    """

    state: State
    allowed: frozenset[str]
    forwarded: frozenset[str]
    says: str


def parse_nft(text: str, version: Literal[4, 6] = 4) -> Filter:
    """Read `nft -j list ruleset` for one version of IP: a table of family ip says nothing about IPv6.

    Raise ValueError when it is not JSON of nftables.
    """
    families = ("inet", "ip" if version == 4 else "ip6")
    try:
        return _nft(json.loads(text)["nftables"], families)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a ruleset of nftables: {error}") from error


def _nft(items: list[dict[str, Any]], families: tuple[str, str]) -> Filter:
    chains = [item["chain"] for item in items if "chain" in item and item["chain"]["family"] in families]
    rules = [item["rule"] for item in items if "rule" in item and item["rule"]["family"] in families]
    inputs = [chain for chain in chains if chain.get("hook") == "input" and chain.get("type") == "filter"]
    start = [_place(chain) for chain in inputs]
    names, always = _reached(start, rules, always=False), _reached(start, rules, always=True)
    reached = [rule for rule in rules if _place_of(rule) in names]
    # A drop in a chain that only some packets enter is no default.
    drops = any(chain.get("policy") == "drop" for chain in inputs) or any(
        _drops_all(rule) for rule in reached if _place_of(rule) in always
    )
    allowed = frozenset(port for rule in reached for port in _accepted(rule))
    forwarded = frozenset(port for rule in rules if _verdict(rule) in ("dnat", "redirect") for port in _nft_ports(rule))
    if not inputs:
        return Filter("open", frozenset(), forwarded, "no chain filters input")
    if not drops:
        return Filter("open", allowed, forwarded, f"{len(inputs)} input chains, none of which drops by default")
    opens = any(_verdict(rule) == "accept" and not _conditions(rule) for rule in reached)
    if opens:
        return Filter("open", allowed, forwarded, "a rule accepts everything before the default drop")
    return Filter("filters", allowed, forwarded, f"{len(reached)} input rules, default drop")


def _place(chain: dict[str, Any]) -> tuple[str, str, str]:
    return chain["family"], chain["table"], chain["name"]


def _place_of(rule: dict[str, Any]) -> tuple[str, str, str]:
    return rule["family"], rule["table"], rule["chain"]


def _reached(
    start: list[tuple[str, str, str]], rules: list[dict[str, Any]], *, always: bool
) -> set[tuple[str, str, str]]:
    """The chains that packets may come to, or with `always` that every packet comes to."""
    seen, waiting = set(start), list(start)
    while waiting:
        place = waiting.pop()
        for rule in rules:
            if _place_of(rule) != place or (always and len(_conditions(rule)) > 1):
                continue
            for target in _targets(rule):
                following = (place[0], place[1], target)
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
    return seen


def _targets(rule: dict[str, Any]) -> Iterable[str]:
    for step in rule.get("expr", []):
        verdicts = [step, *(verdict for _, verdict in _map_of(step))]
        for verdict in verdicts:
            jump = verdict.get("jump") or verdict.get("goto")
            if jump:
                yield str(jump["target"])


def _map_of(step: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """The pairs of a verdict map, such as `tcp dport vmap { 22 : accept }`."""
    data = step.get("vmap", {}).get("data", {}) if isinstance(step.get("vmap"), dict) else {}
    return [(pair[0], pair[1]) for pair in data.get("set", [])] if isinstance(data, dict) else []


def _accepted(rule: dict[str, Any]) -> Iterable[str]:
    """The ports that one rule lets in; a rule that names a protocol and nothing else lets in all of its ports."""
    if _verdict(rule) == "accept":
        yield from _nft_ports(rule)
        protocols = [_protocol(step) for step in _conditions(rule)]
        if len(protocols) == 1 and protocols[0]:
            yield f"{protocols[0]}/0-65535"
    for step in rule.get("expr", []):
        payload = step.get("vmap", {}).get("key", {}) if isinstance(step.get("vmap"), dict) else {}
        field = payload.get("payload", {}) if isinstance(payload, dict) else {}
        if field.get("field") == "dport":
            yield from (f"{field['protocol']}/{port}" for port, verdict in _map_of(step) if "accept" in verdict)


def _protocol(step: dict[str, Any]) -> str | None:
    match = step.get("match", {})
    left = match.get("left", {})
    is_protocol = left.get("meta", {}).get("key") == "l4proto" or left.get("payload", {}).get("field") == "protocol"
    return match["right"] if is_protocol and match.get("op") == "==" and match.get("right") in ("tcp", "udp") else None


def _verdict(rule: dict[str, Any]) -> str:
    for step in reversed(rule.get("expr", [])):
        for word in ("accept", "drop", "reject", "dnat", "redirect"):
            if word in step:
                return word
    return ""


def _conditions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in rule.get("expr", []) if not {"counter", "log", "accept"} & step.keys()]


def _drops_all(rule: dict[str, Any]) -> bool:
    expr = [step for step in rule.get("expr", []) if "counter" not in step and "log" not in step]
    return len(expr) == 1 and ("drop" in expr[0] or "reject" in expr[0])


def _nft_ports(rule: dict[str, Any]) -> Iterable[str]:
    for step in rule.get("expr", []):
        match = step.get("match", {})
        payload = match.get("left", {}).get("payload", {}) if isinstance(match.get("left"), dict) else {}
        if payload.get("field") == "dport" and match.get("op") == "==":
            right = match["right"]
            for port in right["set"] if isinstance(right, dict) and "set" in right else [right]:
                if isinstance(port, dict) and "range" in port:
                    yield f"{payload['protocol']}/{port['range'][0]}-{port['range'][1]}"
                else:
                    yield f"{payload['protocol']}/{port}"


def parse_iptables(filter_rules: str, nat_rules: str = "") -> Filter:
    """Read `iptables -S` and `iptables -t nat -S`. A default policy ACCEPT without a final drop is open."""
    policy = re.search(r"^-P INPUT (\S+)", filter_rules, re.MULTILINE)
    appended = re.findall(r"^-A (\S+) (.*)$", filter_rules, re.MULTILINE)
    names, waiting = {"INPUT"}, ["INPUT"]
    while waiting:
        chain = waiting.pop()
        for place, rule in appended:
            target = re.search(r"-[jg] (\S+)", rule)
            if place == chain and target and target[1] not in names:
                names.add(target[1])
                waiting.append(target[1])
    reached = [rule for place, rule in appended if place in names]
    always = {
        "INPUT",
        *(rule.removeprefix("-j ") for place, rule in appended if place == "INPUT" and " " not in rule[3:]),
    }
    drops = (policy is not None and policy[1] == "DROP") or any(
        re.fullmatch(r"-j (DROP|REJECT)( .*)?", rule) for place, rule in appended if place in always
    )
    opens = any(place == "INPUT" and rule == "-j ACCEPT" for place, rule in appended)
    allowed = frozenset(_iptables_ports(rule for rule in reached if "-j ACCEPT" in rule))
    nat = [rule for _, rule in re.findall(r"^-A (\S+) (.*)$", nat_rules, re.MULTILINE)]
    forwarded = frozenset(_iptables_ports(rule for rule in nat if "-j DNAT" in rule or "-j REDIRECT" in rule))
    if policy is None:
        return Filter("unknown", allowed, forwarded, "no INPUT policy in what iptables printed")
    if not drops or opens:
        return Filter("open", allowed, forwarded, f"INPUT policy {policy[1]}, {len(reached)} rules, no default drop")
    return Filter("filters", allowed, forwarded, f"INPUT policy {policy[1]}, {len(reached)} rules")


def _iptables_ports(rules: Iterable[str]) -> Iterable[str]:
    for rule in rules:
        protocol = re.search(r"-p (\w+)", rule)
        ports = re.search(r"--dports? (\S+)", rule)
        if protocol and ports:
            for port in ports[1].split(","):
                yield f"{protocol[1]}/{port.replace(':', '-')}"
        elif protocol and re.fullmatch(r"-p \w+( -m (tcp|udp|comment))*( --comment (\"[^\"]*\"|\S+))? -j ACCEPT", rule):
            yield f"{protocol[1]}/0-65535"


def parse_ufw(text: str) -> Filter:
    """Read `ufw status verbose`. Only the exact word `active` is a firewall; `inactive` contains it and is none."""
    status = re.search(r"^Status: (\S+)$", text, re.MULTILINE)
    if status is None:
        return Filter("unknown", frozenset(), frozenset(), "ufw printed no status")
    if status[1] != "active":
        return Filter("open", frozenset(), frozenset(), f"ufw is {status[1]}")
    default = re.search(r"^Default: (\w+) \(incoming\)", text, re.MULTILINE)
    allowed: set[str] = set()
    for port, protocol in re.findall(r"^(\d+(?::\d+)?)(?:/(\w+))?\s.*\bALLOW IN\b", text, re.MULTILINE):
        allowed.update(f"{each}/{port.replace(':', '-')}" for each in ([protocol] if protocol else ["tcp", "udp"]))
    if default is None or default[1] not in ("deny", "reject"):
        return Filter("open", frozenset(allowed), frozenset(), "ufw is active and does not deny incoming by default")
    return Filter("filters", frozenset(allowed), frozenset(), "ufw is active, incoming denied by default")


def combine(filters: Iterable[Filter]) -> Filter | None:
    """Join what the tools say of the one kernel filter: one default drop is enough, forwarding of any counts."""
    known = [each for each in filters if each.state != "unknown"]
    if not known:
        return None
    forwarded = frozenset().union(*(each.forwarded for each in known))
    closed = [each for each in known if each.state == "filters"]
    if not closed:
        return known[0]._replace(forwarded=forwarded)
    # What one program lists another may show in a form that is not read: then the port counts as let in.
    allowed = frozenset().union(*(each.allowed for each in closed))
    return closed[0]._replace(allowed=allowed, forwarded=forwarded)


def lets_in(packet_filter: Filter, protocol: str, port: int) -> bool:
    """Tell whether a packet from outside to this local port passes, as far as port rules say."""
    if packet_filter.state != "filters":
        return True
    return any(_covers(each, protocol, port) for each in packet_filter.allowed)


def _covers(rule: str, protocol: str, port: int) -> bool:
    kind, _, ports = rule.partition("/")
    low, _, high = ports.partition("-")
    if kind not in (protocol, "th") or not low.isdigit():
        # A service name that we do not resolve: taken as open, the worse case.
        return kind in (protocol, "th")
    return int(low) <= port <= int(high or low)
