"""Are the copies encrypted, whole by their program's own word, and not half written?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.yes_no import must_be, name, said

NOT_PROVEN = "That proves neither that the database starts nor that its rows are there: only a drill does"


@check(
    title="copies are encrypted and whole",
    quantities=("backup.encrypted", "backup.intact", "backup.growing"),
    policies=("recovery.backup.encrypted", "recovery.backup.intact", "recovery.backup.growing"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A passed integrity check says in its own line what it does not prove."""
    yield from must_be(
        facts,
        policy,
        quantity="backup.encrypted",
        rule="recovery.backup.encrypted",
        code="unencrypted_backup",
        bad=lambda r: f"The copies of {name(r)!r} are not encrypted{said(r)}.",
        good=lambda r: f"The copies of {name(r)!r} are encrypted{said(r)}.",
        matters="Whoever gets at the repository reads all users' data.",
        do="Let the backup program encrypt (restic always does; borg repokey; pgBackRest repo1-cipher-type).",
        unknown="Whether the copies are encrypted is not known.",
    )
    yield from must_be(
        facts,
        policy,
        quantity="backup.intact",
        rule="recovery.backup.intact",
        code="repo_corrupt",
        bad=lambda r: f"{r.source} found damage in {name(r)!r}{said(r)}.",
        good=lambda r: f"{r.source} found no fault in {name(r)!r}. {NOT_PROVEN}.",
        matters="The damaged part cannot be restored; which data it holds shows only in a restore.",
        do="Make a new copy into a fresh repository now, then look at the disk under this one.",
        unknown="Whether the copies are whole is not known.",
    )
    yield from must_be(
        facts,
        policy,
        quantity="backup.growing",
        rule="recovery.backup.growing",
        code="backup_still_growing",
        bad=lambda r: f"The newest dump of {name(r)!r} is still being written.",
        good=lambda r: f"The newest dump of {name(r)!r} is no longer written to.",
        matters="Whoever copies it now gets half a file that looks like a backup.",
        do="Write to another name and rename when done; ask again when the job has ended.",
        unknown="Whether the newest dump is finished is not known.",
    )
