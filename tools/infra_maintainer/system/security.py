"""`[security]`: what the baseline should look at besides the machine itself."""

from typing import Literal

from pydantic import Field

from infra_maintainer.system.section import Section


class TlsPort(Section):
    """A port that should speak TLS and is no web address."""

    host: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:\-]{0,253}$")
    port: int = Field(ge=1, le=65535)
    starttls: Literal["postgres", "smtp", "imap"] | None = None
    ca_file: str | None = Field(default=None, description="PEM file of a private certificate authority")


class SshLogin(Section):
    """A user who logs in by ssh, and the addresses they come from: one inside, one outside is enough."""

    user: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.\-]{0,31}$")
    addresses: list[str] = Field(default=["203.0.113.9"], description="addresses to ask sshd about")


class Security(Section):
    """Everything is optional; what is not named is looked for on this machine or reported as not configured."""

    tls_port: list[TlsPort] = []
    ssh_login: list[SshLogin] = []
    sensitive_paths: list[str] = Field(default=[], description="folders that hold data worth protecting")
    secret_folders: list[str] = Field(default=[], description="folders to search for env files; empty: the usual ones")
    credential_report: str | None = Field(default=None, description="CSV of the cloud's credential report")
    entra_registrations: str | None = Field(
        default=None, description="JSON of Microsoft Graph's userRegistrationDetails"
    )
    keycloak_realm: str | None = Field(default=None, description="JSON of a Keycloak realm export")
    reports: list[str] = Field(default=[], description="existing results of Lynis, OpenSCAP or Prowler")
