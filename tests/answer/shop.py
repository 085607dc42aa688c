"""One small run of a shop, at the level of tool results: slow checkout, busy database, unreadable backups."""

from typing import Any

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.run import Judged, Limit, Run, Unmeasured
from infra_maintainer.answer.verify import from_data

QUESTION = "Users say checkout is slow. Our dashboard says 182 ms. Is it healthy? Finance wants 30 % off."
CHECKOUT = "route:/checkout"


def leaf(
    quantity: str, subject: str, stat: str | None, value: float | str, unit: str, **more: object
) -> dict[str, object]:
    """One citable value."""
    return {"quantity": quantity, "subject": subject, "stat": stat, "value": value, "unit": unit, **more}


def ledger() -> Ledger:
    """Five tool results, one of which failed."""
    latency: dict[str, object] = {
        "p95": leaf("requests.latency", CHECKOUT, "p95", 1837, "ms", n=23410),
        "p99": leaf("requests.latency", CHECKOUT, "p99", 2951, "ms", n=23410),
        "mean": leaf("requests.latency", CHECKOUT, "mean", 182, "ms", n=23410),
        "normal": leaf("requests.latency.normal", CHECKOUT, "p95", 411, "ms", n=20220),
        "n": leaf("requests.latency", CHECKOUT, "count", 23410, "1", about_measurement=True),
    }
    machine: dict[str, object] = {
        "cpu": leaf("cpu.utilisation", "host:web-1", "mean", 12, "%"),
        "memory": leaf("memory.used", "host:web-1", "instant", 41, "%"),
        "other": leaf("cpu.utilisation", "host:web-2", "mean", 67, "%"),
    }
    query: dict[str, object] = {"share": leaf("database.query.share", "database:orders", "ratio", 78, "%")}
    targets: dict[str, object] = {"rto": leaf("recovery.rto", "service:shop", None, 60, "min", origin="declared")}
    plan: dict[str, object] = {
        name: leaf("disk.days_to_full", "filesystem:/", None, value, "d")
        for name, value in (("low", 33), ("point", 42), ("high", 55))
    }
    return Ledger(
        [
            Entry("ev1", data={"data": latency}),
            Entry("ev2", data={"data": machine}),
            Entry("ev3", data={"data": query}),
            Entry("ev4", data={"data": targets}),
            Entry("ev5", status="denied", quantity="backup.age", subject="host:web-1"),
            Entry("ev6", status="timeout"),
            Entry("ev7", data={"data": plan}),
        ]
    )


def run() -> Run:
    """The run with its judgements."""
    return Run(
        ledger=ledger(),
        verdict="degraded",
        severity="high",
        findings=(Judged("latency_above_normal", CHECKOUT, "high", ("ev1#/data/p95",), "P95 is far above normal."),),
        unmeasured=(Unmeasured("backup.age", "host:web-1", "denied", "ev5"),),
        limits=(Limit("health.latency.ratio", 2, "x"), Limit("health.disk.space", 80, "%")),
        question=QUESTION,
        counts=frozenset({1, 7}),
    )


def honest() -> dict[str, Any]:
    """A known-good answer as JSON data, new each time."""
    return {
        "verdict": "degraded",
        "severity": "high",
        "headline_claims": ["c1", "c3"],
        "claims": [
            {
                "kind": "observed",
                "id": "c1",
                "quantity": "requests.latency",
                "subject": CHECKOUT,
                "stat": "p95",
                "value": 1837,
                "unit": "ms",
                "evidence": ["ev1#/data/p95"],
            },
            {
                "kind": "observed",
                "id": "c2",
                "quantity": "requests.latency",
                "subject": CHECKOUT,
                "stat": "mean",
                "value": 182,
                "unit": "ms",
                "evidence": ["ev1#/data/mean"],
            },
            {
                "kind": "derived",
                "id": "c3",
                "quantity": "latency.ratio",
                "subject": CHECKOUT,
                "value": 4.47,
                "unit": "x",
                "formula": "a/b",
                "inputs": {"a": "ev1#/data/p95", "b": "ev1#/data/normal"},
            },
            {"kind": "user", "id": "c4", "value": 182, "unit": "ms"},
            {
                "kind": "declared",
                "id": "c5",
                "quantity": "recovery.rto",
                "subject": "service:shop",
                "value": 60,
                "unit": "min",
                "evidence": ["ev4#/data/rto"],
            },
            {"kind": "policy", "id": "c6", "policy": "health.latency.ratio", "value": 2, "unit": "x"},
            {
                "kind": "observed",
                "id": "c7",
                "quantity": "database.query.share",
                "subject": "database:orders",
                "stat": "ratio",
                "value": 78,
                "unit": "%",
                "evidence": ["ev3#/data/share"],
            },
        ],
        "findings": [{"code": "latency_above_normal", "subject": CHECKOUT, "claims": ["c1", "c3"]}],
        "root_cause": {"component": "database:orders", "mechanism": "slow_query", "evidence": ["ev3#/data/share"]},
        "unknowns": [{"quantity": "backup.age", "subject": "host:web-1", "why": "denied", "how": "grant read access"}],
        "failed_evidence": ["ev6"],
        "recommendations": [{"verb": "tune_query", "target": "database:orders", "reversible": True}],
        "forecast": {
            "quantity": "disk.days_to_full",
            "point": 42,
            "low": 33,
            "high": 55,
            "unit": "d",
            "level": 0.8,
            "method": "trend with an interval",
            "evidence": ["ev7#/data/low", "ev7#/data/point", "ev7#/data/high"],
        },
        "explanation": "The mean {c2} hides the tail {c1}; one query is most of it.",
    }


def answer(data: dict[str, Any] | None = None) -> Answer:
    """The known-good answer, or the one from `data`."""
    return from_data(honest() if data is None else data)
