"""`[[backup]]`: where copies of some data lie, what they protect, and what was promised about them."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from infra_maintainer.system.section import Section

Kind = Literal["dump", "restic", "borg", "pgbackrest", "barman"]
DataClass = Literal["critical", "user_data", "configuration"]


def without_password(conninfo: str) -> str:
    """Raise ValueError for a connection string that carries a password: PostgreSQL has a password file for it."""
    if "password" in conninfo.lower() or ("://" in conninfo and ":" in conninfo.split("@")[0].split("://")[1]):
        raise ValueError("must not carry a password; use ~/.pgpass or a service file")
    return conninfo


def absolute(path: Path) -> Path:
    """The path with ~ expanded. Raise ValueError for a relative one, or one with characters that no command takes."""
    whole = path.expanduser()
    if not re.fullmatch(PATH, str(whole)):
        raise ValueError(f"{str(path)!r} is not an absolute path of letters, digits and . _ @ + , - / or spaces")
    return whole


PATH = r"/[\w./@+, -]+"
Conninfo = Annotated[str, AfterValidator(without_password), Field(pattern=r"^[\w./@:+,=&?' -]+$")]
Place = Annotated[str, Field(pattern=r"^[\w./~][\w./@:+,~ -]*$"), AfterValidator(os.path.expanduser)]
FilePath = Annotated[Path, AfterValidator(absolute)]


class Backup(Section):
    """One repository. `place` is its folder or address; for pgBackRest and barman their configuration file.

    `class` gives the promise when `rpo_h` does not: critical hourly, user_data daily, configuration on change.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: str = Field(pattern=r"^[\w.-]+$")
    kind: Kind
    place: Place
    protects: list[str] = Field(default=[], description="names of databases, services or data sets")
    data_class: DataClass = Field(default="user_data", alias="class")
    rpo_h: float | None = Field(default=None, gt=0, description="hours of data that may be lost")
    rto_h: float | None = Field(default=None, gt=0, description="hours until it must be back")
    retention_days: float | None = Field(default=None, gt=0)
    password_file: FilePath | None = None
    escrow_file: FilePath | None = Field(default=None, description="the same key, kept away from this host")
    keys_folder: FilePath | None = None
    stanza: str | None = Field(default=None, pattern=r"^[\w.-]+$")
    database: str | None = None
    tables: list[str] = Field(default=[], description="schema.table names that a restore must bring back")
    newest: list[str] = Field(default=[], description="schema.table.column whose newest value shows the data's age")
    live: Conninfo | None = Field(default=None, description="connection string of the living database, read only")
    role: str = Field(default="postgres", pattern=r"^\w+$")
    data_path: str | None = Field(default=None, description="folder of the data", pattern=rf"^{PATH}$")

    @model_validator(mode="after")
    def place_can_be_found(self) -> Self:
        """Raise ValueError for a place that hangs on where we stand: only an address or an absolute path does not."""
        local = self.kind in ("dump", "pgbackrest", "barman")
        if not re.fullmatch(PATH, self.place) and (local or ":" not in self.place):
            raise ValueError(f"place {self.place!r} must be an absolute path" + ("" if local else " or an address"))
        return self

    @property
    def subject(self) -> str:
        """What evidence about it is filed under."""
        return f"backup:{self.name}"
