"""The prompts, as MCP prompts: one per Markdown file."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.prompts import Prompt

from infra_maintainer.prompts.loader import compose, jobs


def add_prompts(server: MCPServer[Any]) -> None:
    """Add every job's prompt to a server; each starts with the persona."""
    for job in jobs():

        def text(question: str = "", name: str = job.name) -> str:
            return compose(name, question)

        prompt = Prompt.from_function(_with_question(text), name=job.name, title=job.title, description=job.says)
        server.add_prompt(prompt)


def _with_question(text: Any) -> Any:
    """A function of `question` alone, for the prompt's argument list."""

    def prompt(question: str = "") -> str:
        return str(text(question))

    return prompt
