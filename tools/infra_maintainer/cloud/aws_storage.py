"""Volumes, snapshots, images and addresses of an AWS region, with the references to them that AWS knows."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from infra_maintainer.cloud.aws_session import Aws
from infra_maintainer.cloud.aws_tags import any_key, described, guarded, tags_of
from infra_maintainer.cloud.found import Found, Refused

CLUSTER_TAGS = ("kubernetes.io/", "ebs.csi.aws.com", "csivolumename")
RECOVERY_TAGS = ("awselasticdisasterrecovery", "aws:drs", "cloudendure")
Items = list[dict[str, Any]]


def storage(aws: Aws, now: datetime, retention_days: float | None) -> Iterator[Found]:
    """Everything about storage of one region. A refused call leaves its quantities unknown and hides no other."""
    protected = _protected(aws)
    volumes = aws.list("ec2", "describe_volumes", "Volumes")
    images = aws.list("ec2", "describe_images", "Images", Owners=["self"], IncludeDisabled=True)
    snapshots = aws.list("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"])
    if not isinstance(volumes, Refused):
        yield from _volumes(aws, volumes, now, protected)
    if not isinstance(snapshots, Refused):
        yield from _snapshots(aws, snapshots, volumes, images, now, retention_days, protected)
    if not isinstance(images, Refused):
        yield from _images(aws, images, now, retention_days, protected)
    yield from _addresses(aws, now)


def _volumes(aws: Aws, volumes: Items, now: datetime, protected: set[str] | Refused) -> Iterator[Found]:
    for each in volumes:
        name, tags = str(each["VolumeId"]), tags_of(each)
        yield from described(name, "volume", tags, aws.region, each.get("CreateTime"), now)
        yield Found(name, "resource.attached", len(each.get("Attachments", [])))
        yield Found(name, "resource.encrypted", bool(each.get("Encrypted")))
        yield guarded(name, "kubernetes", any_key(tags, CLUSTER_TAGS))
        yield guarded(name, "replication_disk", any_key(tags, RECOVERY_TAGS))
        yield guarded(name, "backup_plan", _among(name, protected))


def _snapshots(
    aws: Aws,
    snapshots: Items,
    volumes: Items | Refused,
    images: Items | Refused,
    now: datetime,
    retention_days: float | None,
    protected: set[str] | Refused,
) -> Iterator[Found]:
    in_images: set[str] | Refused = images if isinstance(images, Refused) else {
        str(mapping.get("Ebs", {}).get("SnapshotId")) for image in images
        for mapping in image.get("BlockDeviceMappings", [])
    }  # fmt: skip
    alive = volumes if isinstance(volumes, Refused) else {str(each["VolumeId"]) for each in volumes}
    done = [each for each in snapshots if each.get("State") == "completed"]
    for each in snapshots:
        name, tags, volume = str(each["SnapshotId"]), tags_of(each), str(each.get("VolumeId"))
        newer = sum(o.get("VolumeId") == volume and o["StartTime"] > each["StartTime"] for o in done)
        yield from described(name, "snapshot", tags, aws.region, each.get("StartTime"), now)
        yield Found(name, "resource.newer_copies", newer)
        yield guarded(name, "only_copy", alive if isinstance(alive, Refused) else volume not in alive and newer == 0)
        yield guarded(name, "image", _among(name, in_images))
        yield guarded(name, "launch_template", False)
        if newer > 0:  # one call each: only for those that could be judged at all
            yield guarded(name, "shared", _shared(aws, name))
        by_backup = any_key(tags, ("aws:backup", "aws:dlm"))
        yield guarded(name, "backup_plan", True if by_backup else _among(name, protected))
        yield from _retention(name, each.get("StartTime"), now, retention_days)


def _images(
    aws: Aws, images: Items, now: datetime, retention_days: float | None, protected: set[str] | Refused
) -> Iterator[Found]:
    templates, families = _in_templates(aws), Counter(_family(each) for each in images)
    used = _running_images(aws)
    for each in images:
        name = str(each["ImageId"])
        made = (
            datetime.fromisoformat(str(each["CreationDate"]).replace("Z", "+00:00"))
            if each.get("CreationDate")
            else None
        )
        yield from described(name, "image", tags_of(each), aws.region, made, now)
        newer = sum(
            _family(o) == _family(each) and str(o.get("CreationDate", "")) > str(each.get("CreationDate", ""))
            for o in images
        )
        yield Found(name, "resource.newer_copies", newer)
        yield guarded(name, "only_copy", families[_family(each)] == 1)
        yield guarded(name, "launch_template", _among(name, templates))
        yield guarded(name, "image", _among(name, used))
        yield guarded(name, "shared", bool(each.get("Public")))
        yield guarded(name, "backup_plan", _among(name, protected))
        yield from _retention(name, made, now, retention_days)


def _addresses(aws: Aws, now: datetime) -> Iterator[Found]:
    """AWS does not say since when an address is held by nothing, nor its age: both stay unknown here."""
    addresses = aws.list("ec2", "describe_addresses", "Addresses")
    if isinstance(addresses, Refused):
        return
    named = dns_values(aws)
    for each in addresses:
        name = str(each.get("AllocationId") or each.get("PublicIp"))
        yield from described(name, "address", tags_of(each), aws.region, None, now)
        yield Found(name, "resource.attached", int(bool(each.get("AssociationId") or each.get("InstanceId"))))
        yield guarded(name, "dns", _among(str(each.get("PublicIp")), named))


def dns_values(aws: Aws) -> set[str] | Refused:
    """Every address and name that a record of this account's zones points to, in lower case."""
    zones = aws.list("route53", "list_hosted_zones", "HostedZones")
    if isinstance(zones, Refused):
        return zones
    found: set[str] = set()
    for zone in zones:
        records = aws.list("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        if isinstance(records, Refused):
            return records
        for record in records:
            found |= {str(each["Value"]).lower().rstrip(".") for each in record.get("ResourceRecords", [])}
            found.add(
                str(record.get("AliasTarget", {}).get("DNSName", "")).lower().rstrip(".").removeprefix("dualstack.")
            )
    return found


def _protected(aws: Aws) -> set[str] | Refused:
    listed = aws.list("backup", "list_protected_resources", "Results")
    return listed if isinstance(listed, Refused) else {str(each["ResourceArn"]).split("/")[-1] for each in listed}


def _in_templates(aws: Aws) -> set[str] | Refused:
    templates = aws.list("ec2", "describe_launch_templates", "LaunchTemplates")
    if isinstance(templates, Refused):
        return templates
    found: set[str] = set()
    for each in templates:
        versions = aws.list("ec2", "describe_launch_template_versions", "LaunchTemplateVersions",
                            LaunchTemplateId=each["LaunchTemplateId"])  # fmt: skip
        if isinstance(versions, Refused):
            return versions
        found |= {str(version.get("LaunchTemplateData", {}).get("ImageId")) for version in versions}
    configurations = aws.list("autoscaling", "describe_launch_configurations", "LaunchConfigurations")
    if isinstance(configurations, Refused):
        return configurations
    return found | {str(each.get("ImageId")) for each in configurations}


def _running_images(aws: Aws) -> set[str] | Refused:
    reservations = aws.list("ec2", "describe_instances", "Reservations")
    if isinstance(reservations, Refused):
        return reservations
    return {str(each.get("ImageId")) for group in reservations for each in group.get("Instances", [])}


def _shared(aws: Aws, snapshot: str) -> bool | Refused:
    given = aws.list("ec2", "describe_snapshot_attribute", "CreateVolumePermissions",
                     SnapshotId=snapshot, Attribute="createVolumePermission")  # fmt: skip
    return given if isinstance(given, Refused) else bool(given)


def _retention(name: str, made: datetime | None, now: datetime, retention_days: float | None) -> Iterator[Found]:
    """Without a declared retention nothing is over it; it is asked for, never guessed."""
    if retention_days is not None and made is not None:
        yield Found(name, "resource.over_retention", (now - made).total_seconds() / 86400 > retention_days)


def _family(image: dict[str, Any]) -> str:
    """Images of one thing: the name without its numbers."""
    return "".join(character for character in str(image.get("Name", "")) if not character.isdigit())


def _among(name: str, known: set[str] | Refused) -> bool | Refused:
    return known if isinstance(known, Refused) else name.lower() in {each.lower() for each in known}
