"""Were the tools asked that the verdict needs?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, scorer


@scorer("gate", "the tools that the verdict needs were asked")
def score(marked: Marked) -> Score:
    """The right answer without looking is a guess."""
    absent = [job for job in marked.case.scenario.jobs if job not in marked.calls]
    return Score(not absent, f"never looked at: {', '.join(absent)}" if absent else "")
