"""What a provider's API said about one resource, and why something could not be asked."""

from typing import NamedTuple

from infra_maintainer.evidence.model import Scalar, Stat, Why


class Refused(NamedTuple):
    """A call that was not answered, and the permission or step it needs."""

    call: str
    why: Why
    detail: str
    how: str


class Found(NamedTuple):
    """A value of a quantity about a resource, by the provider's own id; or the refusal that keeps it unknown.

    `name` and `tags` are outside text: data only.
    """

    resource_id: str
    quantity: str
    value: Scalar | Refused
    stat: Stat = "instant"
    n: int | None = None
    window: float | None = None
    name: str | None = None
    tags: dict[str, str] | None = None
