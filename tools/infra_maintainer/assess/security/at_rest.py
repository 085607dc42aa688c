"""Is what is worth protecting encrypted on its way to the disk?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import expected
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(
    title="encryption at rest",
    quantities=("storage.encrypted", "swap.encrypted"),
    policies=("security.at_rest.data", "security.at_rest.swap"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Sensitive paths, key files of encrypted devices, swap."""
    yield from expected(
        facts,
        policy,
        quantity="storage.encrypted",
        rule="security.at_rest.data",
        code="not_encrypted_at_rest",
        good=lambda record: "is encrypted on its way to the disk",
        bad=lambda record: (
            "the key of an encrypted device lies on a disk in clear: claim encrypted, reality open"
            if record.subject.startswith("key_file:")
            else "no layer of encryption lies between it and the disk"
        ),
        matters="A stolen, sold or returned disk gives the data away.",
        do="Move it to an encrypted volume (LUKS, or the provider's volume encryption with your key).",
    )
    yield from expected(
        facts,
        policy,
        quantity="swap.encrypted",
        rule="security.at_rest.swap",
        code="swap_in_clear",
        good=lambda record: "swap is encrypted",
        bad=lambda record: "swap lies on the disk in clear",
        matters="Swap holds what was in memory: keys, passwords, customers' data.",
        do="Use zram, an encrypted swap (crypttab with /dev/urandom), or none.",
    )
