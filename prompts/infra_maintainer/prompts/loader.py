"""The prompts: Markdown files beside this one, composed here. A rule stands in one file and nowhere else."""

from functools import cache
from importlib import resources
from typing import NamedTuple

# persona: who speaks and the rules; routing: which tool; agent: how our own agent hands its answer in; filling: how a
# structured answer is filled in, by whomever.
_COMMON = ("agent", "filling", "persona", "routing")


class JobPrompt(NamedTuple):
    """A prompt for one job or request: its name, its title, what it is for in one sentence, and its text."""

    name: str
    title: str
    says: str
    text: str


def persona() -> str:
    """Who speaks, and the rules that hold for every job."""
    return _read("persona")


def routing() -> str:
    """Which tool to take for which question."""
    return _read("routing")


def instructions() -> str:
    """What a host is told when it connects: the persona and which tool to take."""
    return f"{persona()}\n{routing()}"


def agent() -> str:
    """The system prompt of our own agent."""
    return f"{instructions()}\n{_read('agent')}\n{filling()}"


def filling() -> str:
    """How a structured answer is filled in."""
    return _read("filling")


@cache
def jobs() -> tuple[JobPrompt, ...]:
    """Every job's and request's prompt, by name."""
    folder = resources.files("infra_maintainer.prompts")
    names = sorted(each.name.removesuffix(".md") for each in folder.iterdir() if each.name.endswith(".md"))
    return tuple(_job(name) for name in names if name not in _COMMON)


def compose(name: str, question: str = "") -> str:
    """Persona, the order of work, and the user's question. Raises ValueError for an unknown name."""
    found = next((job for job in jobs() if job.name == name), None)
    if found is None:
        raise ValueError(f"{name!r} is not a prompt; prompts: {', '.join(job.name for job in jobs())}")
    asked = f"\n\nThe question: {question.strip()}" if question.strip() else ""
    return f"{persona()}\n{found.text}{asked}"


def _job(name: str) -> JobPrompt:
    _, head, text = _read(name).split("---\n", 2)
    about = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return JobPrompt(name, about["title"], about["says"], text.strip())


@cache
def _read(name: str) -> str:
    return resources.files("infra_maintainer.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8").strip() + "\n"
