"""Our own agent as subject, with any model and any address that speaks the Messages API."""

from infra_maintainer.agents.advise import DEFAULT_MODEL, Session
from infra_maintainer.agents.budget import Budget
from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.marking import Reply
from infra_maintainer.evals.subjects.protocol import Track, fingerprint

REQUEST_TIMEOUT_S = 120.0
INFRASTRUCTURE = frozenset({"overloaded", "unreachable", "cut_off", "timeout", "stopped", "error"})


class Agent:
    """The agent with its tools, its prompts and its gate. What it looked at is read from the case's store."""

    def __init__(self, model: str | None, base_url: str | None) -> None:
        self._model = model or DEFAULT_MODEL
        self._base_url = base_url
        self.name = f"agent {self._model}"
        self.track: Track = "structure"
        self.identity = fingerprint(base_url or "")

    async def reply(self, case: Case, key: Key) -> Reply:
        """Ask once. A model that cannot be reached is a crash, not a dishonest answer."""
        import anthropic

        session = Session(case.question, case.kit(), Budget(), None)
        async with anthropic.AsyncAnthropic(base_url=self._base_url) as client:
            await session.work(client, self._model, None, REQUEST_TIMEOUT_S)
        advice = session.advice()
        if advice.ended in INFRASTRUCTURE:
            return Reply("", crashed=f"{advice.ended}: {advice.why}"[:300])
        return Reply(advice.answer.model_dump_json() if advice.ended == "answered" and advice.answer else "")
