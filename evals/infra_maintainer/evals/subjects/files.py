"""Answers that somebody wrote into the folder of each pack. Everything that the pack shows counts as looked at."""

from pathlib import Path

from infra_maintainer.evals.case import Case, Key, blind
from infra_maintainer.evals.marking import Reply
from infra_maintainer.evals.packs import ANSWER
from infra_maintainer.evals.subjects.protocol import Track, fingerprint

LONGEST_ANSWER = 1 << 20


class Files:
    """A folder of packs with an answer beside each; one that is absent is an answer that was not given."""

    name = "answers from files"
    track: Track = "structure"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.identity = fingerprint(str(folder.resolve()))

    async def reply(self, case: Case, key: Key) -> Reply:
        """Read the answer of one case."""
        path = self._folder / blind(case.scenario.id, case.seed, case.variant) / ANSWER
        if not path.is_file():
            return Reply("", reports=tuple(key.reports))
        with path.open(encoding="utf-8", errors="replace") as file:
            return Reply(file.read(LONGEST_ANSWER), reports=tuple(key.reports))
