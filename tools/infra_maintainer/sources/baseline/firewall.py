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
    names = _reached([_place(chain) for chain in inputs], rules)
    reached = [rule for rule in rules if (rule["family"], rule["table"], rule["chain"]) in names]
    drops = any(chain.get("policy") == "drop" for chain in inputs) or any(_drops_all(rule) for rule in reached)
    allowed = frozenset(port for rule in reached if _verdict(rule) == "accept" for port in _nft_ports(rule))
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


def _reached(start: list[tuple[str, str, str]], rules: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    seen, waiting = set(start), list(start)
    while waiting:
        place = waiting.pop()
        for rule in rules:
            if (rule["family"], rule["table"], rule["chain"]) != place:
                continue
            for step in rule.get("expr", []):
                target = (step.get("jump") or step.get("goto") or {}).get("target")
                following = (place[0], place[1], str(target))
                if target and following not in seen:
                    seen.add(following)
                    waiting.append(following)
    return seen


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
    drops = (policy is not None and policy[1] == "DROP") or any(
        re.fullmatch(r"-j (DROP|REJECT)( .*)?", rule) for rule in reached
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
    allowed = frozenset.intersection(*(each.allowed for each in closed))
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
