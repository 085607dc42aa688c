"""How values read: the same number never two ways, nearly all never as all."""

import pytest

from infra_maintainer.evidence.show import counted, show


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
        (3.3e-12, "%", "less than 0.001 %"),
        (0.0, "%", "0 %"),
    ],
)
def test_a_value_reads_as_people_would_write_it(value: float, unit: str, said: str) -> None:
    """An availability of 99.96 % that read as 100 % would hide seventeen minutes a month."""
    assert show(value, unit) == said


def test_words_of_one_are_not_those_of_many() -> None:
    """Noun and verb both; none takes the form of many, as people say it."""
    words = "[role logs|roles log] in and [owns|own] tables"
    assert counted(1, words) == counted(1.0, words) == "role logs in and owns tables"
    assert counted(0, words) == counted(2, words) == "roles log in and own tables"
