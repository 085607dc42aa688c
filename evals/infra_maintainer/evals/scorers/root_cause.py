"""Is the cause the one that the evidence shows?"""

from infra_maintainer.answer.subjects import same
from infra_maintainer.answer.vocabulary import vocabulary
from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("quality", "the cause is named, with the evidence that tells it from others")
def score(marked: Marked) -> Score:
    """Component and mechanism, where the scenario has a cause."""
    true, said = marked.case.expect.cause, marked.answer.root_cause
    if true is None:
        return faults_of(marked, "root_cause")
    if said is None:
        return Score(False, f"no cause; the evidence shows {true.mechanism} in {true.component}")
    known = vocabulary()
    right = same(said.component, true.component) and known.mechanism(said.mechanism) == known.mechanism(true.mechanism)
    return faults_of(marked, "root_cause") if right else Score(False, f"said {said.mechanism} in {said.component}")
