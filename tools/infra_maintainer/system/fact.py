"""`[[fact]]`: something the owner declares, with the date of the declaration. Declared, never measured."""

from datetime import date

from infra_maintainer.system.section import Section


class Fact(Section):
    """A dated statement about a subject, in the vocabulary's words."""

    subject: str
    quantity: str
    value: bool | int | float | str
    declared_on: date
