"""Is no target told as a result?"""

from infra_maintainer.answer.ledger import Field, Ledger, PointerError
from infra_maintainer.answer.model import Observed
from infra_maintainer.evals.scorers.registry import Marked, Score, scorer


@scorer("gate", "nothing that the owner declared is told as measured")
def score(marked: Marked) -> Score:
    """A recovery time on paper is a wish, under whatever name it is quoted."""
    bad = [
        f"{claim.id}: {field.quantity} of {field.subject} was declared, nobody measured it"
        for claim in marked.answer.claims
        if isinstance(claim, Observed)
        for pointer in claim.evidence
        if (field := _field(marked.key.ledger, pointer)) is not None and field.origin == "declared"
    ]
    return Score(not bad, "; ".join(bad[:3]))


def _field(ledger: Ledger, pointer: str) -> Field | None:
    try:
        return ledger.resolve(pointer)
    except PointerError:
        return None
