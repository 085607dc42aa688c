"""Record a world: run every job against the live machine and keep, redacted, all that it answered."""

from pathlib import Path

from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.tools.declared import declared
from infra_maintainer.tools.kit import Progress
from infra_maintainer.world.recording import RecordingWorld
from infra_maintainer.world.world import LiveWorld


def record(
    folder: Path, config: Path | None, urls: list[str], time_limit_s: float, progress: Progress | None = None
) -> int:
    """Write the folder and give the number of recorded calls.

    Raises ValueError for a folder that holds something or cannot be written, ConfigError for a bad infra.toml.
    """
    system = declared(config).with_urls(urls)
    world = RecordingWorld(LiveWorld(time_limit_s), folder)
    try:
        gather(all_sources(), Survey(world, system, progress=progress))
    finally:
        world.close()
    with (folder / "calls.jsonl").open(encoding="utf-8") as lines:
        return sum(1 for _ in lines)
