"""`advise()`: a question in, an answer out that holds or says where it does not. For programs and for `ask`."""

import copy
import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from infra_maintainer.agents.advice import Advice, Ended
from infra_maintainer.agents.budget import Budget, Meter, Prices
from infra_maintainer.agents.shown import page
from infra_maintainer.answer.compose import compose
from infra_maintainer.answer.from_reports import ledger_of
from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verify import verify
from infra_maintainer.evidence.redact import redact
from infra_maintainer.evidence.store import Store
from infra_maintainer.prompts.loader import agent as system_prompt
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import load_reports, run_for

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

Say = Callable[[str], None]
DEFAULT_MODEL = "claude-sonnet-5-5"
LONGEST_QUESTION = 20_000


async def advise(
    question: str,
    *,
    kit: Kit,
    client: "AsyncAnthropic",
    model: str = DEFAULT_MODEL,
    effort: str | None = None,
    budget: Budget | None = None,
    prices: Prices | None = None,
    request_timeout_s: float = 120.0,
    say: Say | None = None,
    words: Say | None = None,
) -> Advice:
    """Answer `question` about the system of `kit` with a model behind `client`, which the caller owns.

    Tools run over MCP in this process. The answer is verified; what does not hold after two repairs is struck out. If
    the model fails in whatever way, the answer is what the measurements alone say. `say` is given one line per step,
    `words` the model's text as it streams. To have a partial answer after a cancelled call, use a `Session`.
    Raises ValueError for an empty or oversized question, and for a budget in money without prices.
    """
    session = Session(question, kit, budget or Budget(), prices, say, words)
    await session.work(client, model, effort, request_timeout_s)
    return session.advice()


class Session:
    """One question being answered; `advice()` may be asked at any time and is honest about how far it got."""

    def __init__(
        self,
        question: str,
        kit: Kit,
        budget: Budget,
        prices: Prices | None,
        say: Say | None = None,
        words: Say | None = None,
    ) -> None:
        if not question.strip():
            raise ValueError("the question is empty")
        if len(question) > LONGEST_QUESTION:
            raise ValueError(f"the question has {len(question)} characters; at most {LONGEST_QUESTION}")
        from infra_maintainer.agents.gate import Gate

        self._question, self._say, self._words = question, say or _nothing, words or _nothing
        # Reports are read back from a store: without one, a scratch store lives as long as this session.
        self._scratch = tempfile.TemporaryDirectory(prefix="infra-maintainer-") if kit.store is None else None
        self._kit = copy.copy(kit)
        if self._scratch is not None:
            self._kit.store = Store(Path(self._scratch.name) / "store.db")
        self._budget, self._meter = budget, Meter(budget, prices)
        self._gate = Gate(self._run, budget.repairs)
        self._reports: list[str] = []
        self._failures: list[Entry] = []
        self._messages: list[Any] = []
        self._ended: Ended = "stopped"
        self._why, self._said, self._model = "stopped before an answer was given", "", ""

    async def work(self, client: "AsyncAnthropic", model: str, effort: str | None, request_timeout_s: float) -> None:
        """Talk to the model until there is an answer or an end."""
        from mcp import Client

        from infra_maintainer.agents.loop import Conversation, Settings
        from infra_maintainer.agents.toolbox import Toolbox
        from infra_maintainer.server.build import build_server

        self._model = model
        async with Client(build_server(self._kit)) as mcp:
            toolbox = Toolbox(mcp, self._kit, self._say)
            self._reports, self._failures = toolbox.reports, toolbox.failures
            settings = Settings(model, effort, request_timeout_s)
            talk = Conversation(client, settings, system_prompt(), self._budget, self._meter, self._words)
            self._messages = talk.messages
            ending = await talk.run(self._question, [*await toolbox.tools(), self._gate.tool()], self._gate)
            self._ended, self._why, self._said = ending.ended, ending.why, ending.said
            self._model = talk.model
        if not self._reports and self._ended != "answered":
            await self._measure()

    def advice(self) -> Advice:
        """The answer as far as it got: verified, marked, or what the measurements alone say."""
        run = self._run()
        draft, checked = self._gate.draft, self._gate.checked
        if draft is not None:
            checked = verify(draft, run)
        status, text = page(draft, checked, run, self._why, self._said)
        if draft is None:
            draft = compose(run)
            checked = verify(draft, run)
        return Advice(
            status=status,
            ended=self._ended,
            why=self._why,
            question=self._question,
            text=text,
            answer=draft,
            verification=checked,
            reports=tuple(self._reports),
            verdict=run.verdict or "unknown",
            repairs=self._gate.repairs,
            model=self._model,
            usage=self._meter.usage(),
            transcript=tuple(_plain(message) for message in self._messages),
        )

    def _run(self) -> Run:
        """What the reports of this conversation established, its failed calls included."""
        if not self._reports:
            return Run(Ledger(self._failures), verdict="unknown", severity="unknown", question=self._question)
        reports = load_reports(self._kit, self._reports)
        run = run_for(self._kit, reports, self._question)
        records = [record for report in reports for record in report.evidence]
        ledger = Ledger([*ledger_of(records).entries(), *self._failures])
        return dataclasses.replace(run, ledger=ledger)

    async def _measure(self) -> None:
        """The model asked for nothing: measure health without it, so that there is something true to say."""
        from infra_maintainer.tools.health import probe_health

        self._say("measuring without the model …")
        world = self._kit.world(60.0)
        report = await anyio.to_thread.run_sync(
            lambda: probe_health(self._kit, world, [], lambda message: None), abandon_on_cancel=True
        )
        self._reports.append(report.run)


def _nothing(text: str) -> None:
    """Nobody listens."""


def _plain(message: Any) -> dict[str, Any]:
    """A message as JSON, redacted."""
    content = message["content"]
    if isinstance(content, str):
        return {"role": message["role"], "content": redact(content)}
    blocks = [
        block if isinstance(block, dict) else block.model_dump(mode="json", exclude_none=True) for block in content
    ]
    return {"role": message["role"], "content": [_clean(block) for block in blocks]}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return value
