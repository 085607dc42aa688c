"""TLS handshakes to checked addresses only, as a world records and replays them."""

from collections.abc import Callable
from typing import Any

from infra_maintainer.evidence.model import Frozen
from infra_maintainer.world.address_guard import admit
from infra_maintainer.world.handshake import Handshake, measure_handshake
from infra_maintainer.world.http import resolve
from infra_maintainer.world.start_tls import StartTls
from infra_maintainer.world.world import World


class TlsAsk(Frozen):
    """A TLS port to measure, by name or address."""

    host: str
    port: int
    starttls: StartTls | None = None
    ca_file: str | None = None
    limit_s: float = 3.0


def measure_tls(world: World, ask: TlsAsk, resolver: Callable[[str, int], list[str]] = resolve) -> Handshake:
    """One handshake per version, then one as a client that verifies, all within the ask's limit.

    The name is resolved once, every address of it is checked, and the checked one is used. Raise WorldError when the
    name does not resolve or its address may not be reached.
    """

    def live() -> dict[str, Any]:
        address, _ = admit(ask.host, resolver(ask.host, ask.port), came_from=None)
        limit_s = min(ask.limit_s, world.deadline.remaining())
        shaken = measure_handshake(
            address, ask.port, server_name=ask.host, starttls=ask.starttls, ca_file=ask.ca_file, limit_s=limit_s
        )
        return shaken.model_dump(mode="json")

    return Handshake.model_validate(world.engine("tls", ask.model_dump(mode="json"), live))
