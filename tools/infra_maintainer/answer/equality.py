"""Whether a shown number is the measured one, at the precision it was shown with."""

from decimal import Decimal

from infra_maintainer.answer.units import convert

# Rounding may not carry a number further than this from the truth: "2 s" for 1.84 s is refused.
_LARGEST_SHARE = 0.05
# Slack for binary fractions only: 0.5 * 10**-2 and 1.845 are not exact in floating point.
_FLOAT_SLACK = 1e-9


def decimals(value: float) -> int:
    """Decimal places that a number as written carries; 1840 has 0, 4.5 has 1."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def equal(shown: float, shown_decimals: int, true: float) -> bool:
    """True if `true`, rounded to `shown_decimals`, is `shown` and within 5 % of it; both in the same unit.

    Negative decimals are allowed: "1.2k" is shown with -2. A shown zero is true only of zero.
    """
    distance = abs(shown - true)
    slack = _FLOAT_SLACK * max(1.0, abs(true))
    return distance <= 0.5 * 10.0**-shown_decimals + slack and distance <= _LARGEST_SHARE * abs(true) + slack


def agrees(shown: float, shown_decimals: int, shown_unit: str, true: float, true_unit: str) -> bool:
    """`equal`, after expressing `true` in the unit that was shown; False where no exact conversion exists."""
    expressed = convert(true, true_unit, shown_unit)
    return expressed is not None and equal(shown, shown_decimals, expressed)
