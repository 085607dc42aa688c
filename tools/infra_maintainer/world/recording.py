"""A live world that writes down, redacted, everything it was asked and answered."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra_maintainer.world.clock import Clock, Deadline
from infra_maintainer.world.exchange import Ask, Exchange
from infra_maintainer.world.host import READ_LIMIT, Host
from infra_maintainer.world.http import Http
from infra_maintainer.world.process import Output
from infra_maintainer.world.tape import FORMAT, TapeWriter, clean
from infra_maintainer.world.world import World


def _same(value: Any) -> Any:
    return value


class _RecordingHost:
    def __init__(self, inner: Host, tape: TapeWriter) -> None:
        self._inner, self._tape = inner, tape

    @property
    def name(self) -> str:
        return self._inner.name

    def read(self, path: str, limit: int = READ_LIMIT) -> str:
        return str(self._tape.record("read", [path], lambda: self._inner.read(path, limit), _same))

    def list(self, path: str) -> list[str]:
        return self._tape.record("list", [path], lambda: self._inner.list(path), _same)

    def run(self, command: str, *arguments: str) -> Output:
        return self._tape.record(
            "run", [command, *arguments], lambda: self._inner.run(command, *arguments), lambda output: output._asdict()
        )

    def snapshot(self, name: str, argument: str = "") -> Any:
        return self._tape.record("snapshot", [name, argument], lambda: self._inner.snapshot(name, argument), _same)


class _RecordingHttp:
    def __init__(self, inner: Http, tape: TapeWriter) -> None:
        self._inner, self._tape = inner, tape

    def exchange(self, ask: Ask) -> Exchange:
        return self._tape.record(
            "http",
            ask.model_dump(mode="json"),
            lambda: self._inner.exchange(ask),
            lambda answer: answer.model_dump(mode="json"),
        )


class RecordingWorld:
    """Wraps a world and writes a folder that `RecordedWorld` replays. Raises ValueError for a folder it cannot use."""

    sequential = True
    recorded_evidence: list[dict[str, Any]] | None = None

    def __init__(self, inner: World, folder: Path) -> None:
        about = {"format": FORMAT, "recorded_at": inner.clock.now().isoformat(), "host": inner.host.name}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ValueError(f"{folder} is not empty; name a new folder, a recorded world is never overwritten")
            (folder / "world.json").write_text(json.dumps(clean(about), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            why = error.strerror or str(error)
            raise ValueError(f"{folder}: {why}; name a new folder, in a place that may be written") from error
        self._inner = inner
        self._tape = TapeWriter(folder)
        self.clock: Clock = inner.clock
        self.deadline: Deadline = inner.deadline
        self.host: Host = _RecordingHost(inner.host, self._tape)
        self.http: Http = _RecordingHttp(inner.http, self._tape)

    def engine(self, name: str, arguments: Any, ask: Callable[[], Any]) -> Any:
        """Ask the inner world and write the answer down."""
        return self._tape.record(
            "engine", [name, arguments], lambda: self._inner.engine(name, arguments, ask), lambda answer: answer
        )

    def close(self) -> None:
        """Finish the tape."""
        self._tape.close()
