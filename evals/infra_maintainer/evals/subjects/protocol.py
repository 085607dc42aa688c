"""What can be scored: anything that takes a case and gives a reply."""

from typing import Protocol

from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.marking import Reply


class Subject(Protocol):
    """A subject under evaluation."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    async def reply(self, case: Case, key: Key) -> Reply:
        """Answer a case. Only scripted subjects may look at the key: they are the harness's own."""
        ...
