"""Each declared backup as its own program lists it: age, gaps, retention held, sizes, sameness, encryption."""

from collections.abc import Iterator

from infra_maintainer.drill.formats.copies import Listing
from infra_maintainer.drill.freshness import Freshness, freshness
from infra_maintainer.drill.listing import Unreadable, list_backup
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup
from infra_maintainer.world.failure import WorldError

NO_COPY = "make a backup, then ask again"
OWED = ("backup.readable", "backup.copies", "backup.age")


@source(
    title="backups as their programs list them",
    jobs=("recovery",),
    quantities=OWED,
    also=(
        "backup.copies.future",
        "backup.copies.unfinished",
        "backup.encrypted",
        "backup.frozen",
        "backup.gap",
        "backup.held",
        "backup.rpo.observed",
        "backup.size",
        "backup.size.share",
    ),
    subjects=lambda survey: [backup.subject for backup in survey.system.backup],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One listing per backup; one that cannot be opened does not hide the others."""
    for backup in survey.system.backup:
        survey.say(f"listing {backup.name}")
        try:
            listed = list_backup(survey.world.host, backup)
        except Unreadable as closed:
            source = f"{backup.kind} listing of {backup.place}"
            yield survey.measured("backup.readable", False, subject=backup.subject, source=source, quote=str(closed))
            for quantity in OWED[1:]:
                yield survey.missing(
                    quantity, "error", "the repository could not be opened", "name its key and place", source=source,
                    subject=backup.subject,
                )  # fmt: skip
        except WorldError as error:
            for quantity in OWED:
                yield survey.missing(
                    quantity,
                    error.why,
                    error.detail,
                    error.how,
                    source=f"{backup.kind} listing",
                    subject=backup.subject,
                )
        else:
            yield from _facts(survey, backup, listed.listing, listed.command)


def _facts(survey: Survey, backup: Backup, listing: Listing, command: str) -> Iterator[AnyEvidence]:
    found = freshness(listing, survey.world.clock.now())

    def fact(quantity: str, value: float | int | bool | None, quote: str | None = None) -> Iterator[AnyEvidence]:
        if value is not None:
            yield survey.measured(quantity, value, subject=backup.subject, source=command, quote=quote)

    yield from fact("backup.readable", True)
    yield from fact("backup.copies", found.whole)
    yield from fact("backup.copies.future", found.future)
    yield from fact("backup.copies.unfinished", found.partial)
    if found.age is None:
        yield survey.missing(
            "backup.age", "no_data", "there is no finished copy", NO_COPY, source=command, subject=backup.subject
        )
    yield from fact("backup.age", found.age)
    yield from fact("backup.gap", found.widest_gap)
    yield from fact("backup.held", found.held)
    yield from fact("backup.size", found.size)
    yield from fact("backup.size.share", found.size_share)
    yield from fact("backup.frozen", found.frozen)
    yield from _encryption(survey, backup, listing, command)
    yield from _observed_rpo(survey, backup, found, command)


def _encryption(survey: Survey, backup: Backup, listing: Listing, command: str) -> Iterator[AnyEvidence]:
    if listing.encryption is None:
        return
    clear = listing.encryption.startswith("none")
    yield survey.measured(
        "backup.encrypted", not clear, subject=backup.subject, source=command, quote=listing.encryption
    )


def _observed_rpo(survey: Survey, backup: Backup, found: Freshness, command: str) -> Iterator[AnyEvidence]:
    """With a write-ahead log the gap between base copies is not what would be lost: the archiver tells that."""
    if backup.kind not in ("pgbackrest", "barman") and found.observed_rpo is not None:
        yield survey.measured("backup.rpo.observed", found.observed_rpo, subject=backup.subject, source=command)
