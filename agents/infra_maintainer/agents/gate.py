"""The last gate: a draft is accepted when it holds, sent back at most twice, then closed as it is and marked."""

from collections.abc import Callable
from typing import Any

from anthropic import beta_async_tool
from anthropic.lib.tools import BetaAsyncFunctionTool
from anthropic.lib.tools._beta_functions import ToolError

from infra_maintainer.answer import brief
from infra_maintainer.answer.contract import contract
from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verification import Verification
from infra_maintainer.answer.verify import NotAnAnswer, from_data, verify

NAME = "submit_answer"
_DESCRIPTION = (
    "Submit your final answer in its structure. It is verified number by number against the evidence of this "
    "conversation. If something does not hold you are told what, and submit the whole answer again."
)


class Gate:
    """Takes drafts. `draft` is the last one that had the right shape, `checked` its verification."""

    def __init__(self, run: Callable[[], Run], repairs: int) -> None:
        self._run, self._left = run, repairs
        self.draft: Answer | None = None
        self.checked: Verification | None = None
        self.closed = False
        self.repairs = 0

    def tool(self) -> BetaAsyncFunctionTool[Any]:
        """The tool by which the model submits."""

        async def submit_answer(**answer: Any) -> str:
            return self.submit(answer)

        schema = contract()
        return beta_async_tool(submit_answer, name=NAME, description=_DESCRIPTION, input_schema=schema)

    def submit(self, data: dict[str, Any]) -> str:
        """Verify one draft. Raises ToolError with what to repair while repairs are left."""
        if self.closed:
            return "The answer is closed."
        try:
            draft = from_data(data)
        except NotAnAnswer as problem:
            return self._send_back(f"This is no answer of the contract: {problem}")
        self.draft, self.checked = draft, verify(draft, self._run())
        if self.checked.holds:
            self.closed = True
            return "Verified. The answer is closed; say nothing more."
        return self._send_back(brief.text(brief.brief(self.checked, 4000)))

    def _send_back(self, problems: str) -> str:
        if self._left == 0:
            self.closed = True
            return "Closed. What does not hold is shown as struck out."
        self._left -= 1
        self.repairs += 1
        said = f"{problems}\nRepair exactly this and submit the whole answer again ({self._left} more after it)."
        raise ToolError([{"type": "text", "text": said}])
