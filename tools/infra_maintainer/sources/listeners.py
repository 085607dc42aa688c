"""What listens on this machine off loopback, what the machine's own packet filter lets in, and the TLS it speaks."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from infra_maintainer.sources.baseline.firewall import Filter, combine, lets_in, parse_iptables, parse_nft, parse_ufw
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
    known: list[Filter] = []
    failures: list[WorldError] = []
    for name, read in _READERS.items():
        try:
            known.append(read(survey))
        except WorldError as error:
            failures.append(error)
        except ValueError as error:
            failures.append(WorldError("error", f"{name} printed what we cannot read: {error}", f"run {name} by hand"))
    whole = combine(known)
    if whole is None:
        worst = next((each for each in failures if each.why != "not_supported"), failures[0])
        for quantity in ("firewall.filters", "firewall.forwarded.ports"):
            yield survey.missing(
                quantity, worst.why, worst.detail, f"{worst.how}; {_ELSEWHERE}", source="packet filter"
            )
    else:
        forwarded = ", ".join(sorted(whole.forwarded)[:20]) or "none"
        yield survey.measured(
            "firewall.filters", whole.state == "filters", source="nft, iptables, ufw", quote=whole.says
        )
        yield survey.measured("firewall.forwarded.ports", len(whole.forwarded), source="nat rules", quote=forwarded)
    yield from _sockets(survey, whole)


def _sockets(survey: Survey, whole: Filter | None) -> Iterator[AnyEvidence]:
    outside = [each for each in survey.world.host.snapshot("listeners") if _is_outside(str(each["address"]))]
    for each in outside:
        subject = f"listener:{each['protocol']}/{each['address']}:{each['port']}"
        program = str(each["program"] or "a program that only root may see")
        if whole is None:
            how = f"run as root (CAP_NET_ADMIN reads the filter); {_ELSEWHERE}"
            why = "the packet filter could not be read"
            yield survey.missing("listener.reachable", "denied", why, how, subject=subject, source="listeners")
        else:
            reachable = lets_in(whole, str(each["protocol"]), int(each["port"]))
            yield survey.measured("listener.reachable", reachable, subject=subject, source="listeners", quote=program)
        if program == "sshd":
            yield survey.measured("ssh.port", int(each["port"]), source="listeners")
        elif each["protocol"] == "tcp" and each["port"] not in _NO_TLS_WANTED:
            yield from _tls(survey, subject, each)
    if not outside:
        yield survey.measured(
            "listener.reachable", False, subject="listener:none", source="listeners", quote="all sockets on loopback"
        )


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
        raise WorldError(
            "denied" if denied else "error",
            f"{command}: {said[-1] if said else output.code}",
            "run as root (CAP_NET_ADMIN)",
        )
    return output.stdout


def _iptables(survey: Survey) -> Filter:
    return parse_iptables(_output(survey, "iptables_rules"), _output(survey, "iptables_nat_rules"))


_READERS: dict[str, Callable[[Survey], Filter]] = {
    "nft": lambda survey: parse_nft(_output(survey, "nft_ruleset")),
    "iptables": _iptables,
    "ufw": lambda survey: parse_ufw(_output(survey, "ufw_status")),
}
