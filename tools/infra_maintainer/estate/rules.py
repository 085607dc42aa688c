"""The catalogue of unused things: what must be true, which guards must have said no, what to do first and how to check.

Each row is one finding of the catalogue (limits of peers are the policy's reasons). Limits come from the policy by id.
"""

from typing import Literal, NamedTuple

Comparison = Literal["is", "at_least", "below", "above"]


class Condition(NamedTuple):
    """One thing that must hold: a quantity against a fixed value or, with `policy`, against a policy's limit."""

    quantity: str
    comparison: Comparison
    value: float | bool = 0.0
    policy: str | None = None
    least_days: bool = False  # must be measured over the policy's shortest window


class Rule(NamedTuple):
    """One way to be unused."""

    id: str
    kinds: tuple[str, ...]
    says: str
    conditions: tuple[Condition, ...]
    guards: tuple[str, ...]
    first_step: str
    reversible: str
    verify: str
    best: Literal["waste", "review"] = "waste"


def _alone(policy: str) -> tuple[Condition, ...]:
    return (Condition("resource.attached", "is", 0), Condition("resource.idle_time", "at_least", policy=policy))


RULES: tuple[Rule, ...] = (
    Rule(
        "unattached_volume", ("volume", "cluster_volume"), "attached to nothing",
        _alone("costs.unattached.days"),
        ("kubernetes", "replication_disk", "backup_plan"),
        "Take a snapshot, tell the owner, wait 14 days, then delete the volume.",
        "yes, from the snapshot", "aws ec2 describe-volumes --volume-ids ID",
    ),
    Rule(
        "old_snapshot", ("snapshot", "image"), "older than its declared retention, with newer copies",
        (Condition("resource.over_retention", "is", True), Condition("resource.newer_copies", "at_least", 1)),
        ("only_copy", "image", "launch_template", "shared", "backup_plan", "compliance"),
        "Tell the owner, restore the newest copy once as proof, then delete the old one.",
        "no: a deleted copy is gone", "aws ec2 describe-snapshots --snapshot-ids ID",
    ),
    Rule(
        "unattached_address", ("address",), "a public address that nothing holds",
        _alone("costs.address.days"),
        ("dns", "failover_address"),
        "Ask partners whether they allow-list it, then release it: the same address does not come back.",
        "no: the address may go to another customer", "aws ec2 describe-addresses --allocation-ids ID",
    ),
    Rule(
        "idle_load_balancer", ("load_balancer",), "no request reached it",
        (Condition("resource.requests", "is", 0, least_days=True),),
        ("dns", "group_member"),
        "Tell the owner, remove its listeners for 14 days, then delete it.",
        "yes, under another address", "aws elbv2 describe-target-health --target-group-arn ID",
    ),
    Rule(
        "idle_gateway", ("nat_gateway", "vpn", "private_endpoint"), "no byte went through it",
        (Condition("resource.network", "is", 0, least_days=True),),
        ("route_table", "standby"),
        "Tell the owner, wait 14 days, then delete it.",
        "yes, with another address", "aws ec2 describe-route-tables --filters Name=route.nat-gateway-id,Values=ID",
    ),
    Rule(
        "stopped_instance", ("instance",), "stopped, while its disks and addresses are paid",
        (
            Condition("resource.running", "is", False),
            Condition("resource.idle_time", "at_least", policy="costs.stopped.days"),
        ),
        ("group_member", "standby", "burst", "schedule"),
        "Take an image, tell the owner, wait 30 days, then terminate.",
        "yes, from the image", "aws ec2 describe-instances --instance-ids ID",
    ),
    Rule(
        "idle_instance", ("instance",), "runs and does nothing",
        (
            Condition("resource.running", "is", True),
            Condition("resource.cpu", "below", policy="costs.idle.cpu", least_days=True),
            Condition("resource.network", "below", policy="costs.idle.network", least_days=True),
            Condition("resource.disk_operations", "below", policy="costs.idle.disk_operations", least_days=True),
        ),
        ("group_member", "standby", "failover_address", "inbound", "schedule", "burst"),
        "Tell the owner, stop it (not delete) for 30 days over a month's end, then decide.",
        "yes: start it again", "aws cloudwatch get-metric-statistics --dimensions Name=InstanceId,Value=ID",
    ),
    Rule(
        "idle_database", ("database",), "nobody connected",
        (Condition("resource.connections", "is", 0, least_days=True),),
        ("replica", "standby", "replication", "burst"),
        "Take a final snapshot, stop it for 30 days over a quarter's end, then decide.",
        "yes, from the final snapshot", "aws rds describe-db-instances --db-instance-identifier ID",
    ),
    Rule(
        "idle_cache", ("cache", "search", "warehouse"), "no read hit it",
        (Condition("resource.hits", "is", 0, least_days=True),),
        ("replica", "standby", "replication"),
        "Tell the owner, wait 14 days, take a backup, then delete it.",
        "yes, from the backup", "aws elasticache describe-replication-groups",
    ),
    Rule(
        "unfinished_uploads", ("bucket",), "keeps unfinished uploads or old versions without a lifecycle rule",
        (Condition("resource.lifecycle", "is", False), Condition("resource.stale_bytes", "above", 0)),
        ("object_lock", "replica", "compliance"),
        "Add a lifecycle rule that aborts uploads after 7 days; ask before old versions, they are the way back.",
        "for uploads yes, for versions no", "aws s3api list-multipart-uploads --bucket ID", "review",
    ),
    Rule(
        "endless_logs", ("log_group",), "keeps its logs for ever",
        (Condition("resource.endless", "is", True),),
        ("compliance",),
        "Declare a retention with the owner; move old logs to a cheaper tier. Do not turn logging off.",
        "no: expired logs are gone", "aws logs describe-log-groups", "review",
    ),
    Rule(
        "old_images", ("repository",), "holds images that nothing has used",
        (Condition("resource.idle_time", "at_least", policy="costs.image.days"),),
        ("deployed",),
        "Add a lifecycle rule that keeps the last releases and every deployed digest.",
        "no: rebuild from source", "aws ecr describe-images --repository-name ID", "review",
    ),
    Rule(
        "abandoned_workload", ("workload",), "got no traffic",
        (Condition("resource.network", "is", 0, least_days=True),),
        ("schedule", "group_member", "burst"),
        "Tell the owner, scale it to zero for 30 days, then remove it.",
        "yes: scale it up", "kubectl get deployment ID",
    ),
    Rule(
        "unused_reservation", ("reservation",), "reserved capacity that nothing uses",
        _alone("costs.unattached.days"),
        ("capacity_guarantee",),
        "Ask who planned for it, then let it go.",
        "perhaps not: the capacity may be gone", "aws ec2 describe-capacity-reservations", "review",
    ),
)  # fmt: skip
