"""Borg repositories, read without a lock and with all of borg's own files in the drill's place."""

import shlex
from pathlib import Path

from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.formats.borg import parse_archive_size, parse_list
from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError
from infra_maintainer.drill.process import Ended
from infra_maintainer.drill.repository import Repository, repository, required


@repository("borg")
class Borg(Repository):
    """`borg list`, `extract`."""

    def copies(self) -> Listing:
        argv = ["borg", "--bypass-lock", "list", "--json", "--consider-checkpoints", self.target.place]
        ended = required(self._run(argv), "repo-unreadable")
        try:
            return parse_list(ended.out)
        except ListingError as odd:
            raise StepFailed("repo-unreadable", str(odd)) from odd

    def size(self, copy: Copy) -> int:
        argv = ["borg", "--bypass-lock", "list", "--json-lines", f"{self.target.place}::{copy.id}"]
        ended = required(self._run(argv), "repo-unreadable")
        try:
            return parse_archive_size(ended.out)
        except ListingError as odd:
            raise StepFailed("repo-unreadable", str(odd)) from odd

    def fetch(self, copy: Copy, into: Path) -> None:
        # borg extracts into the folder it stands in; its warnings (code 1) mean that something did not come back.
        argv = ["borg", "--bypass-lock", "extract", f"{self._absolute_place()}::{copy.id}"]
        required(self._run(argv, where=into), "restore-failed")

    def _absolute_place(self) -> str:
        place = self.target.place
        return place if ":" in place else str(Path(place).absolute())

    def _run(self, argv: list[str], where: Path | None = None) -> Ended:
        base = self.work / "borg"
        environment = {
            "BORG_BASE_DIR": str(base),
            "BORG_KEYS_DIR": str(self.target.keys_folder or Path.home() / ".config/borg/keys"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        }
        if self.target.key_file is not None:
            environment["BORG_PASSCOMMAND"] = shlex.join(["cat", str(self.target.key_file)])
        else:
            environment["BORG_PASSPHRASE"] = ""  # an encrypted repository without a key must fail, never ask
        return self.programs.run(argv, environment=environment, where=where)
