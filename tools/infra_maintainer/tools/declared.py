"""The system that infra.toml declares, with what only an engine can judge of its text."""

from pathlib import Path

from infra_maintainer.system.load import load_system, mistake
from infra_maintainer.system.system import System


def declared(config: Path | None) -> System:
    """The declared system; an empty one without a path. Raises ConfigError."""
    system = load_system(config)
    for number, log in enumerate(system.access_log):
        named_elsewhere = log.path is not None and log.server_config is not None  # reading that file will show
        if config is None or log.format is None or log.clickhouse is not None or named_elsewhere:
            continue
        from infra_maintainer.logs.known import format_of

        try:
            format_of(log.format)
        except ValueError as error:
            raise mistake(config, ("access_log", number, "format"), str(error)) from error
    return system
