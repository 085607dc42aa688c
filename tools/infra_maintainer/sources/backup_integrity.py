"""What each backup program says when it checks its own repository, by its words and never by its exit code alone."""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.drill.formats import borg, pgbackrest, restic
from infra_maintainer.drill.listing import key, list_backup, stanza
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.host import Host

UNCLEAR = {"unreadable": "the check could not open it", "unclear": "the check said nothing clear"}


class Verdict(NamedTuple):
    """sound, damaged, unreadable or unclear; what was run; what it said at the end (untrusted)."""

    word: str
    command: str
    said: str


@source(
    title="integrity by the backup program's own check",
    jobs=("recovery",),
    quantities=("backup.intact",),
    subjects=lambda survey: [backup.subject for backup in survey.system.backup],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A check that says nothing clear is unknown, not a pass."""
    for backup in survey.system.backup:
        survey.say(f"checking {backup.name}")
        try:
            verdict = check_backup(survey.world.host, backup)
        except WorldError as error:
            yield survey.missing(
                "backup.intact",
                error.why,
                error.detail,
                error.how,
                source=f"{backup.kind} check",
                subject=backup.subject,
            )
            continue
        if verdict.word in ("sound", "damaged"):
            yield survey.measured(
                "backup.intact",
                verdict.word == "sound",
                subject=backup.subject,
                source=verdict.command,
                quote=verdict.said,
            )
            continue
        yield survey.missing(
            "backup.intact", "error", f"{UNCLEAR[verdict.word]}: {verdict.said}", "run it by hand",
            source=verdict.command, subject=backup.subject,
        )  # fmt: skip


def check_backup(host: Host, backup: Backup) -> Verdict:
    """Run the program's own check. Raises WorldError."""
    if backup.kind == "restic":
        output = host.run("restic_check", backup.place, key(backup))
        return Verdict(
            restic.check_verdict(output.stdout, output.stderr), "restic check", _end(output.stdout, output.stderr)
        )
    if backup.kind == "borg":
        output = host.run("borg_check", backup.place, key(backup))
        return Verdict(
            borg.check_verdict(output.stdout, output.stderr), "borg check", _end(output.stdout, output.stderr)
        )
    if backup.kind == "pgbackrest":
        output = host.run("pgbackrest_verify", backup.place, stanza(backup))
        word = pgbackrest.verify_verdict(output.stdout, output.stderr)
        return Verdict(word, "pgbackrest verify", _end(output.stdout, output.stderr))
    if backup.kind == "dump":
        return _newest_dump(host, backup)
    raise WorldError("not_supported", "barman's own verification is not read yet", "run: barman verify-backup")


def _newest_dump(host: Host, backup: Backup) -> Verdict:
    newest = list_backup(host, backup).listing.newest
    if newest is None:
        raise WorldError("no_data", "there is no finished dump", "make a backup, then ask again")
    path = f"{backup.place}/{newest.id}"
    if ".sql" in newest.id:
        output = host.run("sql_trailer", path)
        lines = output.stdout.splitlines()
        whole = bool(lines) and lines[-1] == f"{lines[0]} complete"
        return Verdict(
            "sound" if whole else "damaged", "zgrep for the line that pg_dump writes last", (lines or ["no line"])[-1]
        )
    output = host.run("dump_contents", path)
    if "unsupported version" in output.stderr:
        raise WorldError("not_supported", output.stderr.strip(), "install a newer pg_restore on this host")
    listed = "; TOC Entries:" in output.stdout
    return Verdict(
        "sound" if listed else "damaged", "pg_restore -l", _end("", output.stderr) or "table of contents listed"
    )


def _end(out: str, err: str) -> str:
    lines = [line for line in (out + "\n" + err).splitlines() if line.strip()]
    return " | ".join(lines[-2:])[-200:]
