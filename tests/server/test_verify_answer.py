"""The tool verify_answer over both protocol eras, and the command, against a report this product made."""

import json
from pathlib import Path
from typing import Literal

import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from infra_maintainer.answer.compose import compose
from infra_maintainer.cli.main import main
from infra_maintainer.server.build import build_server
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import run_for
from tests.answer.kept import full_disk, health
from tests.requirements_link import requirement

Era = Literal["auto", "legacy"]
both_eras = pytest.mark.parametrize("era", ["auto", "legacy"])


async def _ask(kit: Kit, era: Era, answer: str, reports: list[str]) -> CallToolResult:
    async with Client(build_server(kit), mode=era) as client:
        return await client.call_tool("verify_answer", {"answer": answer, "reports": reports})


def _text(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@both_eras
@pytest.mark.anyio
@requirement("honesty.verify")
async def test_invented_numbers_are_named_on_both_channels(tmp_path: Path, era: Era) -> None:
    """The disk is 91 % full; the draft says 12 % and a healthy verdict."""
    kit = full_disk(tmp_path)
    report = health(kit)
    result = await _ask(kit, era, "Verdict: healthy. The disk is 12 % full.", [report.run])
    assert not result.is_error
    assert result.structured_content is not None
    assert result.structured_content["holds"] is False
    (number,) = result.structured_content["numbers"]
    assert number["status"] == "contradicted"
    assert "DOES NOT HOLD" in _text(result)
    assert "91 %" in _text(result) and "91 %" in number["says"]


@both_eras
@pytest.mark.anyio
async def test_a_structured_answer_is_accepted_as_json_text(tmp_path: Path, era: Era) -> None:
    """The same tool takes the contract; the answer composed from the report holds."""
    kit = full_disk(tmp_path)
    report = health(kit)
    answer = compose(run_for(kit, [report])).model_dump_json(exclude_none=True)
    result = await _ask(kit, era, answer, [report.run])
    assert result.structured_content is not None, result.content
    assert result.structured_content["holds"] is True, result.structured_content
    assert result.structured_content["form"] == "structure"


@both_eras
@pytest.mark.anyio
async def test_an_unknown_report_is_an_error_that_names_the_newest(tmp_path: Path, era: Era) -> None:
    """The next step stands in the error."""
    kit = full_disk(tmp_path)
    report = health(kit)
    result = await _ask(kit, era, "Verdict: healthy.", ["run_000000000000"])
    assert result.is_error
    assert report.run in _text(result)


@pytest.mark.anyio
async def test_a_long_answer_is_checked_within_the_size_of_a_concise_reply(tmp_path: Path) -> None:
    """Numbers that hold are cut first and counted; bad ones stay."""
    kit = full_disk(tmp_path)
    report = health(kit)
    draft = "\n".join(["The disk is 91 % full."] * 200 + ["It was 77 % full."])
    result = await _ask(kit, "auto", draft, [report.run])
    assert len(json.dumps(result.structured_content)) < 9_000
    assert "77 %" in _text(result)
    assert "more numbers hold" in _text(result)


def test_the_command_prints_the_list_and_exits_one_for_an_unsupported_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exits zero for an answer that holds, by run id and by the newest report."""
    kit = full_disk(tmp_path)
    report = health(kit)
    draft = tmp_path / "answer.md"
    draft.write_text("CPU pinned at 99.7 % and memory at 3 %", encoding="utf-8")
    store = ["--store", str(tmp_path / "store.db")]
    assert main(["verify", str(draft), *store]) == 1
    assert "99.7 %" in capsys.readouterr().out
    draft.write_text(compose(run_for(kit, [report])).model_dump_json(exclude_none=True), encoding="utf-8")
    assert main(["verify", str(draft), "--report", report.run, *store]) == 0
    saved = tmp_path / "report.json"
    saved.write_text(report.model_dump_json(exclude_none=True), encoding="utf-8")
    assert main(["verify", str(draft), "--report", str(saved), "--json", *store]) == 0


def test_the_command_says_what_is_wrong_with_a_file_or_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage mistakes are exit 4 with one sentence."""
    store = ["--store", str(tmp_path / "store.db")]
    assert main(["verify", str(tmp_path / "nothing.md"), *store]) == 4
    draft = tmp_path / "answer.md"
    draft.write_text("fine", encoding="utf-8")
    assert main(["verify", str(draft), *store]) == 4
    assert "run a job first" in capsys.readouterr().err
