"""Numbers by seed: odd-looking, the same for the same seed, so that nobody knows an answer by heart."""

import ast
import operator
import random
from collections.abc import Callable, Mapping

from infra_maintainer.evals.scenario import ScenarioError, Term

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
Numbers = Mapping[str, float | int | bool | str]


def draws(name: str, seed: int, ranges: Mapping[str, list[float]], let: Mapping[str, Term]) -> dict[str, Term]:
    """A number from each range, then the computed ones. Whole bounds give whole numbers that do not end in 0 or 5.

    Raises ScenarioError for a range that is none.
    """
    numbers: dict[str, Term] = {}
    for key in sorted(ranges):
        bounds = ranges[key]
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            raise ScenarioError(f"scenario {name}: draw.{key} = {bounds}: give [low, high]")
        numbers[key] = _number(random.Random(f"{name}/{key}/{seed}"), bounds[0], bounds[1])
    for key, term in let.items():
        numbers[key] = value(term, numbers, f"scenario {name}: let.{key}")
    return numbers


def _number(source: random.Random, low: float, high: float) -> float | int:
    if float(low).is_integer() and float(high).is_integer() and high - low >= 20:
        while (drawn := source.randint(int(low), int(high))) % 5 == 0:
            continue
        return drawn
    if float(low).is_integer() and float(high).is_integer():
        return source.randint(int(low), int(high))
    return float(f"{source.uniform(low, high):.4g}")


def value(term: Term, numbers: Numbers, where: str) -> Term:
    """A term's value: itself, a draw by name, arithmetic over draws, or a text that holds no draw.

    Raises ScenarioError for arithmetic over a name that is not drawn.
    """
    if not isinstance(term, str):
        return term
    if term in numbers:
        return numbers[term]
    try:
        tree = ast.parse(term, mode="eval").body
    except SyntaxError:
        return term
    if not isinstance(tree, ast.BinOp):
        return term
    result = _compute(tree, numbers, where)
    return float(f"{result:.6g}") if not float(result).is_integer() else int(result)


def _compute(node: ast.expr, numbers: Numbers, where: str) -> float:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_compute(left, numbers, where), _compute(right, numbers, where))
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if isinstance(found := numbers.get(name), int | float):
            return found
        case _:
            raise ScenarioError(f"{where}: {ast.unparse(node)!r} is neither a draw nor a number")
