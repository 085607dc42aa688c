"""The FOCUS columns this product uses, version by version, and their translation into one typed relation.

FOCUS 1.0 to 1.4 differ in which columns exist; no row is read by position. `typed_columns` maps whatever columns a
table has to canonical names: an absent column becomes NULL and is named in `absent`, so that a question that needs it
can be refused instead of answered with zero. Source: the FOCUS specification, versions 1.0 to 1.4.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Dialect = Literal["duckdb", "postgres", "clickhouse"]
Kind = Literal["text", "number", "moment"]


class Column(NamedTuple):
    """A canonical column: its type and the FOCUS columns that may provide it, first present wins."""

    name: str
    kind: Kind
    providers: tuple[str, ...]


COLUMNS = (
    Column("charged_at", "moment", ("ChargePeriodStart",)),
    Column("period_at", "moment", ("BillingPeriodStart",)),
    Column("provider", "text", ("ServiceProviderName", "ProviderName")),
    Column("service", "text", ("ServiceName",)),
    Column("service_category", "text", ("ServiceCategory",)),
    Column("region", "text", ("RegionId", "RegionName")),
    Column("account", "text", ("SubAccountId", "BillingAccountId")),
    Column("currency", "text", ("BillingCurrency",)),
    Column("category", "text", ("ChargeCategory",)),
    Column("charge_class", "text", ("ChargeClass",)),
    Column("resource_id", "text", ("ResourceId",)),
    Column("resource_name", "text", ("ResourceName",)),
    Column("resource_type", "text", ("ResourceType",)),
    Column("tags", "text", ("Tags",)),
    Column("commitment_id", "text", ("CommitmentDiscountId",)),
    Column("commitment_status", "text", ("CommitmentDiscountStatus",)),
    Column("commitment_type", "text", ("CommitmentDiscountType",)),
    Column("pricing_category", "text", ("PricingCategory",)),
    Column("eligibility", "text", ("CommitmentProgramEligibilityDetails",)),
    Column("reservation_status", "text", ("CapacityReservationStatus",)),
    Column("billed", "number", ("BilledCost",)),
    Column("effective", "number", ("EffectiveCost",)),
    Column("list_cost", "number", ("ListCost",)),
    Column("contracted", "number", ("ContractedCost",)),
)

MANDATORY = ("charged_at", "provider", "service", "currency", "category", "billed", "effective")

# Per row, before any grouping: what the data-quality checks count and what the rates are made of. Portable SQL.
# Cheap on purpose: they run for every row of a bill. Conditions on the category are applied to the groups, not the
# rows.
MEASURES: dict[str, str] = {
    "rows_n": "1",
    "billed_sum": "billed",
    "effective_sum": "effective",
    "list_sum": "list_cost",
    "contracted_sum": "contracted",
    "zeroed_billed": "CASE WHEN effective = 0 THEN billed END",
    "unlisted_billed": "CASE WHEN coalesce(list_cost, 0) = 0 THEN billed END",
    "inverted_rows": "CASE WHEN list_cost > 0 AND list_cost < contracted * 0.999999 THEN 1 END",
    "open_list": "CASE WHEN eligibility IS NOT NULL AND commitment_id IS NULL THEN list_cost END",
    "idle_reservation": "CASE WHEN reservation_status = 'Unused' THEN effective END",
    "bad_values": "bad_value",
}

# Before FOCUS 1.4 no column says what a commitment could cover; compute at the standard price stands for it, and is
# called a proxy wherever it is shown.
OPEN_BY_PROXY = (
    "CASE WHEN commitment_id IS NULL AND pricing_category = 'Standard' AND service_category = 'Compute'"
    " THEN list_cost END"
)

# What identifies a row of the roll-up: everything a question groups or filters by.
DIMENSIONS = (
    "charge_day", "billing_month", "provider", "service", "region", "account", "currency",
    "category", "charge_class", "resource_id", "resource_name", "resource_type", "tags", "commitment_id",
    "commitment_status", "commitment_type", "pricing_category",
)  # fmt: skip

# Columns that appear first in a version; the newest present names it.
FIRST_SEEN = (
    ("1.4", ("CommitmentProgramEligibilityDetails", "InvoiceDetailId")),
    ("1.3", ("ServiceProviderName", "HostProviderName", "AllocatedMethodId", "ContractApplied")),
    ("1.2", ("InvoiceId", "PricingCurrency", "BillingAccountType")),
    ("1.1", ("CommitmentDiscountQuantity", "ServiceSubcategory", "SkuMeter", "CapacityReservationId")),
)

FOCUS_COLUMNS = frozenset(
    "AllocatedMethodDetails AllocatedMethodId AllocatedResourceId AllocatedResourceName AllocatedTags AvailabilityZone"
    " BilledCost BillingAccountId BillingAccountName BillingAccountType BillingCurrency BillingPeriodEnd"
    " BillingPeriodStart CapacityReservationId CapacityReservationStatus ChargeCategory ChargeClass ChargeDescription"
    " ChargeFrequency ChargePeriodEnd ChargePeriodStart CommitmentDiscountCategory CommitmentDiscountId"
    " CommitmentDiscountName CommitmentDiscountQuantity CommitmentDiscountStatus CommitmentDiscountType"
    " CommitmentDiscountUnit CommitmentProgramEligibilityDetails ConsumedQuantity ConsumedUnit ContractApplied"
    " ContractedCost ContractedUnitPrice EffectiveCost HostProviderName InvoiceDetailId InvoiceId InvoiceIssuerName"
    " ListCost ListUnitPrice PricingCategory PricingCurrency PricingCurrencyContractedUnitPrice"
    " PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice PricingQuantity PricingUnit ProviderName PublisherName"
    " RegionId RegionName ResourceId ResourceName ResourceType ServiceCategory ServiceName ServiceProviderName"
    " ServiceSubcategory SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId SubAccountName SubAccountType"
    " Tags".split()
)


class Shape(NamedTuple):
    """What the header of a bill says: its version, what it lacks and what nobody defined."""

    version: str
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


def shape_of(columns: Iterable[str]) -> Shape:
    """Version, absent canonical columns and undefined columns (`x_` ones are the exporter's own and allowed)."""
    present = {column.lower() for column in columns}
    version = next(
        (version for version, marks in FIRST_SEEN if any(mark.lower() in present for mark in marks)),
        "1.0",
    )
    absent = tuple(
        column.name for column in COLUMNS if not any(provider.lower() in present for provider in column.providers)
    )
    defined = {name.lower() for name in FOCUS_COLUMNS}
    unknown = sorted(name for name in columns if name.lower() not in defined and not name.lower().startswith("x_"))
    return Shape(version, absent, tuple(unknown))
