"""verify_answer: a drafted answer checked number by number against the reports it speaks of."""

from collections.abc import Sequence
from pathlib import Path

from infra_maintainer.answer.from_reports import run_of
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verification import Verification
from infra_maintainer.answer.verify import verify
from infra_maintainer.assess.model import Report, report_from
from infra_maintainer.tools.kit import Kit

_OFFERED = 5


def verify_answer(kit: Kit, answer: str, reports: Sequence[str], question: str = "") -> Verification:
    """Check `answer` (a structured answer as JSON, or free text) against reports by run id.

    Raises ValueError for an empty or oversized answer, JSON of another shape, or a report that is not kept;
    StoreError if the store cannot be read.
    """
    return verify(answer, run_for(kit, load_reports(kit, reports), question))


def run_for(kit: Kit, reports: Sequence[Report], question: str = "") -> Run:
    """The run that some reports of this kit describe, under the policy in force."""
    return run_of(reports, kit.policy.rules(), question)


def load_reports(kit: Kit, names: Sequence[str]) -> list[Report]:
    """Reports by run id, or by the path of a file that `--json` wrote; without names the newest of each job.

    Raises ValueError for one that cannot be found or read, or if there is none at all.
    """
    if not names:
        return _newest(kit)
    return [_from_file(Path(name)) if name.endswith(".json") else _kept(kit, name) for name in names]


def _newest(kit: Kit) -> list[Report]:
    if kit.store is None:
        raise ValueError("nothing is kept without a store: name a report file")
    newest: dict[str, str] = {}
    for row in kit.store.reports(limit=100):
        newest.setdefault(str(row["job"]), str(row["run"]))
    if not newest:
        raise ValueError("no report is kept yet: run a job first, for example probe_health")
    return [_kept(kit, run) for run in newest.values()]


def _kept(kit: Kit, run: str) -> Report:
    if kit.store is None:
        raise ValueError("nothing is kept without a store, so there is no report to check against")
    found = kit.store.report(run)
    if found is None:
        recent = ", ".join(f"{row['run']} ({row['job']})" for row in kit.store.reports(limit=_OFFERED)) or "none"
        raise ValueError(f"no report {run[:80]!r} is kept. Newest: {recent}. Run ids stand in the tools' replies")
    return report_from(found)


def _from_file(path: Path) -> Report:
    try:
        return report_from(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} is no report: write one with: infra-maintainer health --json") from error
