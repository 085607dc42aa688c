"""`[[database]]`: a PostgreSQL to ask as an ordinary monitoring role. `[[cache]]`: a Redis or Valkey."""

from typing import Literal

from pydantic import Field, model_validator

from infra_maintainer.system.section import Section

Name = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")


class Database(Section):
    """A PostgreSQL. The password stands in a file, or in the file that libpq knows (~/.pgpass)."""

    name: str = Name
    host: str = Field(default="/var/run/postgresql", description="name, address, or folder of the socket")
    port: int = Field(default=5432, ge=1, le=65535)
    user: str = "infra_maintainer"
    dbname: str = "postgres"
    password_file: str | None = None
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    window_s: float = Field(default=2.0, ge=0.1, le=60, description="time between the two readings of counters")


class Cache(Section):
    """A Redis or Valkey. With `tls` its certificate is always verified; there is no switch to leave that out."""

    name: str = Name
    host: str = "127.0.0.1"
    port: int = Field(default=6379, ge=1, le=65535)
    user: str | None = Field(default=None, description="an ACL user; it needs +info and nothing else")
    password_file: str | None = None
    tls: bool = False
    ca_file: str | None = Field(default=None, description="who signed its certificate, when not a public authority")
    cert_file: str | None = Field(default=None, description="our certificate: Redis asks for one by default")
    key_file: str | None = Field(default=None, description="its key, unencrypted")
    window_s: float = Field(default=2.0, ge=0.1, le=60, description="time between the two readings of counters")

    @model_validator(mode="after")
    def what_belongs_together(self) -> "Cache":
        """A setting that would be passed over in silence is refused instead."""
        if self.user is not None and self.password_file is None:
            raise ValueError("user needs password_file")
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            raise ValueError("ca_file, cert_file and key_file need tls = true")
        if (self.cert_file is None) is not (self.key_file is None):
            raise ValueError("cert_file and key_file need each other")
        return self
