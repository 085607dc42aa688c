"""A restore drill runs only when a person agrees: over MCP by a question, on the command line by --yes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.types import ElicitRequestParams, ElicitResult, TextContent

from infra_maintainer.drill.formats.manifest import NAME
from infra_maintainer.drill.ledger import read_ledger
from infra_maintainer.evidence.store import Store
from infra_maintainer.server.build import build_server
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from tests.recovery.checklist import declared
from tests.recovery.source_cluster import Cluster
from tests.recovery.test_drill_scenarios import copy_of
from tests.requirements_link import requirement

Era = Literal["auto", "legacy"]
both_eras = pytest.mark.parametrize("era", ["auto", "legacy"])
ROOTS = [str(Path(__file__).parents[2] / root) for root in ("server", "tools", "prompts", "agents", "evals")]


@pytest.fixture
def toml(good_dump: Path, place: Path) -> str:
    """One backup, and a scratch of its own."""
    (place / "scratch").mkdir()
    return f'[recovery]\nscratch = "{place}/scratch"\n' + declared("orders", "dump", copy_of(good_dump, place))


@pytest.fixture
def kit(toml: str, place: Path) -> Kit:
    """The kit of a server over that backup."""
    return Kit(parse_system(toml), Store(place / "store.db"))


class Asked:
    """Answers a question and remembers it."""

    def __init__(self, result: ElicitResult) -> None:
        self.result = result
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        self.questions.append(params.message)
        return self.result


async def call(
    kit: Kit, era: Era, answer: ElicitationFnT | None, **arguments: Any
) -> tuple[str, dict[str, Any] | None, bool]:
    """Text, structure and error flag of one call."""
    async with Client(build_server(kit), mode=era, elicitation_callback=answer) as client:
        result = await client.call_tool("run_dr_checklist", arguments)
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text, result.structured_content, bool(result.is_error)


def ledger(kit: Kit) -> int:
    """How many drills were written down."""
    assert kit.store is not None
    return len(read_ledger(kit.store.ledger("drills")))


@both_eras
@pytest.mark.anyio
async def test_an_agreed_drill_runs_and_its_result_is_in_the_report(kit: Kit, era: Era) -> None:
    """The question names the backup and the place; the ledger has one record more."""
    asked = Asked(ElicitResult(action="accept", content={"proceed": True}))
    text, structure, failed = await call(kit, era, asked, drill=["orders"])
    assert not failed, text
    assert len(asked.questions) == 1
    assert "orders" in asked.questions[0] and "scratch" in asked.questions[0]
    assert ledger(kit) == 1
    assert "1 of 1 drills of 'orders' succeeded" in text
    assert structure is not None and "never_tested" not in {each["code"] for each in structure["findings"]}


@both_eras
@pytest.mark.anyio
@pytest.mark.parametrize(
    "result",
    [
        ElicitResult(action="decline"),
        ElicitResult(action="cancel"),
        ElicitResult(action="accept", content={"proceed": False}),
    ],
    ids=["declined", "cancelled", "no"],
)
async def test_a_drill_that_is_not_agreed_to_does_not_run_and_the_answer_says_so(
    kit: Kit, era: Era, result: ElicitResult
) -> None:
    """Everything else is still checked; the backup stays untested."""
    text, structure, failed = await call(kit, era, Asked(result), drill=["orders"])
    assert not failed
    assert ledger(kit) == 0
    assert "No restore drill was run: it was not confirmed" in text
    assert structure is not None
    assert structure["notes"][0].startswith("No restore drill was run")
    assert "never_tested" in {each["code"] for each in structure["findings"]}


@both_eras
@pytest.mark.anyio
async def test_a_host_that_cannot_ask_gets_the_command_line_instead(kit: Kit, era: Era) -> None:
    """Nothing runs, and the words to type are there."""
    text, _, failed = await call(kit, era, None, drill=["orders"])
    assert failed
    assert "infra-maintainer recovery --drill orders" in text
    assert ledger(kit) == 0


@both_eras
@pytest.mark.anyio
async def test_without_a_drill_nobody_is_asked(kit: Kit, era: Era) -> None:
    """The ordinary checklist only reads."""
    asked = Asked(ElicitResult(action="accept", content={"proceed": True}))
    text, _, failed = await call(kit, era, asked)
    assert not failed and asked.questions == []
    assert "Never tested" in text


@pytest.mark.anyio
async def test_a_backup_that_is_not_declared_is_refused_with_those_that_are(kit: Kit) -> None:
    """Before anybody is asked."""
    asked = Asked(ElicitResult(action="accept", content={"proceed": True}))
    text, _, failed = await call(kit, "auto", asked, drill=["ordres"])
    assert failed and "Declared backups: orders" in text
    assert asked.questions == []


@pytest.mark.anyio
async def test_the_progress_of_a_drill_is_reported_phase_by_phase(kit: Kit) -> None:
    """Hosts show it while a person waits."""
    said: list[str] = []

    async def said_so(progress: float, total: float | None, message: str | None) -> None:
        said.append(message or "")

    asked = Asked(ElicitResult(action="accept", content={"proceed": True}))
    async with Client(build_server(kit), elicitation_callback=asked) as client:
        await client.call_tool("run_dr_checklist", {"drill": ["orders"]}, progress_callback=said_so)
    assert [each for each in said if each.startswith("drill orders: ")][:3] == [
        "drill orders: list", "drill orders: check", "drill orders: fetch",
    ]  # fmt: skip


def command(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a real process, with nobody at its standard input."""
    argv = [sys.executable, "-m", "infra_maintainer.cli", *words]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(ROOTS), "HOME": str(place)}
    return subprocess.run(
        argv, cwd=place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90
    )


@pytest.fixture
def options(toml: str, place: Path) -> list[str]:
    """The configuration and the store of this test."""
    (place / "infra.toml").write_text(toml)
    return ["--config", str(place / "infra.toml"), "--store", str(place / "store.db")]


def test_a_drill_on_a_pipe_without_yes_does_not_run(options: list[str], place: Path) -> None:
    """Nobody is there to agree."""
    done = command(place, "recovery", "--drill", "orders", *options)
    assert "no drill was run" in done.stderr and "--yes" in done.stderr
    assert "Never tested" in " ".join(done.stdout.split())
    assert Store(place / "store.db").ledger("drills") == []


def test_a_drill_with_yes_runs_and_is_in_the_plan(options: list[str], place: Path) -> None:
    """The JSON report, the ledger, and then the plan as Markdown."""
    done = command(place, "recovery", "--drill", "orders", "--yes", "--json", *options)
    report = json.loads(done.stdout)
    assert done.returncode == 1 and "drill_passed" in {each["code"] for each in report["passes"]}
    plan = command(place, "recovery", "--plan", *options).stdout
    assert "1 of 1 succeeded" in plan and "content: exact" in plan
    assert not list((place / "scratch").iterdir())


@requirement("recovery.drill")
def test_the_manifest_command_writes_a_dump_that_a_drill_proves_complete(cluster: Cluster, place: Path) -> None:
    """Counts and hashes of the manifest are those of the living database at that moment."""
    done = command(place, "backup-manifest", cluster.conninfo(), str(place / "orders.dump"), "--bin", str(cluster.bin))
    assert done.returncode == 0, done.stderr
    manifest = json.loads((place / f"orders.dump.{NAME}").read_text())
    assert manifest["tables"]["public.payments"]["rows"] == int(cluster.sql("select count(*) from payments"))
    again = command(place, "backup-manifest", cluster.conninfo(), str(place / "orders.dump"))
    assert again.returncode == 4 and "never written over" in again.stderr


def test_a_manifest_of_a_database_that_cannot_be_reached_is_an_error(cluster: Cluster, place: Path) -> None:
    """The words of psql, and exit code 3."""
    done = command(
        place, "backup-manifest", cluster.conninfo("nobody"), str(place / "x.dump"), "--bin", str(cluster.bin)
    )
    assert done.returncode == 3 and "does not exist" in done.stderr
    assert not (place / "x.dump").exists()


@both_eras
@pytest.mark.anyio
async def test_a_cancelled_call_stops_its_drill_and_leaves_nothing(kit: Kit, era: Era, place: Path) -> None:
    """The host gives up in the middle of the restore; the drill ends, is written down as stopped, and clears up."""
    asked = Asked(ElicitResult(action="accept", content={"proceed": True}))
    with anyio.fail_after(60):
        async with Client(build_server(kit), mode=era, elicitation_callback=asked) as client:
            with anyio.CancelScope() as scope:

                async def said_so(progress: float, total: float | None, message: str | None) -> None:
                    if message == "drill orders: initdb":
                        scope.cancel()

                await client.call_tool("run_dr_checklist", {"drill": ["orders"]}, progress_callback=said_so)
            while ledger(kit) == 0:
                await anyio.sleep(0.05)
    assert kit.store is not None
    (record,) = read_ledger(kit.store.ledger("drills"))
    assert record.result == "stopped"
    assert not list((place / "scratch").iterdir())
