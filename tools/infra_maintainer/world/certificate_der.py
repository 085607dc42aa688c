"""The few fields of an X.509 certificate that a baseline asks for, read from DER without a cryptography library."""

import ipaddress
from datetime import UTC, datetime
from typing import NamedTuple


class Certificate(NamedTuple):
    """What a server's certificate says of itself; nothing here is verified."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    signature: str
    key: str
    key_bits: int

    @property
    def lifetime_days(self) -> int:
        """Whole days between the two validity dates."""
        return (self.not_after - self.not_before).days


_OIDS = {
    "1.2.840.113549.1.1.1": "rsa",
    "1.2.840.10045.2.1": "ec",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
    "1.2.840.113549.1.1.4": "rsa-md5",
    "1.2.840.113549.1.1.5": "rsa-sha1",
    "1.2.840.113549.1.1.10": "rsa-pss",
    "1.2.840.113549.1.1.11": "rsa-sha256",
    "1.2.840.113549.1.1.12": "rsa-sha384",
    "1.2.840.113549.1.1.13": "rsa-sha512",
    "1.2.840.10045.4.1": "ecdsa-sha1",
    "1.2.840.10045.4.3.2": "ecdsa-sha256",
    "1.2.840.10045.4.3.3": "ecdsa-sha384",
    "1.2.840.10045.4.3.4": "ecdsa-sha512",
    "2.5.4.3": "CN",
    "2.5.4.10": "O",
    "2.5.29.17": "subjectAltName",
}
_CURVE_BITS = {"1.2.840.10045.3.1.7": 256, "1.3.132.0.34": 384, "1.3.132.0.35": 521, "1.3.132.0.10": 256}
_UTC_TIME, _CONTEXT_0, _CONTEXT_3 = 0x17, 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87


class _Node(NamedTuple):
    tag: int
    body: bytes


def parse_certificate(der: bytes) -> Certificate:
    """Read one DER certificate (RFC 5280 section 4.1). Raise ValueError when it is not one."""
    try:
        (certificate,) = _nodes(der)
        body, signature, _ = _nodes(certificate.body)
        fields = _nodes(body.body)
        if fields[0].tag == _CONTEXT_0:
            fields = fields[1:]
        _, _, issuer, validity, subject, key = fields[:6]
        extensions = [node for node in fields[6:] if node.tag == _CONTEXT_3]
        start, end = _nodes(validity.body)
        kind, bits = _key(key)
        return Certificate(
            subject=_name(subject),
            issuer=_name(issuer),
            not_before=_time(start),
            not_after=_time(end),
            names=_alternative_names(extensions),
            signature=_oid(_nodes(signature.body)[0].body),
            key=kind,
            key_bits=bits,
        )
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"not a certificate: {error}") from error


def _nodes(data: bytes) -> list[_Node]:
    nodes: list[_Node] = []
    position = 0
    while position < len(data):
        tag, length, position = data[position], data[position + 1], position + 2
        if length & 0x80:
            size = length & 0x7F
            length, position = int.from_bytes(data[position : position + size], "big"), position + size
        if position + length > len(data):
            raise ValueError("not a certificate: a length reaches beyond the end")
        nodes.append(_Node(tag, data[position : position + length]))
        position += length
    return nodes


def _oid(body: bytes) -> str:
    dotted = _dotted(body)
    return _OIDS.get(dotted, dotted)


def _dotted(body: bytes) -> str:
    parts, value = [str(min(body[0] // 40, 2)), str(body[0] - 40 * min(body[0] // 40, 2))], 0
    for byte in body[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(str(value))
            value = 0
    return ".".join(parts)


def _time(node: _Node) -> datetime:
    text = node.body.decode("ascii")
    if node.tag == _UTC_TIME:
        # RFC 5280: two-digit years from 50 on are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _name(node: _Node) -> str:
    parts: dict[str, str] = {}
    for relative in _nodes(node.body):
        for pair in _nodes(relative.body):
            kind, value = _nodes(pair.body)[:2]
            parts.setdefault(_oid(kind.body), value.body.decode("utf-8", "replace"))
    return parts.get("CN") or parts.get("O") or "unnamed"


def _key(node: _Node) -> tuple[str, int]:
    algorithm, public = _nodes(node.body)
    identifiers = _nodes(algorithm.body)
    kind = _oid(identifiers[0].body)
    if kind == "rsa":
        # A BIT STRING begins with the count of unused bits.
        (numbers,) = _nodes(public.body[1:])
        return kind, int.from_bytes(_nodes(numbers.body)[0].body, "big").bit_length()
    if kind == "ec" and len(identifiers) > 1:
        return kind, _CURVE_BITS.get(_dotted(identifiers[1].body), 0)
    return kind, {"ed25519": 256, "ed448": 448}.get(kind, 0)


def _alternative_names(extensions: list[_Node]) -> tuple[str, ...]:
    names: list[str] = []
    for wrapper in extensions:
        for extension in _nodes(_nodes(wrapper.body)[0].body):
            parts = _nodes(extension.body)
            if _oid(parts[0].body) != "subjectAltName":
                continue
            for name in _nodes(_nodes(parts[-1].body)[0].body):
                if name.tag == _DNS_NAME:
                    names.append(name.body.decode("ascii", "replace"))
                elif name.tag == _IP_ADDRESS:
                    names.append(str(ipaddress.ip_address(name.body)))
    return tuple(names)
