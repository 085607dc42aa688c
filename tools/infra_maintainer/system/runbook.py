"""`[[runbook]]`: a file that says what to do when something is lost."""

from pydantic import Field

from infra_maintainer.system.section import Section


class Runbook(Section):
    """A Markdown or text file, and what it covers."""

    name: str
    file: str = Field(pattern=r"^/")
    covers: list[str] = []
