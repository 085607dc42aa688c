"""Formulas of derived claims: four operations over cited values, recomputed, never searched for."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from infra_maintainer.answer.units import dimensions

# Conversions between units and shares; every other number has to be cited.
CONSTANTS = frozenset({1, 7, 12, 24, 30, 60, 100, 365, 1000, 3600})
_LONGEST = 200
_NONE: MappingProxyType[str, int] = MappingProxyType({})


class FormulaError(ValueError):
    """A formula that is not allowed or cannot be computed; the message says which part."""


@dataclass(frozen=True)
class Amount:
    """A number in base units with the powers of its dimensions: 3 GB/s is 3e9, bytes 1, time -1."""

    value: float
    powers: Mapping[str, int] = field(default_factory=lambda: _NONE)

    def plus(self, other: "Amount", sign: int) -> "Amount":
        """Sum or difference. Raises FormulaError for unlike things."""
        if self.powers != other.powers:
            raise FormulaError("it adds or subtracts things of different kinds")
        return Amount(self.value + sign * other.value, self.powers)

    def times(self, other: "Amount", sign: int) -> "Amount":
        """Product (sign 1) or quotient (sign -1). Raises ZeroDivisionError."""
        powers = {
            name: self.powers.get(name, 0) + sign * other.powers.get(name, 0)
            for name in {**self.powers, **other.powers}
        }
        value = self.value * other.value if sign > 0 else self.value / other.value
        return Amount(value, {name: power for name, power in powers.items() if power})


def amount(value: float, unit: str) -> Amount:
    """`value` of `unit` in base units. Raises FormulaError if the unit is unknown."""
    known = dimensions(unit)
    if known is None:
        raise FormulaError(f"unit {unit!r} is unknown")
    factor, powers = known
    return Amount(value * factor, powers)


def compute(formula: str, inputs: Mapping[str, Amount]) -> Amount:
    """The value of `formula` over the named inputs.

    Raises FormulaError on anything but + - * /, unary minus, the named inputs and the ten constants; on a formula
    that uses no input; on an input that is named and not used; and on a division by zero.
    """
    tree = _parsed(formula)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not used:
        raise FormulaError(f"{formula!r} uses no evidence")
    if unused := set(inputs) - used:
        raise FormulaError(f"{formula!r} does not use {', '.join(sorted(unused))}")
    try:
        return _value(tree.body, inputs)
    except ZeroDivisionError as error:
        raise FormulaError(f"{formula!r} divides by zero") from error


def adds(formula: str) -> bool:
    """True if the formula contains a sum. Raises FormulaError if it is no formula."""
    return any(isinstance(node, ast.Add) for node in ast.walk(_parsed(formula)))


def agrees(formula: str, inputs: Mapping[str, tuple[float, str]], unit: str) -> list[float]:
    """The value that a claim in `unit` may state for this formula; empty where the kinds do not fit.

    Without constants units are kept exactly: "a/b" of two times is a pure ratio, 45 % if the claim is in percent.
    With constants, which convert ("a*100/b", "a/1000", "a*24*30"), it is computed on the numbers as cited.
    Raises FormulaError like `compute`.
    """
    target = dimensions(unit)
    if target is None:
        raise FormulaError(f"unit {unit!r} is unknown")
    exact = compute(formula, {name: amount(value, given) for name, (value, given) in inputs.items()})
    constants = _constants(formula)
    if dict(exact.powers) == dict(target[1]):
        if not constants:
            return [exact.value / target[0]]
        percent = target[0] == amount(1, "%").value
        if not target[1] and (constants - {1, 100} or (100 in constants) != percent):
            return []
        if target[1] and len(inputs) == 1 and not _converts(formula, inputs, unit):
            return []
        return [_as_cited(formula, inputs)]
    # USD/h * 24 * 30 is USD/mo: a constant may stand for a span of time.
    timeless = [{n: p for n, p in powers.items() if n not in ("time", "month")} for powers in (exact.powers, target[1])]
    return [_as_cited(formula, inputs)] if constants and timeless[0] == timeless[1] else []


def _as_cited(formula: str, inputs: Mapping[str, tuple[float, str]]) -> float:
    return compute(formula, {name: Amount(value) for name, (value, _) in inputs.items()}).value


def _converts(formula: str, inputs: Mapping[str, tuple[float, str]], unit: str) -> bool:
    """True if a formula over one input does nothing but change its unit, and into this unit."""
    ((value, given),) = inputs.values()
    source, target = dimensions(given), dimensions(unit)
    if source is None or target is None:
        return False
    expected = value * source[0] / target[0]
    return abs(_as_cited(formula, inputs) - expected) <= 1e-9 * max(1.0, abs(expected))


def _constants(formula: str) -> set[object]:
    return {node.value for node in ast.walk(_parsed(formula)) if isinstance(node, ast.Constant)}


def _parsed(formula: str) -> ast.Expression:
    if len(formula) > _LONGEST:
        raise FormulaError(f"the formula is longer than {_LONGEST} characters")
    try:
        return ast.parse(formula.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"{formula!r} is not a formula") from error


def _value(node: ast.expr, inputs: Mapping[str, Amount]) -> Amount:
    if isinstance(node, ast.Name):
        if node.id not in inputs:
            raise FormulaError(f"{node.id!r} is not among the inputs")
        return inputs[node.id]
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float) or isinstance(node.value, bool) or node.value not in CONSTANTS:
            raise FormulaError(f"{node.value!r} is no allowed constant; cite it as evidence")
        return Amount(float(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand, inputs)
        return Amount(-inner.value, inner.powers)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, inputs), _value(node.right, inputs)
        if isinstance(node.op, ast.Add | ast.Sub):
            return left.plus(right, 1 if isinstance(node.op, ast.Add) else -1)
        if isinstance(node.op, ast.Mult | ast.Div):
            return left.times(right, 1 if isinstance(node.op, ast.Mult) else -1)
    raise FormulaError(f"{ast.unparse(node)!r} is not allowed: only + - * / over cited evidence")
