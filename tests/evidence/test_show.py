"""How values read: the same number never two ways, nearly all never as all."""

import pytest

from infra_maintainer.evidence.show import show


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (87.26, "%", "87.3 %"),
        (76.35, "%", "76.4 %"),
        (99.96, "%", "99.96 %"),
        (99.9996, "%", "99.9996 %"),
        (99.2, "%", "99.2 %"),
        (99.87, "%", "99.87 %"),
        (99.93, "%", "99.93 %"),
        (99.6666667, "%", "99.67 %"),
        (99.9999999, "%", "99.9999999 %"),
        (100.0, "%", "100 %"),
        (1840.0, "ms", "1.84 s"),
        (0.0, "s", "0 s"),
        (3_221_225_472, "By", "3 GiB"),
        (True, "bool", "yes"),
        (0.0635, "%", "0.0635 %"),
    ],
)
def test_a_value_reads_as_people_would_write_it(value: float, unit: str, said: str) -> None:
    """An availability of 99.96 % that read as 100 % would hide seventeen minutes a month."""
    assert show(value, unit) == said
