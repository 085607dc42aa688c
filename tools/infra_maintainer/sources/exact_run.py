"""Whether an exact run in the background dates the pending fixes, how far it came, and how the last one ended."""

from collections.abc import Iterator

from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.baseline.exact_run import NAME, newest
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Ledgers, Survey, percent

_LEDGER = "ledger of exact runs"


@source(
    title="exact run in the background",
    jobs=("security",),
    quantities=(),
    also=("patch.exact.state", "patch.exact.share", "patch.exact.ended"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Silent where none was ever started: the age of each fix says by itself how to learn it."""
    try:
        lines: list[str] = survey.history.ledger(NAME) if isinstance(survey.history, Ledgers) else []
    except StoreError:
        return  # the report says by itself that the store does not work
    now = survey.world.clock.now()
    last = newest(lines, now)
    if last is None:
        return
    says = f"started {last.started:%Y-%m-%d %H:%M} UTC"
    if last.pending is not None:
        says += f"; {last.looked} of {last.pending} looked up, {last.dated} dated"
    if last.says:
        says += f"; {last.says}"
    if last.pid and last.state == "under way":
        says += f"; process {last.pid}"
    yield survey.measured("patch.exact.state", last.state, source=_LEDGER, quote=says, as_of=last.at)
    if last.pending:
        share = percent(last.looked, last.pending)
        yield survey.measured("patch.exact.share", share, n=last.pending, stat="ratio", source=_LEDGER, as_of=last.at)
    if last.state != "under way":
        age = (now - last.at).total_seconds() / 86400
        yield survey.measured("patch.exact.ended", round(max(age, 0.0), 3), source=_LEDGER)
