"""Do repository, data and key fall together?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.yes_no import must_be, name, said


@check(
    title="repositories lie apart from their data and keys",
    quantities=("backup.same_disk", "backup.volatile", "backup.key_beside"),
    policies=("recovery.backup.other_disk", "recovery.backup.persistent", "recovery.backup.key_apart"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """What one failed disk, one restart or one theft takes."""
    yield from must_be(
        facts,
        policy,
        quantity="backup.same_disk",
        rule="recovery.backup.other_disk",
        code="same_disk",
        bad=lambda r: f"The copies of {name(r)!r} lie on the disk of the data{said(r)}.",
        good=lambda r: f"The copies of {name(r)!r} lie on another disk than the data{said(r)}.",
        matters="One failed disk takes the data and every copy of it.",
        do="Keep a copy on another machine, best in another place.",
        unknown="Whether the copies fall together with the data is not known.",
    )
    yield from must_be(
        facts,
        policy,
        quantity="backup.volatile",
        rule="recovery.backup.persistent",
        code="volatile_repository",
        bad=lambda r: f"The repository of {name(r)!r} lies in memory{said(r)}.",
        good=lambda r: f"The repository of {name(r)!r} lies on persistent storage{said(r)}.",
        matters="A restart takes every copy.",
        do="Move the repository to a disk.",
        unknown="Whether the repository survives a restart is not known.",
    )
    yield from must_be(
        facts,
        policy,
        quantity="backup.key_beside",
        rule="recovery.backup.key_apart",
        code="key_beside_repo",
        bad=lambda r: f"The key of {name(r)!r} lies on the disk of its repository.",
        good=lambda r: f"The key of {name(r)!r} lies on another disk than its repository.",
        matters="Whoever gets the disk can read the copies; when it fails, key and copies are lost together.",
        do="Keep the key in escrow away from this host, name it as `escrow_file`, and drill with it once.",
        unknown="Where the key lies is not known.",
    )
