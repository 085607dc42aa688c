"""The aggregates of a bill against sums by hand: the csv module and decimals, another arithmetic."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from infra_maintainer.bills.audit import Audit, run_audit
from infra_maintainer.bills.duckdb_bill import open_files
from tests.costs.focus_files import OFFICIAL, toolkit_file
from tests.requirements_link import requirement

Rows = list[dict[str, str]]
FILES = ["aws-1.2", "azure-1.2", "gcp-1.2", "aws-1.3", "azure-1.3", "aws-1.4", "gcp-1.4"]
if OFFICIAL.exists():  # the official sample of FOCUS 1.0; it is not part of this repository
    FILES.append("official-1.0")


@pytest.fixture(scope="module", params=FILES)
def bill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Audit]:
    """The rows of a file as the csv module reads them, and our audit of the same file."""
    provider, version = str(request.param).split("-")
    if provider == "official":
        path = OFFICIAL
    else:
        path = toolkit_file(tmp_path_factory.mktemp("focus"), version, provider)
    opened = gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")
    with opened as file:
        rows = [{name: "" if value == "NULL" else value for name, value in row.items()} for row in csv.DictReader(file)]
    with open_files(str(path)) as files:
        audit = run_audit(files, owner_tag="Owner", top=100_000)
    assert audit.loading.shape.version == version
    return rows, audit


def day_of(row: dict[str, str]) -> date:
    """The UTC day of a charge."""
    moment = datetime.fromisoformat(row["ChargePeriodStart"])
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()


def summed(rows: Rows, key: Callable[[dict[str, str]], object], column: str) -> dict[object, Decimal]:
    """Exact sums of a column by a key."""
    found: dict[object, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[key(row)] += Decimal(row[column] or 0)
    return dict(found)


def usage(rows: Rows) -> Rows:
    """Usage that is not a correction."""
    return [row for row in rows if row["ChargeCategory"] == "Usage" and row["ChargeClass"] != "Correction"]


def near(ours: dict[object, float], theirs: dict[object, Decimal]) -> None:
    """The same keys, and the same amounts to a millionth."""
    assert set(ours) == set(theirs)
    for key, amount in theirs.items():
        assert ours[key] == pytest.approx(float(amount), rel=1e-9, abs=1e-6), key


@requirement("card.audit_costs")
def test_service_totals_equal_a_sum_by_hand(bill: tuple[Rows, Audit]) -> None:
    """Each cost column, by service and currency."""
    rows, audit = bill
    for column, ours in (("BilledCost", "billed"), ("EffectiveCost", "effective"), ("ListCost", "list_cost")):
        totals: dict[object, float] = defaultdict(float)
        for row in audit.daily:
            totals[(row.service, row.currency)] += getattr(row, ours)
        near(totals, summed(rows, lambda row: (row["ServiceName"], row["BillingCurrency"]), column))


def test_daily_totals_by_provider_equal_a_sum_by_hand(bill: tuple[Rows, Audit]) -> None:
    """The UTC day of the charge period; a 1.4 file names its provider only as ServiceProviderName."""
    rows, audit = bill
    totals: dict[object, float] = defaultdict(float)
    for row in audit.daily:
        totals[(row.charge_day, row.provider)] += row.effective
    expected = summed(
        rows, lambda row: (day_of(row), row.get("ServiceProviderName") or row.get("ProviderName")), "EffectiveCost"
    )
    near(totals, expected)


@requirement("costs.tagging")
def test_owner_totals_equal_a_sum_by_hand(bill: tuple[Rows, Audit]) -> None:
    """Owned, other keys only, empty and no tags stay apart."""
    rows, audit = bill

    def state(row: dict[str, str]) -> object:
        if not row["Tags"]:
            return ("none", None)
        tags = json.loads(row["Tags"])
        if not tags:
            return ("empty", None)
        return ("owned", tags["Owner"]) if tags.get("Owner") else ("other_keys", None)

    near({(row.state, row.owner): row.effective for row in audit.tags}, summed(usage(rows), state, "EffectiveCost"))


def test_resource_totals_equal_a_sum_by_hand(bill: tuple[Rows, Audit]) -> None:
    """The last 30 full days; charges without a resource are one row of their own."""
    rows, audit = bill
    since = audit.last_full_day - timedelta(days=29)
    recent = [row for row in usage(rows) if day_of(row) >= since]
    near(
        {row.resource_id: row.recent for row in audit.resources},
        summed(recent, lambda row: row["ResourceId"] or None, "EffectiveCost"),
    )
    assert audit.resources[0].all_recent == pytest.approx(
        sum(float(row["EffectiveCost"]) for row in recent), rel=1e-9, abs=1e-6
    )


@requirement("costs.commitments")
def test_commitment_totals_equal_a_sum_by_hand(bill: tuple[Rows, Audit]) -> None:
    """Used, Unused and purchases of each commitment stay apart."""
    rows, audit = bill
    totals: dict[object, float] = defaultdict(float)
    for row in audit.commitments:
        totals[(row.commitment_id, row.category, row.commitment_status)] += row.effective
    with_commitment = [row for row in rows if row["CommitmentDiscountId"]]
    expected = summed(
        with_commitment,
        lambda row: (row["CommitmentDiscountId"], row["ChargeCategory"], row["CommitmentDiscountStatus"] or None),
        "EffectiveCost",
    )
    near(totals, expected)


def test_the_official_sample_is_known_by_its_zeroed_effective_costs(tmp_path: Path) -> None:
    """Its quirks, made by hand: a stray Id, NULL texts, no zone, and EffectiveCost 0 though billed."""
    path = tmp_path / "quirks.csv"
    path.write_text(
        '"BilledCost","EffectiveCost","BillingCurrency","ChargeCategory","ChargePeriodStart","ServiceName",'
        '"ProviderName","ChargeClass","ResourceId","Tags","Id"\n'
        '3.5,0.0,"USD","Usage","2024-09-18 22:00:00","Queue","AWS",NULL,NULL,NULL,1\n'
        '0.5,0.5,"USD","Usage","2024-09-19 01:00:00","Queue","AWS",NULL,"r",NULL,2\n'
    )
    with open_files(str(path)) as files:
        audit = run_audit(files)
    assert audit.loading.shape.unknown == ("Id",)
    assert audit.loading.shape.version == "1.0"
    assert sum(row.zeroed_billed for row in audit.daily) == 3.5
    assert [(row.state, row.effective) for row in audit.tags] == [("none", 0.5)]
    assert {row.charge_day for row in audit.daily} == {date(2024, 9, 18), date(2024, 9, 19)}
