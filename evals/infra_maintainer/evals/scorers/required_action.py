"""Is the action recommended that the situation asks for?"""

from infra_maintainer.answer.vocabulary import vocabulary
from infra_maintainer.evals.scorers.registry import Marked, Score, scorer


@scorer("quality", "one of the actions that help is recommended")
def score(marked: Marked) -> Score:
    """By verb, aliases resolved."""
    wanted = marked.case.expect.actions
    known = vocabulary()
    said = {verb.name for advice in marked.answer.recommendations if (verb := known.verb(advice.verb))}
    ok = not wanted or any((verb := known.verb(each)) is not None and verb.name in said for each in wanted)
    return Score(ok, "" if ok else f"none of {', '.join(wanted)}")
