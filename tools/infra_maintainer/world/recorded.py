"""A world replayed from a folder. What it lacks is `not_recorded`, never "not found": a gap is not an observation."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from infra_maintainer.world.clock import Clock, Deadline, FrozenClock
from infra_maintainer.world.exchange import Ask, Exchange
from infra_maintainer.world.host import READ_LIMIT, Host, LiveHost, plain_name
from infra_maintainer.world.http import Http
from infra_maintainer.world.process import Output
from infra_maintainer.world.tape import FORMAT, TapeReader


class _RecordedHost:
    """Answers from the tape; a file or folder that the tape lacks may stand under `files/`."""

    def __init__(self, name: str, tape: TapeReader, files: Path, deadline: Deadline) -> None:
        self.name = name
        self._tape = tape
        self._files = files
        self._rooted = LiveHost(deadline, root=files)

    def read(self, path: str, limit: int = READ_LIMIT) -> str:
        if not self._tape.has("read", [path]) and (self._files / path.lstrip("/")).is_file():
            return self._rooted.read(path, limit)
        return str(self._tape.replay("read", [path]))

    def list(self, path: str) -> list[str]:
        if not self._tape.has("list", [path]) and (self._files / path.lstrip("/")).is_dir():
            return self._rooted.list(path)
        return [str(name) for name in self._tape.replay("list", [path])]

    def run(self, command: str, *arguments: str) -> Output:
        return Output(**self._tape.replay("run", [command, *arguments]))

    def snapshot(self, name: str, argument: str = "") -> Any:
        return self._tape.replay("snapshot", [name, argument])


class _RecordedHttp:
    def __init__(self, tape: TapeReader) -> None:
        self._tape = tape

    def exchange(self, ask: Ask) -> Exchange:
        return Exchange.model_validate(self._tape.replay("http", ask.model_dump(mode="json")))


class RecordedWorld:
    """Replays a folder written by `RecordingWorld`, or by hand. Raises ValueError for an unusable folder."""

    sequential = True

    def __init__(self, folder: Path, time_limit_s: float = 60.0) -> None:
        about = _about(folder)
        tape = TapeReader(folder)
        self.recorded_evidence = _evidence(folder / "evidence.jsonl")
        self.deadline = Deadline(time_limit_s)
        self.clock: Clock = FrozenClock(datetime.fromisoformat(about["recorded_at"]))
        self.host: Host = _RecordedHost(plain_name(str(about["host"])), tape, folder / "files", self.deadline)
        self.http: Http = _RecordedHttp(tape)
        self._tape = tape

    def engine(self, name: str, arguments: Any, ask: Callable[[], Any]) -> Any:
        """The recorded answer; nothing is asked."""
        return self._tape.replay("engine", [name, arguments])


def _evidence(path: Path) -> list[dict[str, Any]] | None:
    """Ready-made evidence, one JSON record per line; None when the folder has none."""
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise ValueError(f"{path} is not JSON, one record per line: {error}") from error


def _about(folder: Path) -> dict[str, Any]:
    path = folder / "world.json"
    if not path.is_file():
        raise ValueError(
            f"{folder} is not a recorded world: it has no world.json (make one with: infra-maintainer record)"
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ValueError(f"{path} is not the description of a recorded world: it is no JSON object")
    about = cast("dict[str, Any]", raw)
    if about.get("format") != FORMAT:
        raise ValueError(f"{path} has format {about.get('format')!r}; this version reads {FORMAT}")
    missing = {"recorded_at", "host"} - about.keys()
    if missing:
        raise ValueError(f"{path} lacks {sorted(missing)}")
    return about
