"""Is the severity no lower than the computed one?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("gate", "the severity is not lower than policy computes")
def score(marked: Marked) -> Score:
    """Calling a critical finding medium is how pagers stay silent."""
    return faults_of(marked, "severity")
