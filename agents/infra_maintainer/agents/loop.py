"""One conversation on the SDK's tool runner: stateless requests, streamed, within a budget, with an end for every way
a model or its endpoint can fail."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from infra_maintainer.agents.advice import Ended
from infra_maintainer.agents.budget import Budget, Meter
from infra_maintainer.agents.gate import NAME, Gate

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types.beta import BetaMessageParam

Say = Callable[[str], None]
_NUDGE = f"Submit your answer with the tool {NAME}; text outside it is not shown as verified."
_OVERLOADED = frozenset({429, 503, 529})


class Ending(NamedTuple):
    """How a conversation ended: the kind, one sentence, and the last plain text of the model."""

    ended: Ended
    why: str
    said: str


class Settings(NamedTuple):
    """Which model, how hard it should think, how long a request may take in seconds."""

    model: str
    effort: str | None
    request_timeout_s: float


class Conversation:
    """Talks to the model until the gate is closed or something ends it."""

    def __init__(
        self, client: "AsyncAnthropic", settings: Settings, system: str, budget: Budget, meter: Meter, words: Say
    ) -> None:
        self._client, self._settings, self._system = client, settings, system
        self._budget, self._meter, self._words = budget, meter, words
        self.model = settings.model
        self._streaming = False
        self.messages: list[BetaMessageParam] = []
        self._said = ""

    async def run(self, question: str, tools: list[Any], gate: Gate) -> Ending:
        """Ask, let the model work, take its answer. Never raises for what a model or an endpoint does."""
        import anthropic
        import httpx2

        self.messages.append({"role": "user", "content": question})
        try:
            return await self._until_closed(tools, gate)
        except anthropic.APITimeoutError:
            return self._end("timeout", f"the model gave no answer within {self._settings.request_timeout_s:g} s")
        except (anthropic.APIConnectionError, httpx2.TransportError) as error:
            # Tokens of this request were seen: the stream broke. None: nobody was there.
            if self._streaming:
                return self._end("cut_off", "the model's reply was cut off in mid-stream")
            return self._end("unreachable", f"the model's endpoint could not be reached: {type(error).__name__}")
        except anthropic.APIStatusError as error:
            return self._status(error.status_code, str(error.message))
        except TypeError as error:
            if "authentication" not in str(error):
                raise
            return self._end("error", "the model's SDK found no key or profile to use (set ANTHROPIC_API_KEY)")
        except (anthropic.AnthropicError, ValueError) as error:
            return self._end("error", f"the model's reply could not be read: {type(error).__name__}")

    async def _until_closed(self, tools: list[Any], gate: Gate) -> Ending:
        nudged = False
        while True:
            stop_reason = await self._exchange(tools, gate)
            if gate.closed:
                return self._end("answered", "the model submitted its answer")
            if reached := self._meter.exhausted():
                return self._end("budget", reached)
            if stop_reason == "refusal":
                return self._end("refused", "the model refused to answer")
            if stop_reason == "model_context_window_exceeded":
                return self._end("error", "the conversation outgrew the model's context")
            if nudged:
                return self._end("no_answer", "the model ended without submitting an answer")
            nudged = True
            self.messages.append({"role": "user", "content": _NUDGE})

    async def _exchange(self, tools: list[Any], gate: Gate) -> str | None:
        """One run of the runner, until the model stops calling tools or a bound is reached."""
        from anthropic import omit

        settings = self._settings
        runner = self._client.beta.messages.tool_runner(
            model=settings.model,
            max_tokens=self._budget.tokens_per_turn,
            system=[{"type": "text", "text": self._system, "cache_control": {"type": "ephemeral"}}],
            messages=list(self.messages),
            tools=tools,
            output_config=cast("Any", {"effort": settings.effort}) if settings.effort else omit,
            max_iterations=self._budget.turns,
            stream=True,
            thread=False,
            timeout=settings.request_timeout_s,
        )
        stop_reason: str | None = None
        self._streaming = False
        async for stream in runner:
            message = await self._read(stream)
            stop_reason = message.stop_reason
            self.messages.append({"role": "assistant", "content": message.content})
            if stop_reason == "tool_use":
                results = await runner.generate_tool_call_response()
                if results is not None:
                    self.messages.append(results)
            if gate.closed or self._meter.exhausted():
                await runner.close()
                break
            self._streaming = False
        return stop_reason

    async def _read(self, stream: Any) -> Any:
        """One streamed reply; its tokens are counted even if it breaks off."""
        self._meter.turn()
        counted: dict[str, object] = {}
        try:
            async for event in stream:
                if event.type == "message_start":
                    self._streaming = True
                    self.model = event.message.model
                    counted.update(event.message.usage.model_dump())
                elif event.type == "message_delta":
                    counted.update({k: v for k, v in event.usage.model_dump().items() if v is not None})
                elif event.type == "text":
                    self._words(event.text)
            message = await stream.get_final_message()
        finally:
            self._meter.count(counted)
        self._said = "".join(block.text for block in message.content if block.type == "text") or self._said
        return message

    def _status(self, code: int, message: str) -> Ending:
        if code in _OVERLOADED:
            return self._end("overloaded", f"the model's endpoint is overloaded ({code})")
        return self._end("error", f"the model's endpoint answered {code}: {message[:200]}")

    def _end(self, ended: Ended, why: str) -> Ending:
        return Ending(ended, why, self._said)
