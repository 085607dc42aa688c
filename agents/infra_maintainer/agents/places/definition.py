"""The agent definition and the skill for Claude Code, composed from the prompts, where the rules stand.

python -m infra_maintainer.agents.places.definition      writes both files of the plugin
"""

from pathlib import Path

from infra_maintainer.prompts.loader import jobs, persona, routing

PLUGIN = Path(__file__).parent / "claude_code"


def agent_definition() -> str:
    """The agent file: front matter with examples, then persona and routing."""
    when = Path(__file__).with_name("when_to_use.md").read_text(encoding="utf-8")
    description = "\n".join(f"  {line}".rstrip() for line in when.splitlines())
    head = f"---\nname: infra-maintainer\ndescription: |\n{description}\nmodel: inherit\ncolor: green\n---\n"
    return f"{head}\n{persona()}\n{routing()}"


def skill() -> str:
    """The skill: when to take it, which tool, and the order of work for each kind of question."""
    says = (
        "Answers questions about health, slowness, capacity, launches, costs, security, backups and alerts of servers "
        "and services from measurements. Use it when someone asks whether a system is healthy, fast, safe, affordable "
        "or recoverable."
    )
    head = f"---\nname: infrastructure\ndescription: {says}\n---\n\n# Infrastructure from measurements\n"
    parts = "\n".join(f"## {job.title}\n\n{job.says}\n\n{job.text}\n" for job in jobs())
    return f"{head}\n{persona()}\n{routing()}\n{parts}"


def write() -> None:
    """Write both files."""
    (PLUGIN / "agents" / "infra-maintainer.md").write_text(agent_definition(), encoding="utf-8")
    (PLUGIN / "skills" / "infrastructure" / "SKILL.md").write_text(skill(), encoding="utf-8")


if __name__ == "__main__":
    write()
