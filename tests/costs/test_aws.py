"""AWS through boto3 against moto's server on loopback: an independent implementation of the API, real HTTP."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra_maintainer.assess.costs_report import CostsReport
from infra_maintainer.cloud.aws_compute import compute
from infra_maintainer.cloud.aws_session import Aws
from infra_maintainer.cloud.aws_storage import storage
from infra_maintainer.cloud.aws_use import use
from infra_maintainer.cloud.found import Refused
from infra_maintainer.estate.dossier import dossiers
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.costs import audit_costs
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.world import LiveWorld
from tests.costs.focus_files import write_csv
from tests.requirements_link import requirement

REGION = "eu-west-1"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The server's address."""
    from moto.server import ThreadedMotoServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made: Any = ThreadedMotoServer  # moto ships types for a part of itself only
    server = made(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A profile of boto3's own, in files of its own."""
    folder = tmp_path_factory.mktemp("profile")
    (folder / "credentials").write_text("[audit]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


class World:
    """Clients of the fake account."""

    def __init__(self, endpoint: str) -> None:
        session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
        self.ec2: Any = session.client("ec2", endpoint_url=endpoint)
        self.rds: Any = session.client("rds", endpoint_url=endpoint)
        self.cloudwatch: Any = session.client("cloudwatch", endpoint_url=endpoint)

    def volume(self, **tags: str) -> str:
        """A volume that nothing holds."""
        made = self.ec2.create_volume(
            AvailabilityZone=f"{REGION}a", Size=10,
            TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}],
        )  # fmt: skip
        return str(made["VolumeId"])

    def metric(self, namespace: str, name: str, dimension: str, value: str, number: float, days: int) -> None:
        """One datapoint a day for so many days."""
        self.cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {"MetricName": name, "Dimensions": [{"Name": dimension, "Value": value}], "Value": number,
                 "Timestamp": NOW - timedelta(days=back, minutes=5)}
                for back in range(1, days)
            ],
        )  # fmt: skip


@pytest.fixture(scope="module")
def account(moto: str) -> dict[str, str]:
    """Volumes, a snapshot in an image, a NAT gateway with a route, a database and its replica."""
    world = World(moto)
    made = {"plain": world.volume(env="dev"), "claimed": world.volume(**{"kubernetes.io/created-for/pvc/name": "data"})}
    made["lost"] = world.volume(env="dev")
    made["only"] = str(world.ec2.create_snapshot(VolumeId=made["lost"])["SnapshotId"])
    world.ec2.delete_volume(VolumeId=made["lost"])
    made["second"] = world.volume(env="dev")
    made["older"] = str(world.ec2.create_snapshot(VolumeId=made["second"])["SnapshotId"])
    image = world.ec2.register_image(
        Name="web-1", BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": made["older"]}}],
        RootDeviceName="/dev/sda1",
    )  # fmt: skip
    made["image"] = str(image["ImageId"])
    (mapping,) = world.ec2.describe_images(ImageIds=[made["image"]])["Images"][0]["BlockDeviceMappings"]
    made["in_image"] = str(mapping["Ebs"]["SnapshotId"])
    world.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": made["image"]})
    subnet = world.ec2.describe_subnets()["Subnets"][0]
    made["nat"] = world.ec2.create_nat_gateway(SubnetId=subnet["SubnetId"])["NatGateway"]["NatGatewayId"]
    table = world.ec2.create_route_table(VpcId=subnet["VpcId"])["RouteTable"]["RouteTableId"]
    world.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=made["nat"])
    for name in ("orders", "poc"):
        world.rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
            MasterUsername="u", MasterUserPassword="not-a-secret", BackupRetentionPeriod=1,
        )  # fmt: skip
    world.rds.create_db_instance_read_replica(DBInstanceIdentifier="orders-2", SourceDBInstanceIdentifier="orders")
    for name in ("poc", "orders-2"):
        world.metric("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", name, 0.0, 40)
    return made


@pytest.fixture(scope="module")
def report(moto: str, account: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> CostsReport:
    """The job over the fake account and a bill in which each resource costs one a day."""
    folder, resources = tmp_path_factory.mktemp("bill"), list(account.values())
    rows = [
        {"ChargePeriodStart": f"{(NOW - timedelta(days=back)).date()}T00:00:00Z", "ResourceId": each}
        for back in range(1, 61)
        for each in resources
    ]
    path = write_csv(folder / "bill.csv", rows)
    text = (
        f'[[bill]]\npath = "{path}"\n[[cloud]]\nprofile = "audit"\nregions = ["{REGION}"]\nendpoint = "{moto}"\n'
        "snapshot_retention_days = 30\n"
    )
    return audit_costs(Kit(parse_system(text), None), LiveWorld(100))


@requirement("card.audit_costs")
def test_an_account_is_read_and_each_thing_has_its_references(account: dict[str, str], report: CostsReport) -> None:
    """Claimed volume, only copy, image in a template, routed gateway, replica: each guard says yes where it should."""
    known = {each.subject.removeprefix("resource:"): each for each in dossiers(report.evidence)}
    says = {
        (account["claimed"], "kubernetes"): True, (account["plain"], "kubernetes"): False,
        (account["only"], "only_copy"): True, (account["older"], "only_copy"): False,
        (account["in_image"], "image"): True, (account["only"], "image"): False,
        (account["image"], "launch_template"): True, (account["nat"], "route_table"): True,
        ("orders-2", "replica"): True, ("poc", "replica"): False,
    }  # fmt: skip
    for (name, guard), expected in says.items():
        assert known[name.lower()].flag(f"resource.guard.{guard}") is expected, (name, guard)
    assert known[account["plain"]].number("resource.cost") == 30
    assert known["poc"].number("resource.connections") == 0
    short = {each.subject for each in report.findings if each.code == "short_backups"}
    assert short == {"resource:orders", "resource:poc"}


def test_the_traps_of_an_account_are_kept_and_young_things_are_not_waste(report: CostsReport) -> None:
    """Everything in a fake account is minutes old, so nothing may be called waste; the replica is kept as a replica."""
    wasted = [each for each in report.findings if "resource.saving" in each.says or "bill drops" in each.says]
    assert not wasted
    kept = {each.subject: each.says for each in report.passes if each.says.startswith("keep")}
    assert "copy of the data" in kept["resource:orders-2"]


def test_calls_are_counted_and_what_is_billed_is_said(report: CostsReport) -> None:
    """Every kind of call by name, and the metrics that AWS charges for."""
    values = {each.quantity: each for each in report.evidence if each.quantity.startswith("cloud.")}
    billed = values["cloud.calls.billed"]
    assert billed.kind == "measured"
    assert 0 < float(billed.value) < 100


def test_credentials_that_are_not_there_are_not_configured(moto: str) -> None:
    """A profile nobody signed in."""
    text = f'[[cloud]]\nprofile = "nobody"\nregions = ["{REGION}"]\nendpoint = "{moto}"\n'
    report = audit_costs(Kit(parse_system(text), None), LiveWorld(60))
    missing = {each.quantity: each for each in report.coverage.not_checked}
    assert missing["cloud.resources"].why == "not_configured"
    assert "sign" in missing["cloud.resources"].how


class _Answers(Aws):
    """An account in which some calls end with an error of botocore's own classes."""

    def __init__(self, endpoint: str, refusals: dict[str, Exception]) -> None:
        super().__init__("audit", REGION, endpoint)
        self._refusals = refusals

    def list(self, service: str, operation: str, key: str, **arguments: Any) -> "list[dict[str, Any]] | Refused":
        """The call, or the planted error through the product's own translation."""
        name = f"{service}:{operation}"
        if name in self._refusals:
            self.refused[name] = self._refused(name, self._refusals[name])
            return self.refused[name]
        return super().list(service, operation, key, **arguments)


@pytest.mark.parametrize(
    ("code", "why", "word"),
    [("AccessDeniedException", "denied", "allow"), ("UnauthorizedOperation", "denied", "allow"),
     ("ExpiredToken", "denied", "sign in"), ("InternalError", "error", "console")],
)  # fmt: skip
def test_a_denied_or_expired_call_costs_only_its_own_guard(
    moto: str, account: dict[str, str], code: str, why: str, word: str
) -> None:
    """describe_images is refused: whether a snapshot is in an image is unknown with the reason, the rest is known."""
    from botocore.exceptions import ClientError

    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeImages")
    aws = _Answers(moto, {"ec2:describe_images": error})
    found = {(each.resource_id, each.quantity): each.value for each in storage(aws, NOW, 30)}
    refused = found[(account["only"], "resource.guard.image")]
    assert isinstance(refused, Refused)
    assert refused.why == why
    assert word in refused.how
    assert found[(account["only"], "resource.guard.only_copy")] is True


def test_the_shipped_policy_allows_exactly_the_calls_that_are_made(moto: str, account: dict[str, str]) -> None:
    """Least privilege: every call of a whole region is in docs/aws-policy.json, and every entry only reads."""
    aws = Aws("audit", REGION, moto)
    found = [*storage(aws, NOW, 30), *compute(aws, NOW)]
    kinds = {each.resource_id: str(each.value) for each in found if each.quantity == "resource.kind"}
    list(use(aws, kinds, {}, NOW))
    policy = json.loads((Path(__file__).parents[2] / "docs/aws-policy.json").read_text())
    allowed = {each.lower() for each in policy["Statement"][0]["Action"]}
    made = {call.replace("_", "").replace("elbv2:", "elasticloadbalancing:") for call in {*aws.calls, *aws.refused}}
    assert account["nat"] in kinds
    assert made <= allowed
    assert all(each.split(":")[1].startswith(("describe", "list", "get")) for each in allowed)
