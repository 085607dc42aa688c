"""Which network addresses may be reached: never metadata services, link-local or special ranges, however written."""

import ipaddress
from typing import Literal

from infra_maintainer.world.failure import WorldError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Class = Literal["public", "private", "loopback", "metadata", "link-local", "special"]

# Instance metadata services: AWS, GCP and most others; Azure has a wire server besides; Alibaba; Oracle.
_METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in (
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    )
)
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"})
_ISATAP = (0x00005EFE, 0x02005EFE)  # the interface identifier that carries an IPv4 address (RFC 5214)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries (mapped, compatible, 6to4, NAT64, Teredo, ISATAP), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _NAT64) or int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return low
    is_compatible = int(address) >> 32 == 0 and int(address) > 1
    return low if is_compatible else address


def class_of(address: Address) -> Class:
    """The class of an address, judged by the IPv4 address inside it when there is one."""
    inner = embedded(address)
    if address in _METADATA or inner in _METADATA:
        return "metadata"
    if inner.is_link_local or address.is_link_local:
        return "link-local"
    if inner.is_unspecified or inner.is_multicast or (inner.is_reserved and not inner.is_loopback):
        return "special"
    if inner.is_loopback:
        return "loopback"
    if isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local:
        return "private"
    return "public" if inner.is_global else "private"


def admit(host: str, addresses: list[str], *, came_from: Class | None) -> tuple[str, Class]:
    """The address to connect to, and its class. Every resolved address is looked at, not only the first.

    `came_from` is the class of the address that redirected here, None for a target the user named: a user may name a
    private address, a redirect from a public one may not lead there. Raises WorldError(denied) with the reason.
    """
    if not addresses:
        raise WorldError("unreachable", f"{host} resolves to no address", "check the name")
    if host.lower().rstrip(".") in METADATA_NAMES:
        raise WorldError("denied", f"{host} is a metadata service: refused", "name a real service")
    classes: list[Class] = [class_of(ipaddress.ip_address(address.split("%")[0])) for address in addresses]
    for address, its in zip(addresses, classes, strict=True):
        if its in ("metadata", "link-local", "special"):
            raise WorldError("denied", f"{host} resolves to {address}, a {its} address: refused", "name a real service")
        if came_from == "public" and its != "public":
            raise WorldError(
                "denied",
                f"redirect from a public address to {host} ({address}, {its}): refused",
                "name the inner address yourself when you mean it",
            )
        if came_from == "private" and its == "loopback":
            raise WorldError("denied", f"redirect to {host} ({address}, loopback): refused", "name it yourself")
    return addresses[0], classes[0]
