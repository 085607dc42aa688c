"""How fast, and in how much memory, a bill is audited: against plain queries in DuckDB, and against pandas reading CSV.

python bench/costs.py [--quick]      the data is made in a temporary folder and removed

1. Parquet: the whole audit (every question, quality, anomalies) against five plain aggregate queries in the same
engine. 2. CSV with the 44 columns of FOCUS 1.0: load and audit against `pandas.read_csv` alone (skipped when pandas is
absent: pip install pandas). 3. The Parquet audit again with memory_limit 256 MB. Each run is a process of its own, so
that peak memory is its own; the fastest of three counts.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / root) for root in ("server", "tools", "prompts", "agents", "evals")]

FULL, QUICK = (10_000_000, 1_000_000), (2_000_000, 200_000)
MADE = """
COPY (
  SELECT ((i * 2654435761) % 1000003) / 333334.3 + 0.01 AS BilledCost,
    TIMESTAMP '2026-08-01' + INTERVAL 1 HOUR * (i * 2160 // {rows}) AS ChargePeriodStart,
    TIMESTAMP '2026-08-01' + INTERVAL 1 HOUR * (i * 2160 // {rows} + 1) AS ChargePeriodEnd,
    date_trunc('month', TIMESTAMP '2026-08-01' + INTERVAL 1 HOUR * (i * 2160 // {rows})) AS BillingPeriodStart,
    'USD' AS BillingCurrency, CASE WHEN r % 50 = 0 THEN 'Tax' ELSE 'Usage' END AS ChargeCategory,
    NULL::VARCHAR AS ChargeClass, 'service-' || (r % 30) AS ServiceName,
    ['Compute', 'Storage', 'Databases'][1 + r % 3] AS ServiceCategory, 'region-' || (r % 8) AS RegionId,
    'account-' || (r % 12) AS SubAccountId, 'AWS' AS ServiceProviderName,
    'arn:aws:ec2:region:' || (r % 12) || ':instance/i-' || lpad(r::VARCHAR, 10, '0') AS ResourceId,
    'host-' || r AS ResourceName, 'instance' AS ResourceType,
    CASE WHEN r % 7 > 0 THEN '{{"team": "team-' || (r % 440) || '", "env": "prod", "app": "a' || (r % 3) || '"}}' END
      AS Tags,
    CASE WHEN r % 10 = 0 THEN 'sp-' || (r % 40) END AS CommitmentDiscountId,
    CASE WHEN r % 10 = 0 THEN CASE WHEN i % 9 = 0 THEN 'Unused' ELSE 'Used' END END AS CommitmentDiscountStatus,
    CASE WHEN r % 10 = 0 THEN 'Savings Plan' END AS CommitmentDiscountType,
    CASE WHEN r % 10 = 0 THEN 'Committed' ELSE 'Standard' END AS PricingCategory,
    BilledCost * 0.9 AS EffectiveCost, BilledCost * 1.3 AS ListCost, BilledCost * 1.1 AS ContractedCost,
    'sku-' || (r % 900) AS SkuId, 'Charge for service ' || (r % 900) AS ChargeDescription{more}
  FROM (SELECT range AS i, (hash(range) % 50000)::BIGINT AS r FROM range({rows}))
) TO '{path}' ({format})"""
# The other columns of FOCUS 1.0, which every real export has and few questions read.
MORE = """,
    'zone-' || (r % 3) AS AvailabilityZone, '1234567890123' AS BillingAccountId, 'Example Ltd' AS BillingAccountName,
    date_trunc('month', TIMESTAMP '2026-08-01' + INTERVAL 1 HOUR * (i * 2160 // {rows})) + INTERVAL 1 MONTH
      AS BillingPeriodEnd, 'Usage-Based' AS ChargeFrequency,
    CASE WHEN r % 10 = 0 THEN 'Spend' END AS CommitmentDiscountCategory, NULL::VARCHAR AS CommitmentDiscountName,
    r / 7.0 AS ConsumedQuantity, 'Hours' AS ConsumedUnit, BilledCost / 3 AS ContractedUnitPrice,
    'Example Web Services' AS InvoiceIssuerName, BilledCost / 2 AS ListUnitPrice, r / 7.0 AS PricingQuantity,
    'Hours' AS PricingUnit, 'AWS' AS ProviderName, 'Example Web Services' AS PublisherName,
    'Region number ' || (r % 8) AS RegionName, 'price-' || (r % 900) AS SkuPriceId, 'Team account' AS SubAccountName"""
PLAIN = (
    "SELECT ServiceName, date_trunc('month', ChargePeriodStart), sum(BilledCost), sum(EffectiveCost) FROM bill"
    " GROUP BY ALL",
    "SELECT json_extract_string(Tags, '$.team'), sum(cost) FROM"
    " (SELECT Tags, sum(EffectiveCost) AS cost FROM bill GROUP BY Tags) GROUP BY ALL",
    "SELECT ResourceId, sum(EffectiveCost) AS cost, min(ChargePeriodStart), max(ChargePeriodStart),"
    " count(DISTINCT CAST(ChargePeriodStart AS DATE)) FROM bill GROUP BY ALL ORDER BY cost DESC LIMIT 100",
    "SELECT CAST(ChargePeriodStart AS DATE), ServiceName, RegionId, sum(EffectiveCost) FROM bill GROUP BY ALL",
    "SELECT CommitmentDiscountId, CommitmentDiscountStatus, sum(EffectiveCost), sum(BilledCost) FROM bill"
    " WHERE CommitmentDiscountId IS NOT NULL GROUP BY ALL",
)


def make(path: Path, rows: int, format_: str, more: str = "") -> None:
    """A bill of 50,000 resources, 90 days by the hour."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": "false"})
    con.execute(MADE.format(rows=rows, path=path, format=format_, more=more.format(rows=rows)))


def audit(path: str, memory_mb: int) -> dict[str, float]:
    """Every question of the product, its quality measures and its anomalies."""
    from infra_maintainer.bills.alarms import watch
    from infra_maintainer.bills.audit import run_audit
    from infra_maintainer.bills.duckdb_bill import open_files
    from infra_maintainer.bills.figures import spend_figures, trust_figures

    with open_files(path, memory_mb=memory_mb) as bill:
        audited = run_audit(bill)
        watched = watch(audited, bill)
    figures = [*trust_figures(audited, "bill:b", date(2026, 11, 1)), *spend_figures(audited, "bill:b")]
    return {"rows": sum(row.rows_n for row in audited.daily), "figures": len(figures), "series": watched.judged}


def plain(path: str, memory_mb: int) -> dict[str, float]:
    """The five aggregate queries that an engineer would write by hand."""
    import duckdb

    con = duckdb.connect(
        config={"memory_limit": f"{memory_mb}MB", "preserve_insertion_order": "false", "temp_directory": f"{path}.tmp"}
    )
    con.execute(f"CREATE VIEW bill AS SELECT * FROM read_parquet('{path}')")
    return {"groups": sum(len(con.execute(query).fetchall()) for query in PLAIN)}


def read_pandas(path: str, memory_mb: int) -> dict[str, float]:
    """What pandas does before any question is asked."""
    import pandas  # type: ignore[import-untyped]  # a rival, not a dependency

    return {"rows": len(pandas.read_csv(path, low_memory=False))}


IMPORTS = {
    "audit": (
        "duckdb",
        "infra_maintainer.bills.alarms",
        "infra_maintainer.bills.figures",
        "infra_maintainer.bills.duckdb_bill",
    ),
    "plain": ("duckdb",),
    "pandas": ("pandas",),
}
TASKS = {"audit": audit, "plain": plain, "pandas": read_pandas}


def measured(task: str, path: Path, memory_mb: int = 512) -> dict[str, float]:
    """Seconds (without the interpreter's start) and peak MB of one task in a process of its own."""
    argv = [sys.executable, __file__, "--task", task, str(path), str(memory_mb)]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{task}: {done.stderr.strip().splitlines()[-1]}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


def run(task: str, path: str, memory_mb: int) -> None:
    """Inside the process: do it, print what it took. Imports are not counted, for nobody."""
    for module in IMPORTS[task]:
        import_module(module)
    so_far = resource.getrusage(resource.RUSAGE_SELF)
    before, started = so_far.ru_utime + so_far.ru_stime, time.perf_counter()
    result = TASKS[task](path, memory_mb)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    taken = {"seconds": round(seconds, 3), "cpu_s": round(used.ru_utime + used.ru_stime - before, 3)}
    print(json.dumps({**taken, "peak_mb": round(used.ru_maxrss / 1024, 1), **result}))


def rival(table: Path) -> dict[str, float] | None:
    """The same CSV read by pandas; None where it is absent."""
    try:
        return measured("pandas", table)
    except SystemExit:
        return None


def _best(runs: list[dict[str, float]]) -> dict[str, float]:
    """The fastest of several runs: the machine's noise only ever adds."""
    return min(runs, key=lambda each: each["seconds"])


def main() -> None:
    """Make the data, run the tasks, print the table and the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--task", nargs=3)
    options = arguments.parse_args()
    if options.task:
        run(options.task[0], options.task[1], int(options.task[2]))
        return
    parquet_rows, csv_rows = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        parquet, table = Path(folder) / "bill.parquet", Path(folder) / "bill.csv"
        make(parquet, parquet_rows, "FORMAT parquet")
        make(table, csv_rows, "HEADER", MORE)
        repeats = 1 if options.quick else 3
        pairs = [(measured("plain", parquet), measured("audit", parquet)) for _ in range(repeats)]
        plains, audits = [each[0] for each in pairs], [each[1] for each in pairs]
        small = measured("audit", parquet, 256)
        tables = [(measured("audit", table), rival(table)) for _ in range(repeats)]
    ours, rivals = _best([each[0] for each in tables]), [each[1] for each in tables if each[1]]
    pandas = _best(rivals) if rivals else None
    best_plain, best_audit = (min(each["seconds"] for each in group) for group in (plains, audits))
    cpu_plain, cpu_audit = (min(each["cpu_s"] for each in group) for group in (plains, audits))
    # Wall time for people; on a busy machine the CPU time is the fairer of the two ratios.
    rows: list[tuple[str, float, float]] = [
        (f"five plain queries, {parquet_rows:,} rows of Parquet", best_plain, max(each["peak_mb"] for each in plains)),
        ("whole audit", best_audit, max(each["peak_mb"] for each in audits)),
        ("whole audit, memory limit 256 MB", small["seconds"], small["peak_mb"]),
        (f"whole audit, {csv_rows:,} rows of CSV", ours["seconds"], ours["peak_mb"]),
    ]
    if pandas is not None:
        rows.append(("pandas.read_csv alone, the same CSV", pandas["seconds"], pandas["peak_mb"]))
    for name, seconds, peak in rows:
        print(f"{name:<52} {seconds:>8.2f} s {peak:>8.0f} MB")
    figures = {
        "rows": parquet_rows, "plain_s": best_plain, "audit_s": best_audit, "ratio": round(best_audit / best_plain, 3),
        "plain_cpu_s": cpu_plain, "audit_cpu_s": cpu_audit, "cpu_ratio": round(cpu_audit / cpu_plain, 3),
        "peak_mb": max(each["peak_mb"] for each in audits), "small_memory_s": small["seconds"],
        "small_memory_peak_mb": small["peak_mb"], "csv_rows": csv_rows, "csv_audit_s": ours["seconds"],
        "csv_audit_cpu_s": ours["cpu_s"],
        "pandas_s": pandas["seconds"] if pandas else None, "pandas_cpu_s": pandas["cpu_s"] if pandas else None,
    }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
