"""infra.toml as one frozen model. Everything is optional: without a file the system is the machine this runs on."""

from infra_maintainer.system.endpoint import Endpoint
from infra_maintainer.system.fact import Fact
from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Service


class System(Section):
    """The system as its owner declares it. One field per kind of section; each kind has a file of its own."""

    policy: dict[str, float | bool] = {}
    endpoint: list[Endpoint] = []
    fact: list[Fact] = []
    service: list[Service] = []

    def with_urls(self, urls: list[str]) -> "System":
        """The same system with some more endpoints, those a user named in this request. Raises ValueError."""
        known = {endpoint.url for endpoint in self.endpoint}
        extra = [Endpoint(url=url) for url in dict.fromkeys(urls) if url not in known]
        return self.model_copy(update={"endpoint": [*self.endpoint, *extra]})
