"""Is no target told as a result?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("gate", "no declared target is presented as measured")
def score(marked: Marked) -> Score:
    """An RTO on paper is a wish."""
    return faults_of(marked, "targets_are_not_results")
