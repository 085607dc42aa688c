"""How a value with a unit is written for people: one place, so that the same number never reads two ways."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from infra_maintainer.evidence.model import Scalar

_THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_EVEN)
_TWO_DIGITS = Context(prec=2, rounding=ROUND_HALF_EVEN)
_FORMS = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
_LEAST_PERCENT = 0.001  # a smaller share of something is next to nothing, and 3.3e-12 % is read by nobody
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def show(value: Scalar, unit: str) -> str:
    """A value as people read it: 3 significant digits, binary bytes, the time unit that keeps the number short.

    >>> show(87.26, "%"), show(3_221_225_472, "By"), show(1840.0, "ms"), show(True, "bool")
    ('87.3 %', '3 GiB', '1.84 s', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if unit in ("By", "By/s", "By/d"):
        return _bytes(float(value)) + unit.removeprefix("By")
    if unit == "ms" and abs(value) >= 1000:
        return f"{_digits(value / 1000)} s"
    if unit == "s":
        return _time(float(value))
    if unit == "1":
        return _digits(value)
    if unit == "%" and 99 < value < 100:
        return f"{_short_of_all(value)} %"
    if unit == "%" and 0 < value < _LEAST_PERCENT:
        return f"less than {_LEAST_PERCENT:g} %"
    if unit == "1/s":
        return f"{_digits(value)}/s"
    return f"{_digits(value)} {unit}"


def many(count: int, one: str, more: str = "") -> str:
    """A count with its noun.

    >>> many(1, "finding"), many(2, "finding"), many(0, "pass", "passes")
    ('1 finding', '2 findings', '0 passes')
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def counted(count: float, words: str) -> str:
    """A sentence about so many: of `[one|more]` the form that fits.

    >>> counted(1, "[role|roles] [logs|log] in"), counted(2, "[role|roles] [logs|log] in")
    ('role logs in', 'roles log in')
    """
    return _FORMS.sub(lambda found: found[1 if count == 1 else 2], words)


def _digits(value: float) -> str:
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    # Of the decimal that people see, not of its binary neighbour: 76.35 is 76.4, as they would round it.
    return f"{_THREE_DIGITS.create_decimal(repr(float(value))).normalize():f}"


def _short_of_all(value: float) -> str:
    """Nearly all is not all: what is missing keeps two digits, so that 99.87 does not read as a target of 99.9."""
    missing = _TWO_DIGITS.create_decimal(100 - Decimal(repr(float(value))))
    return f"{(100 - missing).normalize():f}"


def _bytes(value: float) -> str:
    step = 0
    while abs(value) >= 1024 and step < len(_BYTES) - 1:
        value, step = value / 1024, step + 1
    return f"{_digits(round(value, 2))} {_BYTES[step]}"


def _time(value: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(value) >= 2 * size:
            return f"{_digits(value / size)} {unit}"
    return f"{_digits(value)} s" if abs(value) >= 1 or value == 0 else f"{_digits(value * 1000)} ms"
