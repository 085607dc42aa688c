"""What the free words of a structured answer may say: each sentence about a claim, and nothing beyond it."""

import re
from collections.abc import Iterator

from infra_maintainer.answer import spoken_counts, wording
from infra_maintainer.answer.model import REFERENCE, Answer, Observed, comments_of, words_of
from infra_maintainer.answer.numbers import Number, read
from infra_maintainer.answer.reassurance import of_something_fine, too_much
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.subjects import names
from infra_maintainer.answer.tail_gate import MIDDLES, TAILS
from infra_maintainer.answer.verification import Fault
from infra_maintainer.answer.vocabulary import vocabulary

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_OPENER = re.compile(r"(?:no|yes|not (?:yet|quite|now)|partly|wrong|in part)[.!]", re.IGNORECASE)
# What a sentence says of the statistic of the reference that follows: the last word of its clause counts.
_STATISTIC = re.compile(
    r"\b(?:(?P<mean>mean|average|averages|averaged|avg|typical(?:ly)?)|(?P<p50>median|p50|50th percentile)"
    r"|(?P<p95>p95|95th percentile)|(?P<p99>p99|99th percentile)|(?P<tail>tails?|slowest|percentiles?))\b",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(r"\s+(?:on average|at the median|in the mean|typically)\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[,;:()—]|\b(?:but|while|whereas|where|although|because|hides?|masks?|than|beside)\b", re.IGNORECASE
)
_CAUSAL = re.compile(
    r"\b(?:because of|caused by|due to|com(?:es?|ing) from|stem(?:s|ming) from|root cause"
    r"|(?:is|are|lies|lie|being) behind|the (?:cause|reason|culprit|source|bottleneck)|to blame|blames?"
    r"|explain(?:s|ed)(?: by)?|(?:the|a) result of|owing to|traced? (?:back )?to|points? to|suffers? from"
    r"|triggered by|driven by|responsible)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:not|no|never|nothing|cannot|unknown|whether|if|may|might|could|rather than|instead of|rule[sd]? out"
    r"|before)\b|n't\b|\?$",
    re.IGNORECASE,
)


def anchors(answer: Answer) -> Iterator[Fault]:
    """Each sentence of a comment refers to a claim: words about nothing could contradict everything."""
    for place, text in comments_of(answer):
        for sentence in _sentences(text):
            if not REFERENCE.search(sentence):
                says = f"{place}: {sentence!r} refers to no claim"
                yield Fault(check="references", says=says, do="refer to a claim as {c1}, or leave it out", about=place)


def words(answer: Answer, run: Run) -> Iterator[Fault]:
    """Free words name claims that exist, count what is listed, call things by their name, and neither reassure nor
    advise harm."""
    asked, called = read(run.question), _names_with_digits(run)
    for place, text in words_of(answer):
        for reference in REFERENCE.findall(text):
            if answer.claim(reference) is None:
                says = f"{place}: no claim {{{reference}}}"
                yield Fault(check="references", says=says, do="refer to a claim", about=place)
        for sentence in _sentences(text):
            yield from _numbers(place, sentence, answer, run, asked, called)
            yield from _statistics(place, sentence, answer)
            yield from _causes(place, sentence, answer)
        for hit in wording.dangers(text):
            says = f"{place}: {hit.text!r} advises to give up a protection"
            do = "remove it, or say plainly that it must not be done"
            yield Fault(check="wording", says=says, do=do, about=place)
        for hit in wording.reassurances(text):
            if answer.verdict == "healthy" and run.verdict in (None, "healthy") and not too_much(hit, run):
                continue
            if of_something_fine(hit, answer, run):
                continue
            says = f"{place}: {hit.text!r} reassures while {_state(answer, run)}"
            yield Fault(check="wording", says=says, do="say what was measured instead", about=place)


def _state(answer: Answer, run: Run) -> str:
    verdict = run.verdict or answer.verdict
    return "something it speaks of is unknown" if verdict == "healthy" else f"the verdict is {verdict}"


def _sentences(text: str) -> list[str]:
    """The sentences of a comment; "No." belongs to the one that says why, as if it were written "No: ..."."""
    sentences: list[str] = []
    opener = ""
    for sentence in _SENTENCE_END.split(text.strip()):
        if _OPENER.fullmatch(sentence):
            opener = f"{opener}{sentence} "
            continue
        sentences.append(f"{opener}{sentence}")
        opener = ""
    return [sentence for sentence in (*sentences, opener.strip()) if sentence]


def _names_with_digits(run: Run) -> tuple[str, ...]:
    """What subjects are called, whole and by their last part: a digit in a name is no number."""
    subjects = {field.subject for field in run.ledger.fields() if field.subject}
    called = {name for subject in subjects for name in (*names(subject), re.split(r"[:/ ]", subject.lower())[-1])}
    return tuple(name for name in called if any(map(str.isdigit, name)) and any(map(str.isalpha, name)))


def _numbers(
    place: str, sentence: str, answer: Answer, run: Run, asked: list[Number], called: tuple[str, ...]
) -> Iterator[Fault]:
    lower = sentence.lower()
    for number in read(sentence, tuple(name for name in called if name in lower)):
        if number.in_words and spoken_counts.checked(number, sentence, answer, run, asked):
            continue
        says = f"{place}: the number {number.text.strip()!r} stands in words and nothing cited or listed bears it out"
        yield Fault(check="references", says=says, do=spoken_counts.HOW, about=place)


def _statistics(place: str, sentence: str, answer: Answer) -> Iterator[Fault]:
    """A tail is not called an average, nor a mean a tail."""
    last = 0
    for found in REFERENCE.finditer(sentence):
        clause = _CLAUSE.split(sentence[last : found.start()])[-1]
        last = found.end()
        claim = answer.claim(found[1])
        if not isinstance(claim, Observed) or claim.stat not in MIDDLES | TAILS:
            continue
        spoken = [match.lastgroup or "" for match in _STATISTIC.finditer(clause)]
        if _AFTERWARDS.match(sentence, found.end()):
            spoken = ["mean"]
        # "P95 and P99 are {c1} and {c2}": either may be meant.
        if spoken and not any(
            _same_statistic(word, claim.stat) for word in (spoken if len(spoken) > 1 else spoken[-1:])
        ):
            says = f"{place}: {claim.id} is a {claim.stat}, and the words call it {spoken[-1]}"
            yield Fault(check="references", says=says, do=f"call it {claim.stat}", about=place)


def _same_statistic(word: str, stat: str) -> bool:
    if word == "tail":
        return stat in TAILS
    return stat == word or (word == "p50" and stat == "median")


def _causes(place: str, sentence: str, answer: Answer) -> Iterator[Fault]:
    """A mechanism that the words assert stands under root_cause, where its evidence is checked."""
    if _OPEN.search(sentence):
        return
    cause, known = answer.root_cause, vocabulary()
    listed = {known.mechanism(cause.mechanism)} if cause else set[str | None]()
    spoken = f" {re.sub(r'[^a-z]+', ' ', sentence.lower())} "
    for word, mechanism in known.mechanisms.items():
        said = word.replace("_", " ")
        if f" {said} " not in spoken or mechanism in listed or not _asserts(said, sentence, answer):
            continue
        says = f"{place}: {said!r} is told as a cause and is not the root cause of this answer"
        do = "list it under root_cause with the evidence that tells it from others, or say that the cause is not known"
        yield Fault(check="root_cause", says=says, do=do, about=place)
        return


def _asserts(said: str, sentence: str, answer: Answer) -> bool:
    """True if a mechanism is told as one: by no plain word, nor as what the sentence cites a measurement of."""
    if " " not in said and said not in _NAMES_OF_ONE_WORD:
        return False
    if _CAUSAL.search(sentence):
        return True
    cited = [claim for claim in map(answer.claim, REFERENCE.findall(sentence)) if isinstance(claim, Observed)]
    measured = any({*said.split()} <= {*re.split(r"[^a-z]+", claim.quantity.lower())} for claim in cited)
    return " " in said and not measured


# Of the one-word names only these mean a cause and nothing else.
_NAMES_OF_ONE_WORD = frozenset({"oom", "swapping", "misconfiguration", "regression", "locks", "retries", "ulimit"})
