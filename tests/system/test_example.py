"""infra.example.toml is a file that works, and shows every kind of section there is."""

from pathlib import Path

from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.vocabulary import vocabulary
from infra_maintainer.system.load import load_system
from infra_maintainer.system.system import System

EXAMPLE = Path(__file__).parent.parent.parent / "infra.example.toml"


def test_the_example_is_accepted_with_its_rules_and_facts() -> None:
    """An example that the loader refuses teaches the wrong words."""
    system = load_system(EXAMPLE)
    assert [each.policy for each in Policy(system.policy).overrides] == ["health.disk.space"]
    assert all(fact.quantity in vocabulary() for fact in system.fact)


def test_the_example_shows_every_kind_of_section() -> None:
    """A section that the example leaves out is never found by those who need it."""
    shown = set(load_system(EXAMPLE).model_fields_set)
    assert shown == set(System.model_fields)
