"""The prompts, as MCP prompts: one per Markdown file."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import PromptArgument

from infra_maintainer.prompts.loader import JobPrompt, compose, jobs

_QUESTION = PromptArgument(name="question", description="what the user asks, word for word", required=False)


def add_prompts(server: MCPServer[Any]) -> None:
    """Add every job's prompt to a server; each starts with the persona.

    Made directly, not from a function's types: a dozen argument models would be a tenth of the time to start.
    """
    for job in jobs():
        server.add_prompt(
            Prompt(
                name=job.name,
                title=job.title,
                description=job.says,
                arguments=[_QUESTION],
                fn=_text_of(job),
                context_kwarg=None,
            )
        )


def _text_of(job: JobPrompt) -> Any:
    def prompt(question: str = "") -> str:
        return compose(job.name, question)

    return prompt
