"""The subject that the options of `eval run` name."""

import argparse

from infra_maintainer.evals.subjects.command import Command
from infra_maintainer.evals.subjects.protocol import Subject
from infra_maintainer.evals.subjects.scripted import SCRIPTED


def choose(options: argparse.Namespace) -> Subject:
    """The subject. Raises ValueError for a name that is none, with the names there are."""
    if options.answers:
        if options.command or options.prose or options.no_tools:
            raise ValueError("--answers reads files: it goes with neither --command nor --prose nor --no-tools")
        from infra_maintainer.evals.subjects.files import Files

        return Files(options.answers)
    if options.command:
        return Command(options.command, tools=not options.no_tools, structured=not options.prose)
    if options.prose or options.no_tools:
        raise ValueError("--prose and --no-tools are for --command; our own agent and the scripts need their tools")
    kind, _, name = options.subject.partition(":")
    if kind == "scripted" and name in SCRIPTED:
        return SCRIPTED[name]
    if kind == "agent":
        from infra_maintainer.evals.subjects.agent import Agent

        return Agent(options.model, options.base_url)
    known = ", ".join(f"scripted:{each}" for each in SCRIPTED)
    raise ValueError(f"--subject {options.subject}: give one of {known}, agent, or --command")
