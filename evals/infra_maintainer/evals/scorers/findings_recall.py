"""Is every critical and high finding told, and each told finding real?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("gate", "every critical and high finding is told; none is invented")
def score(marked: Marked) -> Score:
    """By code and subject, each on claims that hold."""
    return faults_of(marked, "findings")
