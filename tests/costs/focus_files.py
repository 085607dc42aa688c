"""FOCUS files for tests: written by hand with every quirk of real exporters, or by the public FOCUS toolkit."""

import csv
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

OFFICIAL = Path(__file__).parent.parent.parent.parent / "shared/data/focus/focus_sample_1.0.csv.gz"
ROW: dict[str, Any] = {
    "BilledCost": "1.00",
    "EffectiveCost": "1.00",
    "ListCost": "1.00",
    "ContractedCost": "1.00",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ServiceName": "Compute",
    "ServiceCategory": "Compute",
    "ServiceProviderName": "AWS",
    "SubAccountId": "111",
    "RegionId": "eu-west-1",
    "ResourceId": "i-1",
    "Tags": "",
    "CommitmentDiscountId": "",
    "CommitmentDiscountStatus": "",
    "PricingCategory": "Standard",
}


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], extra: tuple[str, ...] = ()) -> Path:
    """Rows over the defaults of `ROW`; a value None takes the column away from the whole file."""
    rows = [dict(ROW) | dict(row) for row in rows]
    without = {name for row in rows for name, value in row.items() if value is None}
    names = [name for name in (*ROW, *extra) if name not in without]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def toolkit_file(folder: Path, version: str, provider: str = "aws", rows: int = 1000) -> Path:
    """A cost-and-usage file of one version (1.2, 1.3, 1.4) by the FOCUS toolkit, seeded."""
    source = "1.3" if version == "1.4" else version
    _toolkit("generate", "--provider", provider, "--focus-version", source, "--rows", str(rows), "--seed", "7",
             "--out", str(folder))  # fmt: skip
    (made,) = folder.glob("*cost_and_usage*.csv")
    if version != "1.4":
        return made
    _toolkit("convert", "--cost-and-usage", str(made), "--mode", "synthetic", "--exit-policy", "pipeline",
             "--out", str(folder / "1.4"))  # fmt: skip
    (converted,) = (folder / "1.4").glob("*cost_and_usage.csv")
    return converted


@cache
def _program() -> str:
    return str(Path(sys.executable).parent / "focus-toolkit")


def _toolkit(*arguments: str) -> None:
    done = subprocess.run([_program(), *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
