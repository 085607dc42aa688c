"""infra.toml as one frozen model. Everything is optional: without a file the system is the machine this runs on."""

from pydantic import ValidationError

from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.availability import Availability, PlannedDowntime
from infra_maintainer.system.backup import Backup
from infra_maintainer.system.balancer import Balancer
from infra_maintainer.system.bill import Bill, Keep
from infra_maintainer.system.cloud import Cloud
from infra_maintainer.system.database import Cache, Database
from infra_maintainer.system.dataset import Dataset
from infra_maintainer.system.endpoint import Endpoint
from infra_maintainer.system.fact import Fact
from infra_maintainer.system.history import History, Quota
from infra_maintainer.system.machine import Machine
from infra_maintainer.system.page import Page
from infra_maintainer.system.prometheus import Prometheus
from infra_maintainer.system.recommendation import Opencost, Recommendation
from infra_maintainer.system.recovery import Recovery
from infra_maintainer.system.runbook import Runbook
from infra_maintainer.system.scaling import Scaling
from infra_maintainer.system.section import Section
from infra_maintainer.system.security import Security
from infra_maintainer.system.service import Service
from infra_maintainer.system.topology import AcceptedRisk, Instance, Shared, UserJourney
from infra_maintainer.system.zone import Timezone


class System(Section):
    """The system as its owner declares it. One field per kind of section; each kind has a file of its own."""

    policy: dict[str, float | bool] = {}
    access_log: list[AccessLog] = []
    accepted_risk: list[AcceptedRisk] = []
    availability: Availability = Availability()
    backup: list[Backup] = []
    bill: list[Bill] = []
    balancer: list[Balancer] = []
    cache: list[Cache] = []
    database: list[Database] = []
    cloud: list[Cloud] = []
    dataset: list[Dataset] = []
    endpoint: list[Endpoint] = []
    fact: list[Fact] = []
    history: list[History] = []
    instance: list[Instance] = []
    keep: list[Keep] = []
    machine: Machine | None = None
    page: list[Page] = []
    planned_downtime: list[PlannedDowntime] = []
    prometheus: list[Prometheus] = []
    opencost: list[Opencost] = []
    quota: list[Quota] = []
    recommendation: list[Recommendation] = []
    recovery: Recovery = Recovery()
    runbook: list[Runbook] = []
    scaling: list[Scaling] = []
    security: Security = Security()
    service: list[Service] = []
    shared: list[Shared] = []
    timezone: Timezone = "UTC"
    user_journey: list[UserJourney] = []

    def with_urls(self, urls: list[str]) -> "System":
        """The same system with some more endpoints, those a user named in this request. Raises ValueError."""
        known = {endpoint.url for endpoint in self.endpoint}
        extra = [_endpoint(url) for url in dict.fromkeys(urls) if url not in known]
        return self.model_copy(update={"endpoint": [*self.endpoint, *extra]})


def _endpoint(url: str) -> Endpoint:
    try:
        return Endpoint(url=url)
    except ValidationError as error:  # its own text would quote the address, a password in it included
        raise ValueError("; ".join(str(each["msg"]).removeprefix("Value error, ") for each in error.errors())) from None
