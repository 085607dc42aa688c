"""What to drill, and with which limits: everything the operator named, nothing that a model chose."""

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Kind = Literal["dump", "restic", "borg", "pgbackrest", "barman"]
HOUR = 3600.0


class Target(BaseModel):
    """One declared backup as the drill needs it. `place` is the repository, or its program's configuration file."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Kind
    place: str
    protects: str = ""
    password_file: Path | None = None
    escrow_file: Path | None = None
    keys_folder: Path | None = None
    stanza: str | None = None
    database: str | None = None
    tables: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()
    live: str | None = None
    rpo_seconds: float | None = None
    role: str = "postgres"
    target_time: AwareDatetime | None = None
    canary: bool = False

    @property
    def holds_files(self) -> bool:
        """Whether nothing declared says that a database is in it."""
        return self.kind != "dump" and not (self.database or self.tables or self.newest or self.live)

    @property
    def key_file(self) -> Path | None:
        """The key that this drill uses: the escrowed one when declared, because the host's is gone in a real loss."""
        return self.escrow_file or self.password_file


class Limits(BaseModel):
    """Where and how long a drill may run."""

    model_config = ConfigDict(frozen=True)

    scratch: Path = Path("/var/tmp")
    seconds: float = HOUR
    user: str | None = None
    postgres_bin: Path | None = None
