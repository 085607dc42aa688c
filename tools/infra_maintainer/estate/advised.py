"""What recommenders advise, in one shape: which resource, to do what, saving how much. Their words are outside text.

Read: AWS Compute Optimizer and Cost Optimization Hub (CSV or JSON), Azure Advisor (CSV or JSON), Google Recommender
(JSON).
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

MOST = 5_000
ID_KEYS = (
    "resourceId", "resourceArn", "instanceArn", "volumeArn", "autoScalingGroupArn", "Resource ID", "ResourceId",
    "resourceMetadata.resourceId", "properties.resourceMetadata.resourceId", "content.overview.resource",
    "targetResources.0",
    "Resource Name",
)  # fmt: skip
ACTION_KEYS = (
    "actionType", "finding", "Recommendation", "recommenderSubtype", "properties.shortDescription.solution",
    "shortDescription.solution", "Finding", "description",
)  # fmt: skip
SAVING_KEYS = (
    "estimatedMonthlySavings", "estimatedMonthlySavings.value", "savingsOpportunity.estimatedMonthlySavings.value",
    "savingsOpportunityAfterDiscounts.estimatedMonthlySavings.value", "properties.extendedProperties.savingsAmount",
    "extendedProperties.savingsAmount", "Potential Annual Cost Savings", "Potential benefits",
)  # fmt: skip


class Advised(NamedTuple):
    """One recommendation. `saving` is as the recommender says, a month; None where it says none."""

    resource_id: str
    action: str
    saving: float | None


def read_advice(text: str) -> tuple[list[Advised], int]:
    """The recommendations of a file, and how many entries name no resource. Raises ValueError for another format."""
    rows = list(_rows(text))
    found: list[Advised] = []
    for row in rows[:MOST]:
        resource = _first(row, ID_KEYS)
        if resource:
            found.append(
                Advised(resource, (_first(row, ACTION_KEYS) or "unnamed")[:80], _money(_first(row, SAVING_KEYS)))
            )
    return found, len(rows) - len(found)


def _rows(text: str) -> Iterable[dict[str, str]]:
    stripped = text.lstrip("\ufeff \n")
    if stripped.startswith(("[", "{")):
        raw: Any = json.loads(stripped)
        if isinstance(raw, dict):
            holders = cast("dict[str, Any]", raw)
            lists = [value for value in holders.values() if isinstance(value, list)]
            raw = lists[0] if lists else [holders]
        return [_flat(each) for each in raw if isinstance(each, dict)]
    rows = list(csv.DictReader(io.StringIO(stripped)))
    if not rows or not set(rows[0]) & set(ID_KEYS):
        raise ValueError("neither JSON nor a CSV with a column that names resources")
    return [{str(key): str(value or "") for key, value in row.items()} for row in rows]


def _flat(item: Any, prefix: str = "") -> dict[str, str]:
    """`{"a": {"b": [1]}}` as `{"a.b.0": "1"}`, four levels deep."""
    if prefix.count(".") > 4:
        return {}
    if isinstance(item, dict):
        pairs = cast("dict[str, Any]", item).items()
        return {k: v for key, value in pairs for k, v in _flat(value, f"{prefix}{key}.").items()}
    if isinstance(item, list):
        first: list[Any] = item[:5]
        parts = enumerate(first)
        return {k: v for number, value in parts for k, v in _flat(value, f"{prefix}{number}.").items()}
    return {prefix[:-1]: str(item)}


def _first(row: dict[str, str], keys: Iterable[str]) -> str | None:
    return next((row[key] for key in keys if row.get(key) not in (None, "", "None")), None)


def _money(text: str | None) -> float | None:
    try:
        return None if text is None else float(text.replace(",", "").strip(" $€£"))
    except ValueError:
        return None
