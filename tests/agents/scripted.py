"""Scripted models for the agent: honest ones and every kind of bad one."""

import json
import re
from collections.abc import Callable
from typing import Any

from infra_maintainer.answer.compose import compose
from infra_maintainer.assess.model import Report
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import load_reports, run_for
from tests.services.messages_endpoint import Reply, Request, Script, call, results_of, text, words_of

Change = Callable[[dict[str, Any]], None]
RUN_ID = re.compile(r"run id: (run_[0-9a-f]+)")


def reports_of(request: Request, kit: Kit) -> list[Report]:
    """The reports that the conversation has seen."""
    runs = [found[1] for result in results_of(request) if (found := RUN_ID.search(words_of(result)))]
    return load_reports(kit, runs)


def honest_answer(request: Request, kit: Kit) -> dict[str, Any]:
    """What an honest model submits: here the answer that the reports give, as a model would write it."""
    run = run_for(kit, reports_of(request, kit), "")
    answer: dict[str, Any] = json.loads(compose(run).model_dump_json(exclude_none=True))
    return answer


def probing_then(second: Callable[[Request, int], Reply | int]) -> Script:
    """A model that calls probe_health first; `second` says what it does at its later turns, counted from 1."""
    turns = [0]

    def script(request: Request) -> Reply | int:
        turns[0] += 1
        if turns[0] == 1:
            return Reply([text("Measuring first."), call("probe_health", {})])
        return second(request, turns[0] - 1)

    return script


def submitting(kit: Kit, *changes: Change | None) -> Script:
    """A model that submits one draft per change (None: the honest draft), the last one again and again."""

    def second(request: Request, turn: int) -> Reply:
        answer = honest_answer(request, kit)
        change = changes[min(turn, len(changes)) - 1]
        if change:
            change(answer)
        return Reply([call("submit_answer", answer, number=turn + 1)])

    return probing_then(second)


def inventing(answer: dict[str, Any]) -> None:
    """Another value than the evidence has."""
    answer["claims"][0]["value"] = 12.3


def swapping(answer: dict[str, Any]) -> None:
    """The evidence of nothing in this run."""
    answer["claims"][0]["evidence"] = ["ev_0123456789"]


def rosy(answer: dict[str, Any]) -> None:
    """A better verdict than the reports have."""
    answer.update(verdict="healthy", severity="none")
