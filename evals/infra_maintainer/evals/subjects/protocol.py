"""What can be scored: anything that takes a case and gives a reply."""

import hashlib
from typing import Literal, Protocol

from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.marking import Reply

Track = Literal["structure", "free text"]


def fingerprint(text: str) -> str:
    """A command line or an address in a form that may be kept: either could hold a secret."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Subject(Protocol):
    """A subject under evaluation."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    @property
    def track(self) -> Track:
        """What is asked of it: a structured answer or free text."""
        ...

    @property
    def identity(self) -> str:
        """What the name leaves out: two subjects of one name and another identity never share a log."""
        ...

    async def reply(self, case: Case, key: Key) -> Reply:
        """Answer a case. Only scripted subjects may look at the key: they are the harness's own."""
        ...
