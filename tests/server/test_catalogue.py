"""The written definitions that `tools/list` answers with, and their size."""

import json
from typing import Literal

import pytest
from mcp import Client

from infra_maintainer.server.build import build_server
from infra_maintainer.server.catalogue import Catalogue, written
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit

CATALOGUE = Catalogue(Kit(System(), None))
TOKENS_PER_TOOL, TOKENS_OF_ALL = 300, 2000
CHARACTERS_PER_TOKEN = 3.6  # the rule of bench/startup.py
WRITE = "python docs/generate.py"


def tokens(name: str) -> float:
    """What a model reads of a tool: its name, description and input schema, as compact JSON."""
    given = CATALOGUE.define(name)
    read = {"name": given["name"], "description": given["description"], "input_schema": given["inputSchema"]}
    return len(json.dumps(read, separators=(",", ":"), ensure_ascii=False)) / CHARACTERS_PER_TOKEN


@pytest.mark.parametrize("name", CATALOGUE.names)
def test_the_written_definition_of_a_tool_is_what_its_code_gives(name: str) -> None:
    """A stale definition would promise clients what the tool does not do."""
    assert written(name) == CATALOGUE.define(name), f"write the definitions anew: {WRITE}"


@pytest.mark.parametrize("name", CATALOGUE.names)
def test_a_tool_costs_a_model_at_most_three_hundred_tokens(name: str) -> None:
    """Every conversation pays for every definition."""
    assert tokens(name) <= TOKENS_PER_TOOL, f"{name}: {tokens(name):.0f} tokens"


def test_all_tools_together_cost_at_most_two_thousand_tokens() -> None:
    """The budget of the whole set."""
    assert sum(map(tokens, CATALOGUE.names)) <= TOKENS_OF_ALL


@pytest.mark.parametrize("name", CATALOGUE.names)
def test_a_tool_says_what_each_argument_is_and_whether_it_changes_anything(name: str) -> None:
    """Purpose, every argument described, all four hints set, nothing unknown accepted, both schemas there."""
    given = CATALOGUE.define(name)
    assert given["title"] and len(given["description"]) > 80
    assert all(each.get("description") for each in given["inputSchema"]["properties"].values())
    assert set(given["annotations"]) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert given["inputSchema"]["additionalProperties"] is False
    assert given["outputSchema"]["type"] == "object"


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_list_of_a_client_is_the_catalogue(mode: Literal["auto", "legacy"]) -> None:
    """In both eras, in a fixed order."""
    async with Client(build_server(Kit(System(), None)), mode=mode) as client:
        listed = (await client.list_tools()).tools
    assert [each.name for each in listed] == CATALOGUE.names
    for each in listed:
        assert each.model_dump(mode="json", by_alias=True, exclude_none=True) == CATALOGUE.define(each.name)


@pytest.mark.parametrize("name", CATALOGUE.names)
def test_nothing_that_may_be_null_is_required_in_a_reply(name: str) -> None:
    """Replies leave nulls out; a client that checks the schema would refuse the whole report for one."""
    schema = CATALOGUE.define(name)["outputSchema"]
    parts = {"": schema, **schema.get("$defs", {})}
    wrong = [
        f"{part}.{field}"
        for part, model in parts.items()
        for field in model.get("required", [])
        if {"type": "null"} in model["properties"][field].get("anyOf", [])
    ]
    assert wrong == []
