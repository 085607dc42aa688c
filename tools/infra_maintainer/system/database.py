"""`[[database]]`: a PostgreSQL to ask as an ordinary monitoring role. `[[cache]]`: a Redis or Valkey."""

from typing import Literal

from pydantic import Field

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
    """A Redis or Valkey."""

    name: str = Name
    host: str = "127.0.0.1"
    port: int = Field(default=6379, ge=1, le=65535)
    user: str | None = None
    password_file: str | None = None
    tls: bool = False
    window_s: float = Field(default=2.0, ge=0.1, le=60, description="time between the two readings of counters")
