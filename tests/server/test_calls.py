"""Lists and calls over the shipped server, in both protocol eras, in memory and over real stdio."""

import re
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client

from infra_maintainer.evidence.audit import broken_at
from infra_maintainer.evidence.store import Store
from infra_maintainer.server.build import build_server
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.world import World
from tests.requirements_link import requirement
from tests.server.asking import (
    Era,
    both_eras,
    in_memory,
    kit_at,
    over_stdio,
    structure_of,
    text_of,
)
from tests.services import web

pytestmark = pytest.mark.anyio
EVIDENCE_ID = re.compile(r"ev_[0-9a-f]{10}")
JUDGED = re.compile(r"^(FINDING|UNKNOWN|ok) ")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@both_eras
@pytest.mark.parametrize("way", [in_memory, over_stdio])
@requirement("card.server", "card.probe_health")
async def test_a_client_lists_calls_and_explains(tmp_path: Path, way: Any, era: Era) -> None:
    """The whole path a host takes, as it takes it."""
    client: Client = way(tmp_path, era)
    async with client:
        assert client.server_info and client.server_info.name == "infra-maintainer"
        assert client.instructions and len(client.instructions) < 2000
        assert "probe_health" in {tool.name for tool in (await client.list_tools()).tools}
        assert "policy://in-force" in {str(each.uri) for each in (await client.list_resources()).resources}
        prompts = {each.name for each in (await client.list_prompts()).prompts}
        assert "health" in prompts
        said = await client.get_prompt("health", {"question": "Why is it slow?"})
        assert "Why is it slow?" in str(said.messages[0].content)
        report = structure_of(await client.call_tool("probe_health", {"time_limit_s": 20}))
        kept = await client.read_resource(f"report://{report['run']}")
        assert report["run"] in str(kept.contents[0])


@both_eras
async def test_both_channels_tell_every_finding_unknown_and_pass_within_eight_thousand_characters(
    tmp_path: Path, era: Era
) -> None:
    """Some hosts read only the text, some only the structure: neither may know more than the other."""
    async with in_memory(tmp_path, era) as client:
        result = await client.call_tool("probe_health", {"urls": ["http://127.0.0.1:9/"], "time_limit_s": 30})
    report, text = structure_of(result), text_of(result)
    assert not result.is_error
    for each in [*report["findings"], *report["unknowns"], *report["passes"]]:
        assert each["says"] in text
        assert all(id in text for id in each["evidence"][:4])
    assert report["verdict"].upper().replace("_", " ") in text and report["run"] in text
    assert f"checked {report['coverage']['checked']} of {report['coverage']['planned']}" in text
    compact = len(result.model_dump_json(include={"structured_content"}))
    assert len(text) <= 8000 and compact <= 8000


@both_eras
@requirement("honesty.evidence")
async def test_every_number_in_the_text_is_in_evidence_that_explains_itself(tmp_path: Path, era: Era) -> None:
    """A scanner over the text: each judged line with a number cites ids, and each id gives its whole origin."""
    async with in_memory(tmp_path, era) as client:
        text = text_of(await client.call_tool("probe_health", {"time_limit_s": 30}))
        judged = [line for line in text.splitlines()[2:] if JUDGED.match(line)]  # after the head
        with_number = [line for line in judged if NUMBER.search(EVIDENCE_ID.sub("", line))]
        assert with_number, text
        for line in with_number:
            assert EVIDENCE_ID.search(line), line
        ids = sorted(set(EVIDENCE_ID.findall(text)))
        found = structure_of(await client.call_tool("explain_evidence", {"ids": ids}))
    assert [each["id"] for each in found["records"]] == ids and not found.get("not_found")
    for each in found["records"]:
        assert each["source"] and each["as_of"].endswith("Z") and each["subject"] and each["quantity"]
        if each["kind"] == "measured":
            assert each["unit"] and each["stat"] and "value" in each
        if each["kind"] == "missing":
            assert each["why"] and each["how"]


@both_eras
async def test_structured_content_validates_against_the_published_output_schema(tmp_path: Path, era: Era) -> None:
    """A third-party validator over what the server itself published; concise and detailed."""
    async with in_memory(tmp_path, era) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        for detail in ("concise", "detailed"):
            answer = await client.call_tool("probe_health", {"detail": detail, "time_limit_s": 30})
            report = structure_of(answer)
            jsonschema.Draft202012Validator(schemas["probe_health"] or {}).validate(report)
        ids = [report["evidence"][0]["id"], "ev_0000000000"]
        explained = structure_of(await client.call_tool("explain_evidence", {"ids": ids}))
        jsonschema.Draft202012Validator(schemas["explain_evidence"] or {}).validate(explained)
        assert explained["not_found"] == ["ev_0000000000"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schemas["probe_health"] or {}).validate({**report, "verdict": "green"})


@both_eras
@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("probe_heath", {}, ["no tool 'probe_heath'", "probe_health"]),
        ("probe_health", {"target": "web1"}, ["unknown argument 'target'", "urls"]),
        ("probe_health", {"time_limit_s": "soon"}, ["time_limit_s", '"soon"', "number"]),
        ("probe_health", {"time_limit_s": 0}, ["time_limit_s", "greater than or equal to 1"]),
        ("probe_health", {"detail": "all"}, ["detail", "'concise' or 'detailed'"]),
        ("probe_health", {"urls": ["ftp://x/"]}, ["ftp://x/"]),
        ("probe_health", {"urls": ["http://user:secret-Pw9@x/"]}, ["user"]),
        ("explain_evidence", {}, ["argument 'ids' is missing"]),
        ("explain_evidence", {"ids": ["ev_ffffffffff"]}, ["Nothing is kept", "ev_ffffffffff"]),
        ("explain_evidence", {"ids": ["disk"]}, ["pattern"]),
    ],
)
async def test_a_bad_call_is_refused_with_what_is_wrong_and_what_to_do(
    tmp_path: Path, era: Era, tool: str, arguments: dict[str, Any], said: list[str]
) -> None:
    """A model can only mend a call whose refusal says how."""
    async with in_memory(tmp_path, era) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    text = text_of(result)
    for each in said:
        assert each in text, text
    assert "pydantic" not in text and "Traceback" not in text and "secret-Pw9" not in text


@both_eras
async def test_progress_names_what_is_at_work(tmp_path: Path, era: Era) -> None:
    """Rising steps with the title of the source."""
    seen: list[tuple[float, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, message))

    async with in_memory(tmp_path, era) as client:
        await client.call_tool("probe_health", {"time_limit_s": 30}, progress_callback=on_progress)
    assert seen and [step for step, _ in seen] == sorted({step for step, _ in seen})
    assert all(message for _, message in seen)


class Watched(Kit):
    """A kit that remembers the worlds it gave."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.given: list[World] = []

    def world(self, time_limit_s: float) -> World:
        """A live world, remembered."""
        self.given.append(super().world(time_limit_s))
        return self.given[-1]


@both_eras
async def test_a_cancelled_call_stops_its_world(era: Era) -> None:
    """Nobody waits any more: the request under way is broken off and no source works on."""
    arrived, kit = threading.Event(), Watched()
    at_work: list[threading.Thread] = []

    def hang(handler: BaseHTTPRequestHandler) -> None:
        arrived.set()
        web.hang(handler)

    with web.web(hang) as url:
        async with Client(build_server(kit), mode=era) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "probe_health", {"urls": [url]})
            assert await anyio.to_thread.run_sync(arrived.wait, 10)
            at_work += [each for each in threading.enumerate() if each.name == "source-endpoint"]
            tasks.cancel_scope.cancel()
    (world,) = kit.given
    assert world.deadline.cancelled and at_work
    for thread in at_work:
        thread.join(5)
        assert not thread.is_alive()


@both_eras
async def test_a_hanging_source_is_missing_for_the_time_limit_and_the_rest_is_there(tmp_path: Path, era: Era) -> None:
    """Over stdio, with a source that is deaf to its deadline."""
    async with over_stdio(tmp_path, era, "hanging") as client:
        with anyio.fail_after(15):
            result = await client.call_tool("probe_health", {"time_limit_s": 1, "detail": "detailed"})
    report = structure_of(result)
    (hung,) = [each for each in report["coverage"]["not_checked"] if each["subject"] == "host:hang"]
    assert (hung["why"], hung["quantity"]) == ("timeout", "disk.space.used")
    assert "time limit" in hung["how"] and report["coverage"]["checked"] > 0
    assert report["verdict"] != "healthy"


@both_eras
@requirement("honesty.unknown")
async def test_a_crashing_collector_is_our_bug_and_never_a_healthy_machine(tmp_path: Path, era: Era) -> None:
    """Over stdio; what the exception said does not come out."""
    async with over_stdio(tmp_path, era, "crashing") as client:
        result = await client.call_tool("probe_health", {"time_limit_s": 30, "detail": "detailed"})
    report, text = structure_of(result), text_of(result)
    (broken,) = [each for each in report["coverage"]["not_checked"] if each["subject"] == "host:crash"]
    assert broken["why"] == "our_bug" and "fault of infra-maintainer" in broken["detail"]
    assert report["verdict"] != "healthy" and not text.startswith("HEALTHY")
    assert "a fault of ours" in text and "hunter2" not in text and "hunter2" not in str(report)


async def test_the_audit_log_holds_every_call_in_a_chain_that_shows_a_change(tmp_path: Path) -> None:
    """Good, refused and failed calls; then one entry is edited as an intruder would."""
    store = Store(tmp_path / "store.db")
    async with in_memory(tmp_path, "auto") as client:
        await client.call_tool("probe_health", {"time_limit_s": 30})
        await client.call_tool("probe_health", {"password": "hunter2-Zx9"})
        await client.call_tool("explain_evidence", {"ids": ["ev_ffffffffff"]})
    with store.open() as db:
        rows = list(db.query("select tool, outcome, arguments from audit order by seq"))
    assert [(row["tool"], row["outcome"]) for row in rows] == [
        ("probe_health", "ok"),
        ("probe_health", "refused"),
        ("explain_evidence", "error"),
    ]
    assert "hunter2" not in str(rows)
    assert broken_at(store) is None
    with store.open() as db:
        db.execute("update audit set outcome = 'ok' where seq = 2")
        db.conn.commit()
    assert broken_at(store) == 2
    with store.open() as db:
        db.execute("delete from audit where seq = 1")
        db.conn.commit()
    assert broken_at(store) == 2


async def test_the_policy_in_force_can_be_read(tmp_path: Path) -> None:
    """Rules with their reasons, as JSON."""
    async with in_memory(tmp_path, "auto") as client:
        (content,) = (await client.read_resource("policy://in-force")).contents
    rules = {rule.id for rule in kit_at(tmp_path).policy.rules()}
    assert all(f'"{rule}"' in str(getattr(content, "text", "")) for rule in rules)
