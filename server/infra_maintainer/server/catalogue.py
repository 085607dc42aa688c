"""The tools, one per file of the folder `mcp_tools`: listed from their written definitions, built at their first call.

Building seven tools from their types costs more CPU than the rest of starting. So what `tools/list` answers is written
beforehand, beside this file in `definitions/`, by

    python docs/generate.py

and a test fails when a definition is not what the code gives. A tool without a written definition is built at once.
"""

import json
import pkgutil
from importlib import import_module, resources
from typing import Any

from mcp.server.mcpserver.tools import Tool
from mcp.types import Tool as Definition

from infra_maintainer.tools.kit import Kit

_VALUES = ("examples", "default", "const", "enum")
TOOLS = "infra_maintainer.server.mcp_tools"


class Catalogue:
    """The tools over a kit."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._names = sorted(module.name for module in pkgutil.iter_modules(import_module(TOOLS).__path__))
        self._built: dict[str, Tool] = {}

    @property
    def names(self) -> list[str]:
        """Every tool's name, in a fixed order."""
        return self._names

    def definitions(self) -> list[Definition]:
        """What a client is told of each tool."""
        return [Definition.model_validate(written(name) or self.define(name)) for name in self._names]

    def tool(self, name: str) -> Tool | None:
        """The tool itself, refusing arguments it does not know; None for a name that is not one."""
        if name not in self._names:
            return None
        if name not in self._built:
            tool: Tool = import_module(f"{TOOLS}.{name}").make(self._kit)
            tool.parameters["additionalProperties"] = False
            tool.fn_metadata.arg_model.model_config["extra"] = "forbid"
            tool.fn_metadata.arg_model.model_rebuild(force=True)
            self._built[name] = tool
        return self._built[name]

    def define(self, name: str) -> dict[str, Any]:
        """A tool's definition as the code gives it. Raises KeyError for a name that is not one."""
        tool = self.tool(name)
        if tool is None:
            raise KeyError(name)
        definition = Definition(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=_lean(tool.parameters),
            output_schema=None if tool.output_schema is None else _lean(tool.output_schema),
            annotations=tool.annotations,
            _meta=tool.meta,
        )
        return definition.model_dump(mode="json", by_alias=True, exclude_none=True)


def definition_files(kit: Kit) -> dict[str, str]:
    """The text of every written definition, by file name."""
    catalogue = Catalogue(kit)
    return {
        f"{name}.json": json.dumps(catalogue.define(name), indent=1, ensure_ascii=False) + "\n"
        for name in catalogue.names
    }


def written(name: str) -> dict[str, Any] | None:
    """The written definition of a tool, or None."""
    file = resources.files("infra_maintainer.server").joinpath(f"definitions/{name}.json")
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _lean(schema: Any, *, of_properties: bool = False) -> Any:
    """A schema without the titles that only repeat a field's name in capitals."""
    if isinstance(schema, list):
        return [_lean(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: each if key in _VALUES else _lean(each, of_properties=key in ("properties", "$defs") and not of_properties)
        for key, each in schema.items()
        if of_properties or key != "title"
    }
