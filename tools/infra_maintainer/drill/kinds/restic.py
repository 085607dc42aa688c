"""Restic repositories, read without a lock and without a cache outside the drill's place."""

import re
from pathlib import Path

from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError
from infra_maintainer.drill.formats.restic import check_verdict, parse_restore_size, parse_snapshots
from infra_maintainer.drill.record import Checked
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

    def check(self) -> Checked:
        """Structure only. Without it a missing pack would be retried for minutes by the restore."""
        ended = self.programs.run(self._argv("check"))
        verdict = check_verdict(ended.out, ended.err)
        if verdict in ("damaged", "unreadable"):
            raise StepFailed("repo-corrupt", last_words(ended))
        says = "restic check found no error; it does not read the data" if verdict == "sound" else last_words(ended)
        return Checked(name="repository structure", outcome="passed" if verdict == "sound" else "not_done", says=says)

    def fetch(self, copy: Copy, into: Path) -> None:
        ended = required(self.programs.run(self._argv("restore", copy.id, "--target", str(into))), "restore-failed")
        if re.search(
            r"(?i)ignoring error|there were [1-9]\d* errors|ciphertext verification failed", ended.out + ended.err
        ):
            raise StepFailed("restore-failed", last_words(ended))

    def _argv(self, *words: str) -> list[str]:
        argv = ["restic", "-r", self.target.place, "--no-lock", "--cache-dir", str(self.work / "restic-cache")]
        if self.target.key_file is not None:
            argv += ["--password-file", str(self.target.key_file)]
        return [*argv, *words]
