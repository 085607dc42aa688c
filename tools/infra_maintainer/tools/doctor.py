"""Say what this product could reach: each source with what it delivered and what it could not, and the store."""

from pathlib import Path

from infra_maintainer.drill.leftovers import sweep
from infra_maintainer.evidence.model import Missing
from infra_maintainer.evidence.show import many
from infra_maintainer.evidence.store import Store, StoreError, default_path
from infra_maintainer.report.text import reason
from infra_maintainer.sources.gather import gather_each
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.tools.declared import declared
from infra_maintainer.tools.kit import Progress
from infra_maintainer.world.world import LiveWorld

LEGEND = (
    "ok: reached; partly: a part of it; unset: infra.toml says nothing of it; none: nothing of its kind is declared or "
    "here; out of reach: the line under it says why"
)


def examine(
    config: Path | None, store: Path | None, time_limit_s: float, progress: Progress | None = None
) -> tuple[list[str], bool]:
    """Lines for people, and whether everything that is configured could be reached. Raises ConfigError."""
    system = declared(config)
    survey = Survey(LiveWorld(time_limit_s), system, history=Store(store or default_path()), progress=progress)
    lines: list[str] = []
    complete = True
    found = gather_each(all_sources(), survey)
    for source in all_sources():
        evidence = found[source.name]
        missing = [each for each in evidence if isinstance(each, Missing)]
        known = len(evidence) - len(missing)
        failed = any(each.why not in ("not_supported", "not_configured") for each in missing)
        complete = complete and not failed
        lines.append(f"{_word(known, missing):<12} {source.name:<18} {source.title}")
        for why, detail, how in dict.fromkeys((each.why, each.detail, each.how) for each in missing):
            if not detail.startswith("nothing is declared: "):  # the line above it names what
                lines.append(f"{'':<32}why: {reason(why, detail)}")
            lines.append(f"{'':<32}to know: {how}")
    lines += [
        f"{'cleared':<12} {'drill':<18} {path}, left by a killed drill" for path in sweep(system.recovery.scratch)
    ]
    word, said = _store(store or default_path())
    return [*lines, f"{word:<12} {'store':<18} {said}", "", LEGEND], complete and word == "ok"


def _word(known: int, missing: list[Missing]) -> str:
    if not missing:
        return "ok" if known else "none"
    if known:
        return "partly"
    return "unset" if all(each.why == "not_configured" for each in missing) else "out of reach"


def _store(path: Path) -> tuple[str, str]:
    try:
        with Store(path).open() as db:
            runs = db.execute("select count(*) from reports").fetchone()[0]
    except StoreError as error:
        return "out of reach", str(error)
    return "ok", f"{path}, {many(runs, 'report')} kept"
