"""`infra-maintainer ask "question"`: the agent; streams progress, prints an answer that was verified or marked."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra_maintainer.cli.command import Commands

if TYPE_CHECKING:
    from infra_maintainer.agents.advice import Advice
    from infra_maintainer.agents.advise import Session

_EXIT = {"healthy": 0, "unknown": 2}
_FINDINGS, _NOT_VERIFIED = 1, 3


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "ask", help="ask the agent; every number of its answer is checked against the measurements"
    )
    parser.epilog = "The model's key is taken from the SDK's own places. Exit 3: the answer is marked, not verified."
    parser.add_argument("question", help="in your own words; - reads it from standard input")
    parser.add_argument("--model", metavar="NAME", help="which model answers")
    parser.add_argument("--effort", choices=["low", "medium", "high", "xhigh", "max"], help="how hard it should think")
    parser.add_argument("--base-url", metavar="URL", help="any endpoint that speaks the Messages API")
    parser.add_argument("--request-timeout", type=float, default=120.0, metavar="S", help="seconds for one reply")
    parser.add_argument("--max-turns", type=int, default=12, metavar="N", help="replies at most (default 12)")
    parser.add_argument("--max-tokens", type=int, default=200_000, metavar="N", help="tokens at most (default 200000)")
    parser.add_argument("--max-usd", type=float, metavar="X", help="money at most; needs --price")
    parser.add_argument("--price", nargs=2, type=float, metavar=("IN", "OUT"), help="US dollars per million tokens")
    parser.add_argument("--transcript", type=Path, metavar="FILE", help="write what was said, as JSON")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml (default: ./infra.toml when it exists)")
    parser.add_argument("--world", type=Path, metavar="DIR", help="look at a recorded world instead of this machine")
    parser.add_argument("--store", type=Path, metavar="FILE", help="the store")
    parser.add_argument("--no-store", action="store_true", help="keep nothing")
    parser.add_argument("--json", action="store_true", help="print the answer with its verification as JSON on stdout")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask and print. Raises ValueError for a question or a budget that cannot be worked with."""
    from infra_maintainer.agents.advise import DEFAULT_MODEL, Session
    from infra_maintainer.agents.budget import Budget, Prices
    from infra_maintainer.cli.job import kit_of

    question = sys.stdin.read() if options.question == "-" else options.question
    budget = Budget(turns=options.max_turns, tokens=options.max_tokens, usd=options.max_usd)
    prices = Prices(input=options.price[0], output=options.price[1]) if options.price else None
    progress = _Progress()
    session = Session(question, kit_of(options), budget, prices, progress.say, progress.words)
    try:
        _converse(session, options, options.model or DEFAULT_MODEL)
    except KeyboardInterrupt:
        print("\nstopped: this is what is known until now", file=sys.stderr)
    advice = session.advice()
    progress.say("")
    _show(advice, options)
    if advice.status != "verified":
        return _NOT_VERIFIED
    return _EXIT.get(advice.verdict, _FINDINGS)


def _converse(session: "Session", options: argparse.Namespace, model: str) -> None:
    import anthropic
    import anyio

    async def work() -> None:
        async with anthropic.AsyncAnthropic(base_url=options.base_url) as client:
            await session.work(client, model, options.effort, options.request_timeout)

    anyio.run(work)


def _show(advice: "Advice", options: argparse.Namespace) -> None:
    if options.transcript:
        import json

        options.transcript.write_text(json.dumps(advice.transcript, ensure_ascii=False, indent=1), encoding="utf-8")
    if options.json:
        print(advice.model_dump_json(exclude_none=True, exclude={"transcript"}))
    else:
        print(advice.text if not sys.stdout.isatty() or "NO_COLOR" in os.environ else _bold(advice.text))
    usage = advice.usage
    if not usage.turns:
        print(f"{advice.status}; no model answered", file=sys.stderr)
        return
    cost = f"{usage.usd:.4f} USD" if usage.usd is not None else "cost unknown without --price"
    print(f"{advice.status}; {usage.turns} turns, {usage.tokens} tokens, {cost}; {advice.model}", file=sys.stderr)


def _bold(text: str) -> str:
    """Markdown for a terminal: bold where it is bold, struck out where it is struck out."""
    import re

    text = re.sub(r"\*\*(.+?)\*\*", "\x1b[1m\\1\x1b[0m", text)
    text = re.sub(r"~~(.+?)~~", "\x1b[9;31m\\1\x1b[0m", text)
    return re.sub(r"^## (.+)$", "\x1b[1m\\1\x1b[0m", text, flags=re.MULTILINE)


class _Progress:
    """Steps and the model's words on stderr, each step on a line of its own."""

    def __init__(self) -> None:
        self._within_line = False

    def say(self, text: str) -> None:
        """One step."""
        print("\n" * self._within_line + text, file=sys.stderr, flush=True)
        self._within_line = False

    def words(self, text: str) -> None:
        """The next words of the model."""
        print(text, end="", file=sys.stderr, flush=True)
        self._within_line = not text.endswith("\n")
