"""One AWS account and region, read through boto3: every call bounded and counted, every refusal in plain words.

Credentials are boto3's own (profile, role, instance); none is read, kept or shown here. Needs the extra [aws].
"""

from typing import Any

from infra_maintainer.cloud.found import Refused
from infra_maintainer.evidence.model import Why

MOST_PAGES = 200
# GetMetricData costs 0.01 USD per 1,000 metrics asked for; the cap keeps one audit below 5 cents.
MOST_METRICS = 5_000
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "OptInRequired"}
EXPIRED = {
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired",
    "UnrecognizedClientException",
}  # fmt: skip


class Refusal(Exception):
    """A call that AWS did not answer. Carries what `Refused` needs."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.refused = refused


class Aws:
    """Clients of one profile and region. `endpoint` replaces AWS by another implementation, for tests."""

    def __init__(self, profile: str | None, region: str, endpoint: str | None = None) -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            how = "install infra-maintainer[aws]"
            raise Refusal(
                Refused("aws", "not_configured", "reading AWS needs boto3, which is not installed", how)
            ) from error
        self.region = region
        self.calls: dict[str, int] = {}
        self.metrics_asked = 0
        self.refused: dict[str, Refused] = {}
        self._endpoint = endpoint
        self._config = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 3, "mode": "standard"})
        try:
            self._session = boto3.Session(profile_name=profile, region_name=region)
        except Exception as error:
            raise Refusal(self._refused("aws", error)) from error
        self._clients: dict[str, Any] = {}

    def list(self, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]] | Refused:
        """Every item of a paged list, or why there is none. A list of more than 200 pages is refused, not cut."""
        name = f"{service}:{operation}"
        found: list[dict[str, Any]] = []
        try:
            client = self._client(service)
            if not client.can_paginate(operation):
                self.calls[name] = self.calls.get(name, 0) + 1
                return list[dict[str, Any]](getattr(client, operation)(**arguments).get(key, []))
            for number, page in enumerate(client.get_paginator(operation).paginate(**arguments)):
                self.calls[name] = self.calls.get(name, 0) + 1
                if number >= MOST_PAGES:
                    how = "narrow the regions or the account"
                    return Refused(name, "not_supported", f"more than {MOST_PAGES} pages", how)
                found += page.get(key, [])
        except Exception as error:
            self.refused[name] = self._refused(name, error)
            return self.refused[name]
        return found

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            # The service is one of ours, by name; the typed overloads of boto3 need a literal.
            make: Any = self._session.client
            self._clients[service] = make(service, endpoint_url=self._endpoint, config=self._config)
        return self._clients[service]

    def _refused(self, name: str, error: Exception) -> Refused:
        code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
        kind = type(error).__name__
        why: Why = "error"
        how = "look at the AWS console"
        if code in DENIED:
            why, how = "denied", f"allow {name} to this role (docs/aws-policy.json is the whole list)"
        elif code in EXPIRED:
            why, how = "denied", "the credentials are expired or wrong: sign in again"
        elif kind in ("NoCredentialsError", "ProfileNotFound", "PartialCredentialsError", "NoRegionError"):
            why, how = "not_configured", "name a profile that is signed in: [[cloud]] profile = …"
        elif kind in ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError"):
            why, how = "unreachable", "check the network and the region"
        elif kind == "ReadTimeoutError":
            why, how = "timeout", "ask again"
        return Refused(name, why, f"{name}: {code or kind}", how)
