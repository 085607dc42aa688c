""" "It is healthy" where it is: words that reassure may follow a healthy verdict, but not about what nobody knows."""

import re

from infra_maintainer.answer.model import REFERENCE, Answer, Observed
from infra_maintainer.answer.run import Run, Unmeasured
from infra_maintainer.answer.subjects import names, same
from infra_maintainer.answer.vocabulary import vocabulary
from infra_maintainer.answer.wording import Hit

# Words about the whole, which hold only where everything that was asked for is known.
_WHOLE = re.compile(
    r"\b(?:all|everything|things|everyone|every|each|everywhere|nothing|no|nobody|completely|entirely|totally|perfectly"
    r"|absolutely|across|throughout|clean bill|rest assured|worry|sleep|go home)\b",
    re.IGNORECASE,
)
# What a finding about one of its parts is about too.
_WHOLES = frozenset({"host", "service", "system", "traffic", "company", "estate", "bill", "app"})
# "checkout does not feel it, with {c1} failed" is one clause: what follows says by which values.
_ENDS = re.compile(r",(?!\s+with\b)|[;:—]|\b(?:but|however|while|whereas|although|except)\b", re.IGNORECASE)
_ENDS_AFTER = re.compile(rf"{_ENDS.pattern}|\band\b", re.IGNORECASE)


def too_much(hit: Hit, run: Run) -> bool:
    """True if the words, in a run that is healthy, speak of the whole or of something that could not be measured."""
    open_points = [missing for missing in run.unmeasured if missing.attempted]
    if not open_points:
        return False
    clause = _clause(hit)
    return bool(_WHOLE.search(hit.text)) or any(_speaks_of(missing, clause, run) for missing in open_points)


def of_something_fine(hit: Hit, answer: Answer, run: Run) -> bool:
    """True if the clause cites values of one subject, calls it by its name, and no finding or unknown is about it."""
    clause = _clause(hit)
    claims = [answer.claim(name) for name in REFERENCE.findall(clause)]
    subjects = {claim.subject for claim in claims if isinstance(claim, Observed)}
    if len(subjects) != 1 or len(claims) != sum(isinstance(claim, Observed) for claim in claims):
        return False
    (subject,) = subjects
    if subject.partition(":")[0] in _WHOLES:
        return False
    troubled = [*(one.subject for one in run.findings), *(one.subject for one in run.unmeasured if one.attempted)]
    if _WHOLE.search(hit.text) or any(same(subject, one) or subject in one or one in subject for one in troubled):
        return False
    own = REFERENCE.sub(" ", clause)
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", own) for name in _spoken(subject))


def _spoken(subject: str) -> set[str]:
    """Names of a subject, and the last word of its path: "login" of https://shop.example/login."""
    found = {name for name in names(subject) if len(name) > 2}
    return found | {word for name in found for word in re.split(r"[^a-z0-9]+", name)[-1:] if len(word) > 3}


def _clause(hit: Hit) -> str:
    """The words around the hit that it speaks of."""
    place = hit.sentence.find(hit.text)
    before, after = hit.sentence[:place], hit.sentence[place + len(hit.text) :]
    return f"{_ENDS.split(before)[-1]} {hit.text} {_ENDS_AFTER.split(after)[0]}".lower()


def _speaks_of(missing: Unmeasured, clause: str, run: Run) -> bool:
    """By all words of the quantity; by family or subject where nothing of that family or subject was measured."""
    said = _stems(clause)
    quantity = _stems(missing.quantity)
    if quantity and quantity <= said:
        return True
    family = missing.quantity.partition(".")[0]
    fields = [field for field in run.ledger.fields() if not field.about_measurement]
    spoken = {word for word, meaning in vocabulary().families.items() if meaning == family} | {family}
    if (
        not any((field.quantity or "").partition(".")[0] == family for field in fields)
        and _stems(" ".join(spoken)) & said
    ):
        return True
    if any(same(field.subject or "", missing.subject) for field in fields):
        return False
    return any(len(name) > 2 and name in clause for name in names(missing.subject))


def _stems(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 2}
