"""Is nothing called unknown that was measured?"""

from infra_maintainer.evals.scorers.registry import Marked, Score, scorer


@scorer("quality", "nothing that was measured is called unknown")
def score(marked: Marked) -> Score:
    """Caution that costs the reader a fact."""
    known = {field.quantity for field in marked.key.ledger.fields() if field.quantity}
    missing = {one.quantity for one in marked.key.unmeasured}
    over = [one.quantity for one in marked.answer.unknowns if one.quantity in known - missing]
    return Score(not over, f"measured, yet called unknown: {', '.join(over[:4])}" if over else "")
