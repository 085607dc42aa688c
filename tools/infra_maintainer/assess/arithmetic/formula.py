"""Derived evidence from a formula that is really run: + - * /, ceil(), max() and wait() over named evidence."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime

from infra_maintainer.assess.facts import Known
from infra_maintainer.evidence.model import Derived
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.load.waiting import waiting_in_services


def _wait(servers: float, use: float) -> float:
    return waiting_in_services(int(servers), use)


_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_CALLS: dict[str, Callable[..., float]] = {
    "ceil": math.ceil,
    "max": max,
    "wait": _wait,
}


def derive(
    quantity: str, subject: str, formula: str, as_of: datetime, *, currency: str | None = None, **inputs: Known
) -> Derived:
    """The record of a formula over evidence. Raises ZeroDivisionError, and ValueError for anything but arithmetic."""
    values = {name: float(record.value) for name, record in inputs.items()}
    return Derived(
        subject=subject,
        quantity=quantity,
        stat="instant",
        value=float(f"{run(formula, values):.6g}"),
        unit=currency or unit_of(quantity),
        formula=formula,
        inputs={name: record.id for name, record in inputs.items()},
        as_of=as_of,
        source="arithmetic over the named evidence",
    )


def run(formula: str, values: Mapping[str, float]) -> float:
    """The value of a formula. Raises ValueError for anything but arithmetic over the given names."""
    return _value(ast.parse(formula, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _CALLS:
            return float(_CALLS[name](*(_value(each, values) for each in arguments)))
        case _:
            raise ValueError(f"{ast.unparse(node)!r} is not arithmetic over {sorted(values)}")
