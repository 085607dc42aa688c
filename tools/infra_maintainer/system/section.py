"""What every section of infra.toml has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, and refuses words it does not know: a misspelt key must not silently switch a check off."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
