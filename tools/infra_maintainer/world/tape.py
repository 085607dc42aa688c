"""The tape of a recorded world: each call outside, with what came back or how it failed, one JSON line each.

A folder holds `world.json` (format, time, host name), `calls.jsonl` (the tape) and optionally `files/`, real files of
the host for calls that the tape lacks. Everything on the tape went through `redact`.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from infra_maintainer.evidence.redact import redact
from infra_maintainer.world.failure import WorldError

FORMAT = 1
T = TypeVar("T")


def clean(value: Any) -> Any:
    """A JSON value with every text in it redacted, keys included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    if isinstance(value, dict):
        return {redact(str(key)): clean(each) for key, each in value.items()}
    return value


def key_of(verb: str, arguments: Any) -> str:
    """The name of a call on the tape: the verb and its redacted arguments."""
    return f"{verb} {json.dumps(clean(arguments), sort_keys=True, ensure_ascii=False)}"


class TapeWriter:
    """Appends calls as they happen; safe for many threads."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "calls.jsonl").open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def record(self, verb: str, arguments: Any, call: Callable[[], T], plain: Callable[[T], Any]) -> T:
        """Make the call, write down its result or its failure, and pass it on."""
        try:
            result = call()
        except WorldError as error:
            self._write(
                key_of(verb, arguments), {"error": {"why": error.why, "detail": error.detail, "how": error.how}}
            )
            raise
        self._write(key_of(verb, arguments), {"result": plain(result)})
        return result

    def _write(self, key: str, outcome: dict[str, Any]) -> None:
        line = json.dumps({"call": key, **clean(outcome)}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TapeReader:
    """Answers calls from the tape: the nth call of a name gets the nth recorded outcome, later ones the last."""

    def __init__(self, folder: Path) -> None:
        self._outcomes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._used: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        path = folder / "calls.jsonl"
        if path.exists():
            with path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    self._load(path, number, line)

    def _load(self, path: Path, number: int, line: str) -> None:
        try:
            entry = json.loads(line)
            self._outcomes[entry.pop("call")].append(entry)
        except (ValueError, KeyError, AttributeError) as error:
            raise ValueError(f"{path.name} line {number} is not a recorded call; record the world again") from error

    def has(self, verb: str, arguments: Any) -> bool:
        """Whether this call was recorded."""
        return key_of(verb, arguments) in self._outcomes

    def replay(self, verb: str, arguments: Any) -> Any:
        """The recorded result. Raises the recorded WorldError, or WorldError(not_recorded)."""
        key = key_of(verb, arguments)
        outcomes = self._outcomes.get(key)
        if not outcomes:
            raise WorldError(
                "not_recorded",
                f"the recording does not hold it: {key[:200]}",
                "measure live, or record again with this version",
            )
        with self._lock:
            index = min(self._used[key], len(outcomes) - 1)
            self._used[key] += 1
        outcome = outcomes[index]
        if "error" in outcome:
            raise WorldError(**outcome["error"])
        return outcome["result"]
