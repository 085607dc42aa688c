"""The ledger of exact runs in the background: started, how far, ended. Only appended to; read by quick runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

NAME = "exact_patch_ages"
SILENT_AFTER = timedelta(minutes=5)  # one package takes at most 70 s: a run that is silent for longer is gone
State = Literal["under way", "finished", "stopped early"]


class ExactRun(BaseModel):
    """One step of one run. `pending` is None until it is known how many fixes there are to date."""

    model_config = ConfigDict(frozen=True)

    run: str
    at: AwareDatetime
    started: AwareDatetime
    state: State = "under way"
    pid: int | None = None
    pending: int | None = None
    looked: int = 0
    dated: int = 0
    says: str = ""

    def now(self, moment: datetime) -> "ExactRun":
        """The same, but no longer under way when it has been silent for too long."""
        if self.state == "under way" and moment - self.at > SILENT_AFTER:
            says = f"silent since {self.at:%Y-%m-%d %H:%M} UTC: the process is gone"
            return self.model_copy(update={"state": "stopped early", "says": says})
        return self


def newest(lines: Sequence[str], moment: datetime) -> ExactRun | None:
    """The newest step of the newest run as it stands at a moment. Raises ValueError for a line that is none."""
    return ExactRun.model_validate_json(lines[-1]).now(moment) if lines else None
