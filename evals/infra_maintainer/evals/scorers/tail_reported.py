"""Does a tail head what is said about waiting?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("gate", "a latency verdict is headed by P95 or P99, never by a mean")
def score(marked: Marked) -> Score:
    """The mean is what hides the trouble."""
    return faults_of(marked, "tail_reported")
