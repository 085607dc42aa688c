"""How far is the severity from the computed one?"""

from infra_maintainer.answer.run import SEVERITIES
from infra_maintainer.evals.scorers.registry import Marked, Score, scorer


@scorer("quality", "the severity is the computed one")
def score(marked: Marked) -> Score:
    """Exact; the gate `verdict` already refuses what is rosier."""
    true = marked.key.severity or "unknown"
    off = SEVERITIES.index(marked.answer.severity) - SEVERITIES.index(true)
    return Score(off == 0, f"{abs(off)} steps {'above' if off > 0 else 'below'} {true}" if off else "")
