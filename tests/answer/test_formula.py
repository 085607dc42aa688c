"""Derived claims: the declared formula is recomputed, nothing else is admitted."""

import pytest

from infra_maintainer.answer.formula import FormulaError, agrees

MS = {"a": (1837.0, "ms"), "b": (411.0, "ms")}


@pytest.mark.parametrize(
    ("formula", "inputs", "unit", "expected"),
    [
        ("a/b", MS, "x", 4.4696),
        ("a/b", MS, "%", 446.96),
        ("a*100/b", MS, "%", 446.96),
        ("a-b", MS, "ms", 1426),
        ("a-b", MS, "s", 1.426),
        ("(a-b)/b", MS, "x", 3.4696),
        ("a/1000", {"a": (1837.0, "ms")}, "s", 1.837),
        ("a*12", {"a": (483.0, "USD/mo")}, "USD/a", 5796),
        ("a*24*30", {"a": (0.5, "USD/h")}, "USD/mo", 360),
        ("a+b", {"a": (1.0, "GiB"), "b": (512.0, "MiB")}, "MiB", 1536),
    ],
)
def test_a_formula_gives_its_value_in_the_unit_claimed(
    formula: str, inputs: dict[str, tuple[float, str]], unit: str, expected: float
) -> None:
    """Worked by hand."""
    assert agrees(formula, inputs, unit) == [pytest.approx(expected, rel=1e-4)]


@pytest.mark.parametrize(
    ("formula", "inputs", "unit"),
    [
        ("a/b", MS, "ms"),
        ("a-b", MS, "x"),
        ("a*100/b", MS, "x"),
        ("a*12", {"a": (483.0, "USD/mo")}, "USD/mo"),
        ("a/1000", {"a": (1837.0, "ms")}, "ms"),
    ],
)
def test_a_result_of_another_kind_supports_nothing(
    formula: str, inputs: dict[str, tuple[float, str]], unit: str
) -> None:
    """A ratio is no time, a yearly sum no monthly one."""
    assert agrees(formula, inputs, unit) == []


@pytest.mark.parametrize(
    "formula",
    [
        "4.5",
        "a+4.5",
        "a**b",
        "a//b",
        "__import__('os')",
        "a if b else a",
        "max(a,b)",
        "a/(b-b)",
        "a",
        "c",
        "",
        "(" * 300,
        "a/b+True",
    ],
)
def test_everything_but_four_operations_over_cited_evidence_is_refused(formula: str) -> None:
    """ "4.5" as a formula would trace any number; unused inputs would decorate a lie."""
    with pytest.raises(FormulaError):
        agrees(formula, MS, "x")
