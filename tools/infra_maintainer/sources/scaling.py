"""What the owner declares about instances, their price and how they scale. Declared, never measured."""

from collections.abc import Iterator

from infra_maintainer.evidence.model import Scalar
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey

OWED = ("service.instances", "instance.price", "instance.sustains", "scaling.time")


def _services(survey: Survey) -> list[str]:
    return [f"service:{each.name}" for each in survey.system.service]


@source(
    title="declared instances and scaling",
    jobs=("capacity",),
    quantities=OWED,
    also=(
        "scaling.by_hand", "scaling.minimum", "scaling.maximum", "scaling.trigger", "scaling.cool_down",
        "spike.multiple", "instance.connections",
    ),
    subjects=_services,
    configure="declare [[service]] with instances and price_per_month, and [[scaling]] with what one instance carries",
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One record per declared value; what is owed and not declared is Missing with the line to write."""
    scaling = {each.service: each for each in survey.system.scaling}
    for service in survey.system.service:
        subject = f"service:{service.name}"
        if service.instances is not None:
            yield survey.declared("service.instances", service.instances, subject=subject)
        else:
            yield _undeclared(survey, "service.instances", subject, "instances in [[service]]")
        if service.price_per_month is not None and service.instances and service.currency:
            each = round(service.price_per_month / service.instances, 4)
            yield survey.declared("instance.price", each, subject=subject, currency=service.currency)
        else:
            yield _undeclared(
                survey, "instance.price", subject, "instances, price_per_month and currency in [[service]]"
            )
        about = scaling.get(service.name)
        values: dict[str, Scalar | None] = {"instance.sustains": None, "scaling.time": None}
        if about is not None:
            values |= {
                "instance.sustains": about.sustains_per_instance,
                "scaling.time": about.time_to_scale_s,
                "instance.connections": about.connections_per_instance,
                "scaling.by_hand": about.by_hand,
                "scaling.minimum": about.minimum,
                "scaling.maximum": about.maximum,
                "scaling.trigger": about.trigger,
                "scaling.cool_down": about.cool_down_s,
                "spike.multiple": about.spike_multiple,
            }
        for quantity, value in values.items():
            if value is not None and about is not None:
                yield survey.declared(quantity, value, subject=subject, declared_on=about.declared_on)
            elif quantity in OWED:
                yield _undeclared(survey, quantity, subject, "sustains_per_instance, time_to_scale_s in [[scaling]]")


def _undeclared(survey: Survey, quantity: str, subject: str, what: str) -> AnyEvidence:
    return survey.missing(
        quantity, "not_configured", "not declared", f"declare {what}", source="infra.toml", subject=subject
    )
