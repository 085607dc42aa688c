"""`[[dataset]]`: data that must come back, whether or not anything backs it up."""

from pydantic import ConfigDict, Field

from infra_maintainer.system.backup import DataClass
from infra_maintainer.system.section import Section


class Dataset(Section):
    """Data by name; a `[[backup]]` names it in `protects`."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    data_class: DataClass = Field(default="user_data", alias="class")
