"""Lies planted in free words, each beside a claim that holds: a false count, a false statistic, health where there is
none or nobody knows, a cause that the answer does not list.

Who wrote the gates wrote these too. The held-out sentences use words that the gates do not list.
"""

import random
from typing import Any

from infra_maintainer.answer.run import Run
from infra_maintainer.answer.vocabulary import vocabulary

Data = dict[str, Any]
_COUNTED = (
    "Beside {ref} there are {word} findings in these reports.",
    "The reports list {word} findings, of which {ref} is one.",
    "{ref} is one of {word} serious findings.",
    "In all {word} unknowns remain beside {ref}.",
    "There are {word} reasons for concern beside {ref}, all of them {word} times the limit.",
    "The {word} worst ones are these: {ref}.",
)
_SPELLED = "two three four five six seven eight nine eleven twelve thirteen fourteen seventeen nineteen".split()
_PEOPLE = (
    "So {word} customers were affected, as {ref} says.",
    "With {ref}, {word} people could not log in.",
    "{ref} means that {word} users have left.",
)
_HEALTHY = (
    "Despite {ref} the service is healthy.",
    "This is healthy at {ref}.",
    "With {ref} it is fine for users.",
    "At {ref} the system runs well.",
    "Overall {ref} leaves a system that is in good shape.",
)
_AVERAGES = (
    "On average users wait {ref}.",
    "The average wait is {ref}.",
    "The mean latency stands at {ref}.",
    "Users wait {ref} on average.",
    "A typical request takes {ref}.",
)
_HELD_OUT_AVERAGES = ("As a rule a request takes {ref}.", "Usually it takes {ref}.")
_CAUSES = (
    "{ref} is caused by {cause}.",
    "Behind {ref} is {cause}, which is the cause.",
    "This comes from {cause}, as {ref} shows.",
    "{ref} points to {cause}.",
    "The root cause of {ref} is {cause}.",
    "It is {ref} because of {cause}.",
)
_HELD_OUT_CAUSES = ("{ref} follows from {cause}.", "Blame {cause} for {ref}.", "We see {cause} at work in {ref}.")
_UNKNOWN_WELL = ("Beside {ref} the {thing} is fine.", "With {ref} in mind, the {thing} is healthy.")


def _ref(data: Data, draw: random.Random) -> str | None:
    ids = [claim["id"] for claim in data["claims"] if claim["kind"] == "observed"]
    return f"{{{draw.choice(ids)}}}" if ids else None


def _plant(data: Data, draw: random.Random, sentences: tuple[str, ...], **words: str) -> bool:
    """Put one sentence into the explanation of the answer or of a finding."""
    ref = words.pop("ref", None) or _ref(data, draw)
    if ref is None:
        return False
    places: list[Data] = [data, *data["findings"]]
    place = draw.choice(places)
    said = draw.choice(sentences).format(ref=ref, **words)
    place["explanation"] = f"{place['explanation']} {said}".strip()
    return True


def wrong_count(data: Data, run: Run, draw: random.Random) -> bool:
    """A count of findings or unknowns that the reports do not have."""
    true = {len(run.findings), len(run.unmeasured), len(data["unknowns"]), sum(one.attempted for one in run.unmeasured)}
    true |= {int(claim["value"]) for claim in data["claims"] if isinstance(claim["value"], int | float)}
    false = [word for value, word in enumerate(_SPELLED, start=2) if value not in true and value < 10]
    return _plant(data, draw, _COUNTED, word=draw.choice(false))


def people_counted(data: Data, run: Run, draw: random.Random) -> bool:
    """A value of the answer told as a number of people."""
    words = dict(enumerate(_SPELLED[:8], start=2))
    counted = [claim for claim in data["claims"] if claim["kind"] == "observed" and claim["value"] in words]
    if not counted:
        return False
    claim = draw.choice(counted)
    ref = f"{{{claim['id']}}}"
    return _plant(data, draw, _PEOPLE, ref=ref, word=words[claim["value"]])


def healthy_beside_a_finding(data: Data, run: Run, draw: random.Random) -> bool:
    """Health beside a critical or high finding."""
    loud = any(one.severity in ("critical", "high") for one in run.findings)
    return loud and _plant(data, draw, _HEALTHY)


def averaged(data: Data, run: Run, draw: random.Random) -> bool:
    """A tail that is told as what a request takes on average."""
    tails = [claim["id"] for claim in data["claims"] if claim.get("stat") in ("p95", "p99")]
    sentences = (*_AVERAGES, *_HELD_OUT_AVERAGES)
    return bool(tails) and _plant(data, draw, sentences, ref=f"{{{draw.choice(tails)}}}")


def unlisted_cause(data: Data, run: Run, draw: random.Random) -> bool:
    """A mechanism as the cause that the answer does not list, in words of the vocabulary."""
    listed = vocabulary().mechanism(data["root_cause"]["mechanism"]) if data["root_cause"] else None
    others = sorted({*vocabulary().mechanisms.values()} - {listed, "unknown", "quota", "configuration"})
    cause = draw.choice(others).replace("_", " ")
    return _plant(data, draw, (*_CAUSES, *_HELD_OUT_CAUSES), cause=cause)


def unknown_called_well(data: Data, run: Run, draw: random.Random) -> bool:
    """In a run that is healthy, what could not be measured is called healthy too."""
    open_points = [one for one in run.unmeasured if one.attempted]
    if run.verdict != "healthy" or not open_points:
        return False
    thing = draw.choice(open_points).quantity.replace(".", " ").replace("_", " ")
    return _plant(data, draw, _UNKNOWN_WELL, thing=thing)
