"""What a drill found: one record for the ledger, which is only ever appended to."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Level = Literal[0, 1, 2, 3, 4, 5]
Outcome = Literal["passed", "failed", "not_done"]
Result = Literal["passed", "failed", "stopped", "not_possible"]
Completeness = Literal["exact", "differs", "plausible, not proven", "every file by its checksum"]

RECOVERY_PHASES = ("fetch", "read", "contents", "initdb", "start", "restore", "replay")
VALIDATION_PHASES = ("validate", "checksums")


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Checked(Frozen):
    """One thing the drill looked at. `code` names the finding when it failed."""

    name: str
    outcome: Outcome
    says: str
    code: str | None = None


class Issue(Frozen):
    """Something wrong; `detail` may hold text of a program and is untrusted."""

    code: str
    detail: str


class DrillRecord(Frozen):
    """One drill. Times in seconds, sizes in bytes.

    `observed_seconds` is the data part of a recovery: fetch, read, restore, start and validation. Detection,
    decision, hardware, names and cut-over are not in it. None unless the drill reached its end.
    `level`: 2 listed, 3 read, 4 restored, 5 validated.
    """

    format: Literal[1] = 1
    id: str
    at: AwareDatetime
    backup: str
    kind: str
    protects: str
    copy_id: str | None = None
    copy_taken_at: AwareDatetime | None = None
    target_time: AwareDatetime | None = None
    canary: bool = False
    key_from: Literal["host", "escrow", "none"] = "none"
    bytes_restored: int | None = None
    phases: dict[str, float] = {}
    checks: tuple[Checked, ...] = ()
    issues: tuple[Issue, ...] = ()
    rows: dict[str, int] = {}
    newest: dict[str, str | None] = {}
    completeness: Completeness | None = None
    level: Level = 0
    result: Result
    observed_seconds: float | None = None
    how: str | None = None

    @property
    def counts(self) -> bool:
        """Whether the drill says something about the backup: not when stopped, impossible, or damaged on purpose."""
        return self.result in ("passed", "failed") and not self.canary


def recovery_seconds(phases: dict[str, float], validation: bool) -> float:
    """Sum of the phases that a recovery needs, with or without checking what came back."""
    names = RECOVERY_PHASES + (VALIDATION_PHASES if validation else ())
    return sum(seconds for name, seconds in phases.items() if name in names)
