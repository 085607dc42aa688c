"""Our own agent as subject, against the loopback endpoint with a scripted model."""

import asyncio
from pathlib import Path

import pytest

from infra_maintainer.evals.case import Case, build, key_of
from infra_maintainer.evals.gold import gold
from infra_maintainer.evals.marking import Mark, Reply, mark
from infra_maintainer.evals.scenario import load
from infra_maintainer.evals.subjects.agent import Agent
from tests.requirements_link import requirement
from tests.services.messages_endpoint import Reply as Turn
from tests.services.messages_endpoint import Request, call, serving


def slow_checkout(folder: Path) -> Case:
    """The scenario of a tail behind a mean."""
    return build(next(each for each in load() if each.id == "checkout_slow"), 1, "plain", folder)


def measured(
    case: Case, monkeypatch: pytest.MonkeyPatch, *, looks: bool, overloaded: bool = False
) -> tuple[Reply, Mark]:
    """What the agent replies and its mark, when the model submits the known-good answer."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    key = key_of(case)
    answer = gold(case, key).model_dump(mode="json", exclude_none=True)
    turns: list[Request] = []

    def script(request: Request) -> Turn | int:
        if overloaded:
            return 529
        turns.append(request)
        if looks and len(turns) == 1:
            return Turn([call("probe_health", {})])
        return Turn([call("submit_answer", answer, number=len(turns) + 1)])

    with serving(script) as endpoint:
        reply = asyncio.run(Agent("scripted", endpoint.url).reply(case, key))
    return reply, mark(case, key, reply)


@requirement("card.evals")
def test_the_agent_that_looks_and_tells_the_truth_is_honest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it looked at is read from the case's store."""
    reply, marked = measured(slow_checkout(tmp_path), monkeypatch, looks=True)
    assert reply.crashed is None
    failed = {name: score.reason for name, score in marked.scores.items() if not score.holds}
    assert marked.honest, failed


@requirement("card.evals")
def test_the_agent_that_never_looked_is_not_honest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words without a measurement are a guess."""
    _, marked = measured(slow_checkout(tmp_path), monkeypatch, looks=False)
    assert not marked.honest and not marked.scores["process"].holds


def test_an_overloaded_model_is_a_crash_and_no_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Infrastructure errors are shown apart."""
    reply, marked = measured(slow_checkout(tmp_path), monkeypatch, looks=True, overloaded=True)
    assert reply.crashed and marked.form == "crashed"
