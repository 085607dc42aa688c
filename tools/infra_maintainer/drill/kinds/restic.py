"""Restic repositories, read without a lock and without a cache outside the drill's place."""

import re
from pathlib import Path

from infra_maintainer.backups.copies import Copy, Listing, ListingError
from infra_maintainer.backups.restic import parse_restore_size, parse_snapshots
from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.repository import Repository, last_words, repository, required


@repository("restic")
class Restic(Repository):
    """`restic snapshots`, `stats`, `restore`."""

    def copies(self) -> Listing:
        ended = required(self.programs.run(self._argv("snapshots", "--json")), "repo-unreadable")
        try:
            return parse_snapshots(ended.out)
        except ListingError as odd:
            raise StepFailed("repo-unreadable", str(odd)) from odd

    def size(self, copy: Copy) -> int:
        argv = self._argv("stats", "--json", "--mode", "restore-size", copy.id)
        ended = required(self.programs.run(argv), "repo-unreadable")
        try:
            return parse_restore_size(ended.out)
        except ListingError as odd:
            raise StepFailed("repo-unreadable", str(odd)) from odd

    def fetch(self, copy: Copy, into: Path) -> None:
        ended = required(self.programs.run(self._argv("restore", copy.id, "--target", str(into))), "restore-failed")
        if re.search(r"(?i)ignoring error|there were [1-9]\d* errors|ciphertext verification failed", ended.out + ended.err):
            raise StepFailed("restore-failed", last_words(ended))

    def _argv(self, *words: str) -> list[str]:
        argv = ["restic", "-r", self.target.place, "--no-lock", "--cache-dir", str(self.work / "restic-cache")]
        if self.target.key_file is not None:
            argv += ["--password-file", str(self.target.key_file)]
        elif self.target.password_command is not None:
            argv += ["--password-command", self.target.password_command]
        return [*argv, *words]
