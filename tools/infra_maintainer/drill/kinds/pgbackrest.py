"""pgBackRest stanzas: physical backups, restored to the end of the archive or to a moment."""

from pathlib import Path

from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError
from infra_maintainer.drill.formats.pgbackrest import parse_info
from infra_maintainer.drill.repository import Repository, repository, required


@repository("pgbackrest")
class PgBackRest(Repository):
    """`pgbackrest info`, `restore`, as the ordinary account. `place` is the configuration file."""

    physical = True

    def copies(self) -> Listing:
        ended = required(self.programs.run(self._argv("info", "--output=json"), as_account=True), "repo-unreadable")
        try:
            stanza = parse_info(ended.out, self._stanza)
        except ListingError as odd:
            raise StepFailed("repo-unreadable", str(odd)) from odd
        if stanza.status_code != 0:
            raise StepFailed("repo-unreadable", f"pgbackrest says: {stanza.status}")
        return stanza.listing

    def size(self, copy: Copy) -> int:
        return copy.size_bytes or 0

    def fetch(self, copy: Copy, into: Path) -> None:
        # Without the map a tablespace would be restored over the place it has on the living server.
        words = [
            "restore",
            f"--pg1-path={into}",
            f"--tablespace-map-all={self._folder('tablespaces')}",
            "--archive-mode=off",
        ]
        words += [
            f"--lock-path={self._folder('locks')}",
            "--job-retry-interval=1",
        ]  # not 15 s for a file that stays bad
        if self.target.target_time is not None:
            moment = self.target.target_time.strftime("%Y-%m-%d %H:%M:%S.%f%z")
            words += ["--type=time", f"--target={moment}", "--target-action=promote"]
        else:
            words += [f"--set={copy.id}"]
        # By the environment, because what stands in the argv is written into the restored restore_command.
        spool = {"PGBACKREST_SPOOL_PATH": str(self._folder("spool"))}
        required(self.programs.run(self._argv(*words), as_account=True, environment=spool), "restore-failed")

    @property
    def _stanza(self) -> str:
        return self.target.stanza or self.target.name

    def _argv(self, *words: str) -> list[str]:
        return [
            "pgbackrest",
            f"--config={self.target.place}",
            f"--stanza={self._stanza}",
            "--log-level-file=off",
            *words,
        ]

    def _folder(self, name: str) -> Path:
        folder = self.work / name
        folder.mkdir(mode=0o700, exist_ok=True)
        self.programs.account.own(folder)
        return folder
