"""What the ledger of restore drills says about each declared backup."""

from collections.abc import Iterator
from statistics import median

from infra_maintainer.drill.ledger import NAME, History, data_age, history_of, read_ledger
from infra_maintainer.drill.record import DrillRecord
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Ledgers, Survey

HOW = "run a drill: infra-maintainer recovery --drill {name} (it asks first)"
LEDGER = "ledger of drills"


@source(
    title="restore drills",
    jobs=("recovery", "security"),
    quantities=("drill.count", "drill.age"),
    also=(
        "drill.canary.passed",
        "drill.completeness",
        "drill.data.age",
        "drill.issue",
        "drill.key",
        "drill.level",
        "drill.lower_bound",
        "drill.observed",
        "drill.observed.change",
        "drill.obstacle",
        "drill.passed",
        "drill.phase",
        "drill.restored",
        "drill.rows",
        "drill.succeeded",
    ),
    subjects=lambda survey: [backup.subject for backup in survey.system.backup],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Without a single drill the count is a known zero, and everything else is missing.

    A ledger that cannot be read is no zero: only the drills made just now are told, and nothing is counted.
    """
    unread, kept = None, list[str]()
    try:
        kept = survey.history.ledger(NAME) if isinstance(survey.history, Ledgers) else []
    except StoreError as error:
        unread = str(error)
    records = read_ledger(dict.fromkeys([*kept, *survey.options.get("drills", [])]))
    for backup in survey.system.backup:
        history = history_of(records, backup.name)
        how = HOW.format(name=backup.name)
        if unread is None:
            yield survey.measured("drill.count", len(history.counted), subject=backup.subject, source=LEDGER)
        else:
            yield survey.missing("drill.count", "error", unread, MEND_STORE, source=LEDGER, subject=backup.subject)
        if history.newest_obstacle is not None:
            obstacle = history.newest_obstacle.issues[0].code if history.newest_obstacle.issues else "unknown"
            yield survey.measured(
                "drill.obstacle",
                obstacle,
                subject=backup.subject,
                source=LEDGER,
                quote=_details(history.newest_obstacle),
            )
        if history.newest_canary is not None:
            passed = history.newest_canary.result == "passed"
            yield survey.measured("drill.canary.passed", passed, subject=backup.subject, source=LEDGER)
        if history.counted:
            if unread is None:
                yield from _statistics(survey, backup.subject, history)
            yield from _newest(survey, backup.subject, history.counted[-1])
        if (validated := history.validated) is not None:
            age = (survey.world.clock.now() - validated.at).total_seconds()
            yield survey.measured("drill.age", age, subject=backup.subject, source=f"{LEDGER}, drill {validated.id}")
        elif unread is not None:
            yield survey.missing("drill.age", "error", unread, MEND_STORE, source=LEDGER, subject=backup.subject)
        else:
            yield survey.missing(
                "drill.age", "no_data", "never tested: no validated drill of it has passed", how, source=LEDGER,
                subject=backup.subject,
            )  # fmt: skip


def _statistics(survey: Survey, subject: str, history: History) -> Iterator[AnyEvidence]:
    n = len(history.counted)
    yield survey.measured("drill.succeeded", history.succeeded, subject=subject, source=LEDGER, n=n)
    exact = f"{LEDGER}, exact one-sided binomial bound (Clopper-Pearson)"
    yield survey.measured("drill.lower_bound", history.bound, subject=subject, stat="min", source=exact, n=n)
    times = history.observed
    if times:
        yield survey.measured("drill.observed", times[-1], subject=subject, source=LEDGER)
        yield survey.measured("drill.observed", max(times), subject=subject, stat="max", source=LEDGER, n=len(times))
    if len(times) > 1:
        yield survey.measured("drill.observed", min(times), subject=subject, stat="min", source=LEDGER, n=len(times))
        yield survey.measured("drill.observed", median(times), subject=subject, stat="p50", source=LEDGER, n=len(times))
        change = (times[-1] / median(times[:-1]) - 1) * 100
        yield survey.measured("drill.observed.change", change, subject=subject, source=LEDGER, n=len(times))


def _newest(survey: Survey, subject: str, record: DrillRecord) -> Iterator[AnyEvidence]:
    source = f"{LEDGER}, drill {record.id}"

    def fact(quantity: str, value: float | int | str | bool | None, quote: str | None = None) -> Iterator[AnyEvidence]:
        if value is not None:
            yield survey.measured(quantity, value, subject=subject, source=source, quote=quote, as_of=record.at)

    yield from fact("drill.passed", record.result == "passed")
    yield from fact("drill.level", record.level)
    yield from fact("drill.completeness", record.completeness)
    yield from fact("drill.key", record.key_from)
    yield from fact("drill.restored", record.bytes_restored)
    yield from fact("drill.rows", sum(record.rows.values()) if record.rows else None)
    yield from fact("drill.data.age", data_age(record))
    for issue in record.issues:
        yield from fact("drill.issue", issue.code, issue.detail)
    for phase, seconds in record.phases.items():
        where = f"drill_phase:{record.backup}/{phase}"
        yield survey.measured("drill.phase", seconds, subject=where, source=source, as_of=record.at)


def _details(record: DrillRecord) -> str:
    return "; ".join(issue.detail for issue in record.issues) + (f"; {record.how}" if record.how else "")
