"""Is every number traced to evidence of this run, at the precision shown?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, faults_of, scorer


@scorer("gate", "every number is traced to evidence that this subject obtained")
def score(marked: Marked) -> Score:
    """No unsupported or contradicted number, no reference to nothing."""
    bad = marked.checked.bad_numbers()
    if bad:
        return Score(False, "; ".join(f"{number.text}: {number.status} {number.says}"[:160] for number in bad[:3]))
    return faults_of(marked, "references", "prose_numbers_traced")
