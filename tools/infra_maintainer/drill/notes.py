"""What a running drill writes down, so that an early end still leaves everything seen so far."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from infra_maintainer.drill.formats.copies import Copy
from infra_maintainer.drill.record import Checked, Completeness, DrillRecord, Issue, Level, Result, recovery_seconds
from infra_maintainer.drill.target import Target
from infra_maintainer.evidence.redact import quote

DETAIL = 300


class Notes:
    """Mutable while the drill runs; `record` makes the frozen result of it."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self.phases: dict[str, float] = {}
        self.phase = "start"
        self.checks: list[Checked] = []
        self.issues: list[Issue] = []
        self.copy: Copy | None = None
        self.bytes_restored: int | None = None
        self.rows: dict[str, int] = {}
        self.newest: dict[str, str | None] = {}
        self.completeness: Completeness | None = None
        self.level: Level = 0

    @contextmanager
    def timed(self, phase: str) -> Generator[None]:
        """Time a phase; a phase met twice (two dumps) adds up."""
        self.phase = phase
        self._progress(phase)
        started = time.monotonic()
        try:
            yield
        finally:
            self.phases[phase] = self.phases.get(phase, 0.0) + time.monotonic() - started

    def issue(self, code: str, detail: str) -> None:
        self.issues.append(Issue(code=code, detail=quote(detail, DETAIL)))

    def checked(self, check: Checked) -> None:
        """Keep a check; a failed one is an issue too."""
        self.checks.append(check.model_copy(update={"says": quote(check.says, DETAIL)}))
        if check.outcome == "failed" and check.code is not None:
            self.issue(check.code, check.says)

    def record(self, target: Target, drill_id: str, at: datetime, result: Result, how: str | None) -> DrillRecord:
        whole = result in ("passed", "failed") and self.level >= 4
        return DrillRecord(
            id=drill_id,
            at=at,
            backup=target.name,
            kind=target.kind,
            protects=target.protects,
            copy_id=self.copy.id if self.copy else None,
            copy_taken_at=self.copy.taken_at if self.copy else None,
            target_time=target.target_time,
            canary=target.canary,
            key_from="escrow" if target.escrow_file else "host" if target.password_file else "none",
            bytes_restored=self.bytes_restored,
            phases={name: round(seconds, 3) for name, seconds in self.phases.items()},
            checks=tuple(self.checks),
            issues=tuple(self.issues),
            rows=self.rows,
            newest=self.newest,
            completeness=self.completeness,
            level=self.level,
            result=result,
            observed_seconds=round(recovery_seconds(self.phases, validation=True), 3) if whole else None,
            how=how,
        )
