"""Use of AWS resources from CloudWatch: hourly maxima and sums over 93 days, daily maxima over 400 for bursts.

CloudWatch's own percentiles are not used: P99.5 is taken here from the hourly maxima, so that quiet hours cannot hide a
busy one. Each metric asked for is billed by AWS, so they are counted and capped.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any, NamedTuple

from infra_maintainer.cloud.aws_session import MOST_METRICS, Aws
from infra_maintainer.cloud.found import Found, Refused

WINDOW_DAYS, BURST_DAYS = 93, 400
BATCH = 100
HOUR_S, DAY_S = 3600, 86400.0
BUSY_CPU = 20.0  # percent in some hour: somebody worked


class Metric(NamedTuple):
    """A metric of a kind of resource, its statistic, and the quantity it gives."""

    kind: str
    namespace: str
    name: str
    dimension: str
    statistic: str
    quantity: str
    daily: bool = False  # over 400 days in days, instead of over 93 days in hours


METRICS = (
    Metric("instance", "AWS/EC2", "CPUUtilization", "InstanceId", "Maximum", "burst.cpu", daily=True),
    Metric(
        "database", "AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", "Maximum", "burst.connections", daily=True
    ),
    Metric("instance", "AWS/EC2", "CPUUtilization", "InstanceId", "Maximum", "resource.cpu"),
    Metric("instance", "AWS/EC2", "NetworkIn", "InstanceId", "Sum", "resource.network"),
    Metric("instance", "AWS/EC2", "NetworkOut", "InstanceId", "Sum", "resource.network"),
    Metric("instance", "AWS/EC2", "EBSReadOps", "InstanceId", "Sum", "resource.disk_operations"),
    Metric("instance", "AWS/EC2", "EBSWriteOps", "InstanceId", "Sum", "resource.disk_operations"),
    Metric("volume", "AWS/EBS", "VolumeIdleTime", "VolumeId", "Sum", "resource.idle_time", daily=True),
    Metric("database", "AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", "Maximum", "resource.connections"),
    Metric("load_balancer", "AWS/ApplicationELB", "RequestCount", "LoadBalancer", "Sum", "resource.requests"),
    Metric("nat_gateway", "AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", "Sum", "resource.network"),
    Metric("cache", "AWS/ElastiCache", "CacheHits", "CacheClusterId", "Sum", "resource.hits"),
    Metric("cache", "AWS/ElastiCache", "ReplicationBytes", "CacheClusterId", "Maximum", "resource.replication"),
)


def use(aws: Aws, kinds: dict[str, str], ages: dict[str, float], now: datetime) -> Iterator[Found]:
    """Use of resources given as id -> kind, of known ages in days. Raises nothing: a refusal is an answer."""
    wanted = [(resource, metric) for resource, kind in kinds.items() for metric in METRICS if metric.kind == kind]
    seen: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
    for daily in (False, True):
        some = [each for each in wanted if each[1].daily is daily]
        for start in range(0, len(some), BATCH):
            batch = some[start : start + BATCH]
            if aws.metrics_asked + len(batch) > MOST_METRICS:
                return
            aws.metrics_asked += len(batch)
            answer = aws.list("cloudwatch", "get_metric_data", "MetricDataResults", **_query(batch, now, daily))
            if isinstance(answer, Refused):
                yield from (Found(resource, _quantity(metric), answer) for resource, metric in batch)
                continue
            for each in answer:
                resource, metric = batch[int(str(each["Id"])[1:])]
                points = list(zip(each.get("Timestamps", []), each.get("Values", []), strict=False))
                seen.setdefault((resource, metric.quantity), []).extend(points)
    for (resource, quantity), points in seen.items():
        yield from _figures(resource, quantity, points, ages.get(resource), now)


def _quantity(metric: Metric) -> str:
    return "resource.guard.burst" if metric.quantity.startswith("burst.") else metric.quantity


def _query(batch: list[tuple[str, Metric]], now: datetime, daily: bool) -> dict[str, Any]:
    return {
        "StartTime": now - timedelta(days=BURST_DAYS if daily else WINDOW_DAYS),
        "EndTime": now,
        "MetricDataQueries": [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric.namespace,
                        "MetricName": metric.name,
                        "Dimensions": [{"Name": metric.dimension, "Value": _dimension(resource, metric)}],
                    },
                    "Period": 24 * HOUR_S if daily else HOUR_S,
                    "Stat": metric.statistic,
                },
            }
            for number, (resource, metric) in enumerate(batch)
        ],
    }


def _dimension(resource: str, metric: Metric) -> str:
    """What CloudWatch calls the resource: the last part of an ARN, for balancers what follows `loadbalancer/`."""
    if metric.dimension == "LoadBalancer":
        return resource.split("loadbalancer/")[-1]
    return resource.rsplit(":", 1)[-1].rsplit("/", 1)[-1] if resource.startswith("arn:") else resource


def _figures(
    resource: str, quantity: str, points: list[tuple[datetime, float]], age: float | None, now: datetime
) -> Iterator[Found]:
    if quantity == "resource.idle_time":
        # A volume reports only while it is attached; silence since then is the time it has been alone.
        last = max((at for at, _ in points), default=None)
        alone = BURST_DAYS if last is None else (now - last).total_seconds() / DAY_S
        if age is not None:
            yield Found(resource, quantity, round(min(alone, age), 2))
        return
    if quantity.startswith("burst."):
        least = BUSY_CPU if quantity == "burst.cpu" else 1.0
        earlier = [value for at, value in points if at < now - timedelta(days=WINDOW_DAYS)]
        reaches_back = age is not None and (age <= WINDOW_DAYS or bool(earlier))
        if reaches_back:
            yield Found(resource, "resource.guard.burst", any(value >= least for value in earlier))
        return
    if not points:
        return
    values, window = [value for _, value in points], (now - min(at for at, _ in points)).total_seconds()
    count = len(values)
    if quantity == "resource.cpu":
        if count > 1:
            tail = quantiles(values, n=1000, method="inclusive")[994]
            yield Found(resource, quantity, round(tail, 3), "p99.5", count, window)
    elif quantity in ("resource.connections", "resource.replication"):
        yield Found(resource, quantity, max(values), "max", count, window)
    elif quantity == "resource.network":
        yield Found(resource, quantity, round(sum(values) / window * DAY_S, 3), "mean", count, window)
    elif quantity == "resource.disk_operations":
        yield Found(resource, quantity, round(sum(values) / window, 5), "mean", count, window)
    else:
        yield Found(resource, quantity, sum(values), "sum", count, window)
