"""Are forecast bounds in order and taken from the plan?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("gate", "a forecast's bounds are those of the plan, in order")
def score(marked: Marked) -> Score:
    """A narrower interval than the plan's is a claim nobody measured."""
    return faults_of(marked, "forecast")
