"""Words for the time that a log covers, and for when in it requests failed."""

import re
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.traffic import samples
from infra_maintainer.evidence.show import show

QUANTITIES = ("log.covers", *(f"traffic.failing.{name}" for name in ("when", "failed", "requests", "spread")))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2} ")


class Words(NamedTuple):
    """What to add to a sentence, nothing where nothing is known, with its evidence."""

    says: str
    evidence: tuple[str, ...] = ()


def covers(facts: Facts, subject: str) -> Words:
    """ ", 2026-11-10 00:00 to 23:59 UTC" for a whole log."""
    found = facts.one("log.covers", subject)
    return Words("") if found is None else Words(f", {found.value}", (found.id,))


def when(facts: Facts, subject: str) -> Words:
    """The stretch that holds most failures of a log, or that they are spread over it; the date where it has several."""
    span = facts.one("traffic.failing.when", subject)
    failed, asked = (facts.number(f"traffic.failing.{name}", subject) for name in ("failed", "requests"))
    if span is not None and failed is not None:
        one_day = len(_DATE.findall(covers(facts, f"traffic:{subject.split(':')[1]}").says)) == 1
        told = _DATE.sub("", str(span.value)) if one_day else span.value
        among = "" if asked is None else f", among {_part(asked)} requests"
        ids = (each.id for each in (span, failed, asked) if each is not None)
        return Words(f"; {_part(failed)} failures within {_length(failed)}, {told}{among}", tuple(ids))
    if (spread := facts.number("traffic.failing.spread", subject)) is not None:
        return Words(f"; spread: even the densest four fifths of them took {shown(spread)}", (spread.id,))
    return Words("")


def _part(number: Number) -> str:
    part, whole = int(number.value), samples(number)
    return f"all {whole:,}" if part == whole else f"{part:,} of the {whole:,}"


def _length(number: Number) -> str:
    return show(getattr(number.record, "window", None) or 0.0, "s")
