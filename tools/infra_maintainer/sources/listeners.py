"""What listens on this machine off loopback, what the machine's own packet filter lets in, and the TLS it speaks."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from infra_maintainer.sources.baseline.firewall import Filter, combine, lets_in, parse_iptables, parse_nft, parse_ufw
from infra_maintainer.sources.baseline.side_by_side import side_by_side
from infra_maintainer.sources.baseline.sight import CLOSED, sight
from infra_maintainer.sources.baseline.tls_evidence import ALSO, QUANTITIES, redirect_evidence, tls_evidence
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.start_tls import StartTls
from infra_maintainer.world.tls import TlsAsk, measure_tls

_STARTTLS: dict[int, StartTls] = {5432: "postgres", 25: "smtp", 587: "smtp", 143: "imap"}
_SHORT_LIMIT_S = 1.0
# ssh encrypts by itself and name servers and time servers are not asked for TLS.
_NO_TLS_WANTED = frozenset({22, 53, 123})
_ELSEWHERE = "security groups and firewalls in front of this host are invisible from here; ask the provider's API"


@source(
    title="listening sockets and the host's packet filter",
    jobs=("security",),
    quantities=("firewall.filters", "firewall.forwarded.ports", "listener.reachable"),
    also=(*QUANTITIES, *ALSO, "ssh.port"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Join sockets with the filter. A filter that cannot be read leaves sockets off loopback as reachable-unknown."""
    outside = [
        each
        for each in survey.once("listeners", lambda: survey.world.host.snapshot("listeners"))
        if _is_outside(str(each["address"]))
    ]
    uses_six = any(":" in str(each["address"]) for each in outside)
    four, failures = _filter(survey, _READERS)
    six, six_failures = _filter(survey, _READERS_6) if uses_six else (None, [])
    unread = failures if four is None else six_failures
    if four is None or (four.state == "filters" and uses_six and six is None):
        worst = _worst(unread)
        for quantity in ("firewall.filters", "firewall.forwarded.ports"):
            how = f"{worst.how}; {_ELSEWHERE}"
            yield survey.missing(quantity, worst.why, worst.detail, how, source="packet filter")
    else:
        whole = four.state == "filters" and (six is None or six.state == "filters")
        says = four.says if six is None else f"IPv4: {four.says}; IPv6: {six.says}"
        forwarded = ", ".join(sorted(four.forwarded)[:20]) or "none"
        yield survey.measured("firewall.filters", whole, source="nft, iptables, ufw", quote=says)
        yield survey.measured("firewall.forwarded.ports", len(four.forwarded), source="nat rules", quote=forwarded)
    yield from _sockets(survey, outside, four, six, unread)


def _filter(survey: Survey, readers: dict[str, Callable[[Survey], Filter]]) -> tuple[Filter | None, list[WorldError]]:
    """What the readers say together, and why those that could not be read were not."""
    known: list[Filter] = []
    failures: list[WorldError] = []
    for name, read in readers.items():
        try:
            known.append(read(survey))
        except WorldError as error:
            failures.append(error)
        except ValueError as error:
            failures.append(WorldError("error", f"{name} printed what we cannot read: {error}", f"run {name} by hand"))
    return combine(known), failures


def _sockets(
    survey: Survey, outside: list[dict[str, Any]], four: Filter | None, six: Filter | None, unread: list[WorldError]
) -> Iterator[AnyEvidence]:
    asked: list[tuple[str, dict[str, Any]]] = []
    for each in outside:
        subject = f"listener:{each['protocol']}/{each['address']}:{each['port']}"
        program = str(each["program"] or _unseen_program(survey))
        address = str(each["address"])
        # A socket on :: takes IPv4 too, unless told otherwise: it is reachable when either filter lets it in.
        ways = [four, six] if address == "::" else [six] if ":" in address else [four]
        known = [way for way in ways if way is not None]
        if not known:
            worst = _worst(unread)
            detail, how = f"the packet filter could not be read ({worst.detail})", f"{worst.how}; {_ELSEWHERE}"
            why = "no_data" if worst.why == "not_supported" else worst.why  # the socket does exist, and matters
            yield survey.missing("listener.reachable", why, detail, how, subject=subject, source="listeners")
        else:
            reachable = any(lets_in(way, str(each["protocol"]), int(each["port"])) for way in known)
            yield survey.measured("listener.reachable", reachable, subject=subject, source="listeners", quote=program)
        if program == "sshd":
            yield survey.measured("ssh.port", int(each["port"]), source="listeners")
        elif each["protocol"] == "tcp" and each["port"] not in _NO_TLS_WANTED:
            asked.append((subject, each))
    yield from side_by_side(survey, asked, lambda one: _tls(survey, *one))
    if not outside:
        yield survey.measured(
            "listener.reachable", False, subject="listener:none", source="listeners", quote="all sockets on loopback"
        )


def _worst(unread: list[WorldError]) -> WorldError:
    """The reason that tells most: a program that is not installed says nothing of the filter."""
    silent = WorldError("no_data", "no program told whether it filters", "run nft list ruleset by hand")
    return next((each for each in unread if each.why != "not_supported"), unread[0] if unread else silent)


def _unseen_program(survey: Survey) -> str:
    needs = sight(survey, "CAP_SYS_PTRACE")
    said = "no program seen behind it"
    return f"{said}: {CLOSED}" if needs.closed else f"{said}; to see it, {needs.how}"


def _tls(survey: Survey, subject: str, each: dict[str, Any]) -> Iterator[AnyEvidence]:
    address = ipaddress.ip_address(str(each["address"]))
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(address), str(address))  # noqa: S104
    port = int(each["port"])
    ask = TlsAsk(host=host, port=port, starttls=_STARTTLS.get(port), limit_s=_SHORT_LIMIT_S)
    try:
        shaken = measure_tls(survey.world, ask)
        if shaken.greeting in ("smtp", "imap"):
            shaken = measure_tls(survey.world, ask.model_copy(update={"starttls": shaken.greeting}))
    except WorldError as error:
        yield survey.missing("tls.offered", error.why, error.detail, error.how, subject=subject, source="handshake")
        return
    if shaken.greeting == "ssh":
        # Root sees the program's name; an ordinary user knows it by what it says. ssh encrypts by itself.
        yield survey.measured("ssh.port", port, source="greeting of the port")
        return
    if shaken.greeting == "mysql":
        detail, how = (
            "MySQL changes to TLS in its own handshake",
            "declare it as a service, or ask: SHOW STATUS LIKE 'Ssl%'",
        )
        yield survey.missing("tls.offered", "not_supported", detail, how, subject=subject, source="handshake")
        return
    yield from tls_evidence(survey, subject, shaken, named=False)
    if shaken.speaks_tls == "no":
        yield from redirect_evidence(survey, subject, host, port)


def _is_outside(address: str) -> bool:
    return not ipaddress.ip_address(address.split("%")[0]).is_loopback


def _output(survey: Survey, command: str) -> str:
    output = survey.world.host.run(command)
    if output.code != 0:
        said = (output.stderr or output.stdout).strip().splitlines()
        denied = any(word in output.stderr for word in ("permitted", "ermission", "root"))
        how = sight(survey, "CAP_NET_ADMIN").how if denied else "run it by hand and read its complaint"
        raise WorldError("denied" if denied else "error", f"{command}: {said[-1] if said else output.code}", how)
    return output.stdout


def _iptables(survey: Survey) -> Filter:
    return parse_iptables(_output(survey, "iptables_rules"), _output(survey, "iptables_nat_rules"))


_READERS: dict[str, Callable[[Survey], Filter]] = {
    "nft": lambda survey: parse_nft(_output(survey, "nft_ruleset")),
    "iptables": _iptables,
    "ufw": lambda survey: parse_ufw(_output(survey, "ufw_status")),
}
_READERS_6: dict[str, Callable[[Survey], Filter]] = {
    "nft": lambda survey: parse_nft(_output(survey, "nft_ruleset"), 6),
    "ip6tables": lambda survey: parse_iptables(_output(survey, "ip6tables_rules")),
    "ufw": lambda survey: parse_ufw(_output(survey, "ufw_status")),
}
