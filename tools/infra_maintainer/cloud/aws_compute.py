"""Instances, load balancers, NAT gateways, databases and caches of an AWS region, and who depends on them."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra_maintainer.cloud.aws_session import Aws
from infra_maintainer.cloud.aws_storage import dns_values
from infra_maintainer.cloud.aws_tags import described, guarded, tags_of
from infra_maintainer.cloud.found import Found, Refused

STOPPED_AT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) GMT\)")
Items = list[dict[str, Any]]


def compute(aws: Aws, now: datetime) -> Iterator[Found]:
    """Everything that runs in one region. A refused call leaves its quantities unknown and hides no other."""
    targets = _targets(aws)
    yield from _instances(aws, now, targets)
    yield from _balancers(aws, now)
    yield from _gateways(aws, now)
    yield from _databases(aws, now)
    yield from _caches(aws, now)


def _instances(aws: Aws, now: datetime, targets: Counter[str] | Refused) -> Iterator[Found]:
    reservations = aws.list("ec2", "describe_instances", "Reservations")
    if isinstance(reservations, Refused):
        return
    groups = _scaling_groups(aws)
    types = sorted({str(each.get("InstanceType")) for group in reservations for each in group.get("Instances", [])})
    sizes = aws.list("ec2", "describe_instance_types", "InstanceTypes", InstanceTypes=types) if types else []
    by_type = {} if isinstance(sizes, Refused) else {str(each["InstanceType"]): each for each in sizes}
    for each in (instance for group in reservations for instance in group.get("Instances", [])):
        name, state = str(each["InstanceId"]), each.get("State", {}).get("Name")
        if state == "terminated":
            continue
        yield from described(name, "instance", tags_of(each), aws.region, each.get("LaunchTime"), now)
        yield Found(name, "resource.running", state == "running")
        stopped = STOPPED_AT.search(str(each.get("StateTransitionReason", "")))
        if state == "stopped" and stopped:
            since = datetime.strptime(stopped.group(1), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            yield Found(name, "resource.idle_time", round((now - since).total_seconds() / 86400, 2))
        yield guarded(name, "group_member", _member(name, groups, targets))
        if not isinstance(groups, Refused):
            yield Found(name, "resource.peers", groups.get(name, 1))
        size = by_type.get(str(each.get("InstanceType")))
        if size and "DefaultVCpus" in size.get("VCpuInfo", {}):
            yield Found(name, "resource.vcpus", int(size["VCpuInfo"]["DefaultVCpus"]))
        if size and "SizeInMiB" in size.get("MemoryInfo", {}):
            yield Found(name, "resource.ram", int(size["MemoryInfo"]["SizeInMiB"]) << 20)


def _scaling_groups(aws: Aws) -> dict[str, int] | Refused:
    """Members of scaling groups, with the size of their group."""
    groups = aws.list("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    if isinstance(groups, Refused):
        return groups
    return {
        str(each["InstanceId"]): len(group.get("Instances", []))
        for group in groups
        for each in group.get("Instances", [])
    }


def _targets(aws: Aws) -> Counter[str] | Refused:
    """How many targets share a target group with each target."""
    groups = aws.list("elbv2", "describe_target_groups", "TargetGroups")
    if isinstance(groups, Refused):
        return groups
    found: Counter[str] = Counter()
    for group in groups:
        health = aws.list("elbv2", "describe_target_health", "TargetHealthDescriptions",
                          TargetGroupArn=group["TargetGroupArn"])  # fmt: skip
        if isinstance(health, Refused):
            return health
        for each in health:
            found[str(each["Target"]["Id"])] = max(found[str(each["Target"]["Id"])], len(health))
    return found


def _member(name: str, groups: dict[str, int] | Refused, targets: Counter[str] | Refused) -> bool | Refused:
    if isinstance(groups, Refused):
        return groups
    if name in groups:
        return True
    return targets if isinstance(targets, Refused) else targets[name] > 0


def _balancers(aws: Aws, now: datetime) -> Iterator[Found]:
    balancers = aws.list("elbv2", "describe_load_balancers", "LoadBalancers")
    if isinstance(balancers, Refused):
        return
    named, groups = dns_values(aws), aws.list("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    target_groups = aws.list("elbv2", "describe_target_groups", "TargetGroups")
    for each in balancers:
        arn = str(each["LoadBalancerArn"])
        tags = aws.list("elbv2", "describe_tags", "TagDescriptions", ResourceArns=[arn])
        if not isinstance(tags, Refused):
            held = tags_of(tags[0]) if tags else {}
            yield from described(arn, "load_balancer", held | {"Name": str(each.get("LoadBalancerName", ""))},
                                 aws.region, each.get("CreatedTime"), now)  # fmt: skip
        pointed = named if isinstance(named, Refused) else str(each.get("DNSName", "")).lower() in named
        yield guarded(arn, "dns", pointed)
        yield guarded(arn, "group_member", _scaled(arn, groups, target_groups))


def _scaled(arn: str, groups: Items | Refused, target_groups: Items | Refused) -> bool | Refused:
    """Whether a scaling group, even an empty one, is attached to the balancer's target groups."""
    if isinstance(groups, Refused):
        return groups
    if isinstance(target_groups, Refused):
        return target_groups
    own = {each["TargetGroupArn"] for each in target_groups if arn in each.get("LoadBalancerArns", [])}
    return any(own & set(group.get("TargetGroupARNs", [])) for group in groups)


def _gateways(aws: Aws, now: datetime) -> Iterator[Found]:
    gateways, tables = (
        aws.list("ec2", "describe_nat_gateways", "NatGateways"),
        aws.list("ec2", "describe_route_tables", "RouteTables"),
    )
    subnets = aws.list("ec2", "describe_subnets", "Subnets")
    if isinstance(gateways, Refused):
        return
    for each in gateways:
        if each.get("State") == "deleted":
            continue
        name = str(each["NatGatewayId"])
        yield from described(name, "nat_gateway", tags_of(each), aws.region, each.get("CreateTime"), now)
        yield Found(name, "resource.network_id", str(each.get("VpcId")))
        yield guarded(name, "standby", False)  # a second gateway of the zone would be in a route table too
        if isinstance(tables, Refused):
            yield guarded(name, "route_table", tables)
            continue
        through = [t for t in tables if any(route.get("NatGatewayId") == name for route in t.get("Routes", []))]
        yield guarded(name, "route_table", bool(through))
        if not isinstance(subnets, Refused):
            served = {link.get("SubnetId") for table in through for link in table.get("Associations", [])}
            zones = {subnet.get("AvailabilityZone") for subnet in subnets if subnet.get("SubnetId") in served}
            yield Found(name, "resource.zones_served", len(zones))


def _databases(aws: Aws, now: datetime) -> Iterator[Found]:
    databases = aws.list("rds", "describe_db_instances", "DBInstances")
    if isinstance(databases, Refused):
        return
    for each in databases:
        name, source = str(each["DBInstanceArn"]), each.get("ReadReplicaSourceDBInstanceIdentifier")
        tags = tags_of(each, "TagList") | {"Name": str(each.get("DBInstanceIdentifier", ""))}
        yield from described(name, "database", tags, aws.region, each.get("InstanceCreateTime"), now)
        yield Found(name, "resource.running", each.get("DBInstanceStatus") == "available")
        if "StorageEncrypted" in each:
            yield Found(name, "resource.encrypted", bool(each["StorageEncrypted"]))
        if "BackupRetentionPeriod" in each:  # a field that was not told is not a retention of nothing
            yield Found(name, "resource.backup_retention", int(each["BackupRetentionPeriod"]))
        yield guarded(name, "replica", bool(source or each.get("DBClusterIdentifier")))
        yield guarded(name, "standby", bool(each.get("MultiAZ")) and not source)
        if not source and not each.get("ReadReplicaDBInstanceIdentifiers"):
            yield Found(name, "resource.replication", 0)  # neither end of a replication: nothing can flow


def _caches(aws: Aws, now: datetime) -> Iterator[Found]:
    clusters = aws.list("elasticache", "describe_cache_clusters", "CacheClusters")
    if isinstance(clusters, Refused):
        return
    for each in clusters:
        name = str(each.get("ARN") or each["CacheClusterId"])
        yield from described(name, "cache", {"Name": str(each["CacheClusterId"])}, aws.region,
                             each.get("CacheClusterCreateTime"), now)  # fmt: skip
        yield guarded(name, "replica", bool(each.get("ReplicationGroupId")))
        yield guarded(name, "standby", bool(each.get("ReplicationGroupId")))
