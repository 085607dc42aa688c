"""Units as people write them, and exact conversion between the two units at hand."""

import re
from functools import cache
from types import MappingProxyType
from typing import NamedTuple


class Dimension(NamedTuple):
    """What a unit measures and how many of its base unit one of it is."""

    name: str
    factor: float


_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0

# Months and years are dimensions of their own: no exact number of days is one.
_UNITS: MappingProxyType[str, Dimension] = MappingProxyType(
    {
        "ns": Dimension("time", 1e-9),
        "us": Dimension("time", 1e-6),
        "ms": Dimension("time", 1e-3),
        "s": Dimension("time", 1.0),
        "min": Dimension("time", _MINUTE),
        "h": Dimension("time", _HOUR),
        "d": Dimension("time", _DAY),
        "wk": Dimension("time", 7 * _DAY),
        "mo": Dimension("month", 1.0),
        "a": Dimension("month", 12.0),
        "By": Dimension("bytes", 1.0),
        "kBy": Dimension("bytes", 1e3),
        "MBy": Dimension("bytes", 1e6),
        "GBy": Dimension("bytes", 1e9),
        "TBy": Dimension("bytes", 1e12),
        "PBy": Dimension("bytes", 1e15),
        "KiBy": Dimension("bytes", 2.0**10),
        "MiBy": Dimension("bytes", 2.0**20),
        "GiBy": Dimension("bytes", 2.0**30),
        "TiBy": Dimension("bytes", 2.0**40),
        "PiBy": Dimension("bytes", 2.0**50),
        "%": Dimension("percent", 1.0),
        "pp": Dimension("percentage points", 1.0),
        "x": Dimension("times", 1.0),
        "1": Dimension("count", 1.0),
        "USD": Dimension("USD", 1.0),
        "EUR": Dimension("EUR", 1.0),
        "GBP": Dimension("GBP", 1.0),
        "core": Dimension("cores", 1.0),
    }
)

# Pure numbers for the arithmetic of formulas.
_SHARES = {"percent": 0.01, "percentage points": 0.01, "times": 1.0, "count": 1.0, "cores": 1.0}

# Left: what is written, lower case unless case carries meaning. Right: the unit above.
_ALIASES: MappingProxyType[str, str] = MappingProxyType(
    {
        **{word: "ns" for word in ("nanosecond", "nanoseconds")},
        **{word: "us" for word in ("µs", "μs", "microsecond", "microseconds")},
        **{word: "ms" for word in ("msec", "msecs", "millis", "millisecond", "milliseconds")},
        **{word: "s" for word in ("sec", "secs", "second", "seconds")},
        **{word: "min" for word in ("mins", "minute", "minutes")},
        **{word: "h" for word in ("hr", "hrs", "hour", "hours")},
        **{word: "d" for word in ("day", "days")},
        **{word: "wk" for word in ("week", "weeks")},
        **{word: "mo" for word in ("month", "months")},
        **{word: "a" for word in ("year", "years", "yr", "yrs")},
        **{word: "By" for word in ("B", "byte", "bytes")},
        **{word: "kBy" for word in ("kB", "KB", "kilobyte", "kilobytes")},
        **{word: "MBy" for word in ("MB", "megabyte", "megabytes")},
        **{word: "GBy" for word in ("GB", "gigabyte", "gigabytes")},
        **{word: "TBy" for word in ("TB", "terabyte", "terabytes")},
        **{word: "PBy" for word in ("PB", "petabyte", "petabytes")},
        **{word: "KiBy" for word in ("KiB", "kibibyte", "kibibytes")},
        **{word: "MiBy" for word in ("MiB", "mebibyte", "mebibytes")},
        **{word: "GiBy" for word in ("GiB", "gibibyte", "gibibytes")},
        **{word: "TiBy" for word in ("TiB", "tebibyte", "tebibytes")},
        **{word: "PiBy" for word in ("PiB", "pebibyte", "pebibytes")},
        **{word: "%" for word in ("percent", "per cent", "pct")},
        **{word: "pp" for word in ("percentage points", "percentage point")},
        **{word: "x" for word in ("×", "times", "fold", "-fold")},
        **{word: "USD" for word in ("$", "us$", "dollar", "dollars")},
        **{word: "EUR" for word in ("€", "euro", "euros")},
        **{word: "GBP" for word in ("£", "pound", "pounds")},
        **{word: "core" for word in ("cores", "vcpu", "vcpus", "cpus")},
        **{word: "1" for word in ("", "count", "ratio")},
        **{word: "1/s" for word in ("rps", "qps", "hz")},
        **{word: "1/min" for word in ("rpm",)},
    }
)


@cache
def canonical(unit: str) -> str | None:
    """The unit this product uses for what was written ("seconds" gives "s", "req/s" gives "1/s"), or None if unknown.

    Annotations in braces are counts, as in UCUM: "{request}" is "1".
    """
    text = re.sub(r"\{[^}]*\}", "1", unit.strip())
    if text in _UNITS:
        return text
    for form in (text, text.lower()):
        if form in _ALIASES:
            return _ALIASES[form]
        if form in _UNITS:
            return form
    upper, slash, lower = text.partition("/")
    if not slash:
        return None
    over = canonical(upper)
    under = canonical(lower)
    if under is None:
        return None
    # "req/s", "queries/s", "users/min": what is counted is a word, not a unit.
    return f"{over or '1'}/{under}"


def _dimension(unit: str) -> Dimension | None:
    if unit in _UNITS:
        return _UNITS[unit]
    upper, slash, lower = unit.partition("/")
    if not slash or upper not in _UNITS or lower not in _UNITS:
        return None
    return Dimension(f"{_UNITS[upper].name}/{_UNITS[lower].name}", _UNITS[upper].factor / _UNITS[lower].factor)


def convert(value: float, given: str, wanted: str) -> float | None:
    """`value` of the unit `given`, expressed in `wanted`; None where no exact conversion exists."""
    source, target = canonical(given), canonical(wanted)
    if source is None or target is None:
        return value if given == wanted else None
    if source == target:
        return value
    dimension, other = _dimension(source), _dimension(target)
    if dimension is None or other is None or dimension.name != other.name:
        return None
    return value * dimension.factor / other.factor


def dimensions(unit: str) -> tuple[float, dict[str, int]] | None:
    """Factor to base units and powers of dimensions; ratios, counts and percent have none. None if unknown."""
    name = canonical(unit)
    upper, _, lower = (name or "?").partition("/")
    if upper not in _UNITS or (lower and lower not in _UNITS):
        return None
    factor, powers = 1.0, dict[str, int]()
    for part, sign in ((upper, 1), (lower, -1)) if lower else ((upper, 1),):
        one = _UNITS[part]
        factor *= (_SHARES[one.name] if one.name in _SHARES else one.factor) ** sign
        if one.name not in _SHARES:
            powers[one.name] = powers.get(one.name, 0) + sign
    return factor, {dimension: power for dimension, power in powers.items() if power}


def spellings() -> tuple[str, ...]:
    """Every way to write a unit that a number in text may carry, longest first."""
    words = {*_UNITS, *_ALIASES} - {"", "1", "a", "-fold"}
    return tuple(sorted(words, key=len, reverse=True))
