""" "We might go viral next week", for a service with three instances, known load and price."""

import base64
import functools
import math
from pathlib import Path

import anyio
import numpy as np
import pytest
from mcp import Client
from mcp.types import CallToolResult, ImageContent, TextContent

from infra_maintainer.answer.verify import verify
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.cli.main import main
from infra_maintainer.evidence.model import Derived
from infra_maintainer.load.waiting import waiting_in_services
from infra_maintainer.report.brief import brief, size
from infra_maintainer.report.text import render_text
from infra_maintainer.server.build import build_server
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import run_for
from tests.capacity.worlds import as_csv, at_hour, number, plan, values_by_id, write_world
from tests.forecast.made_series import made
from tests.requirements_link import requirement

TOML = """
[[service]]
name = "shop"
instances = 3
price_per_month = 126.0
currency = "EUR"
[[scaling]]
service = "shop"
declared_on = 2026-05-04
sustains_per_instance = 60.0
time_to_scale_s = 240
minimum = 3
maximum = 6
trigger = 85
cool_down_s = 120
[[history]]
subject = "service:shop"
quantity = "service.load"
csv = "/srv/load.csv"
"""


@pytest.fixture(scope="module")
def viral(tmp_path_factory: pytest.TempPathFactory) -> CapacityReport:
    """The plan for an eightfold week over sixty days of history."""
    folder = tmp_path_factory.mktemp("viral")
    world = write_world(
        folder / "world", at_hour(60 * 24), {"/srv/load.csv": as_csv(made(60, level=60.0), per_hour=12)}
    )
    return plan(TOML, world, spike=8.0, horizon=30)


@requirement("persona.viral_week", "capacity.spike")
def test_the_plan_says_the_sustained_multiple_and_the_gap(viral: CapacityReport) -> None:
    """Recomputed here from the series itself: P99.5 of the last week, three instances of 60/s, 42 EUR each."""
    week = np.repeat(made(60, level=60.0), 12)[-2017:]  # seven days back from the last five-minute sample
    peak = float(np.quantile(week, 0.995))
    assert number(viral, "service.load", "service:shop", "p99.5") == pytest.approx(peak, rel=0.001)
    assert number(viral, "capacity.multiple", "service:shop") == pytest.approx(180 / peak, rel=0.001)
    assert number(viral, "capacity.multiple.after_loss", "service:shop") == pytest.approx(120 / peak, rel=0.001)
    needed = math.ceil(8 * peak / 60) + 1
    assert number(viral, "spike.instances", "spike:shop/asked") == needed
    assert number(viral, "spike.gap", "spike:shop/asked") == needed - 3
    assert number(viral, "spike.price", "spike:shop/asked") == pytest.approx((needed - 3) * 42.0)
    (finding,) = [each for each in viral.findings if each.subject == "spike:shop/asked"]
    assert finding.severity == "high" and viral.verdict == "degraded"
    assert viral.plan.answer.startswith("does not hold")
    for said in (
        "8 times the P99.5 of the last 7 d",
        "with one instance lost",
        f"{needed} instances are needed",
        "4 min to serve",
    ):
        assert said in finding.says


@requirement("honesty.evidence")
def test_every_derived_number_can_be_run_again_from_the_cited_evidence(viral: CapacityReport) -> None:
    """Python's own evaluator over the inputs gives each stored value: no formula is decoration."""
    known = values_by_id(viral)
    arithmetic = [
        each
        for each in known.values()
        if isinstance(each, Derived) and not each.formula.startswith(("forecast(", "fit("))
    ]
    assert len(arithmetic) > 20
    for each in arithmetic:
        names = {name: float(known[id].value) for name, id in each.inputs.items()}
        again = eval(
            each.formula, {"__builtins__": {}, "ceil": math.ceil, "max": max, "wait": waiting_in_services}, names
        )
        assert float(each.value) == pytest.approx(again, rel=1e-4), each


@requirement("capacity.single_failure")
def test_the_loss_of_one_is_reckoned_at_the_peak_and_not_at_the_mean(viral: CapacityReport) -> None:
    """Peak over two instances of 60/s; the mean would look harmless."""
    peak = number(viral, "service.load", "service:shop", "p99.5")
    assert number(viral, "capacity.loss.use", "service:shop") == pytest.approx(peak / 120 * 100, rel=0.001)


@requirement("capacity.autoscaling", "antipatterns.manual_scaling")
def test_a_trigger_above_the_knee_and_a_maximum_below_the_spike_are_found(viral: CapacityReport) -> None:
    """Trigger 85 %, cool-down shorter than the start, six instances against an eightfold peak."""
    said = " ".join(each.says for each in viral.findings if each.code == "autoscaling")
    assert "trigger of 85 % is at or above the limit of 80 %" in said
    assert "the cool-down of 2 min is not longer than the start of 4 min" in said
    assert "the maximum carries 360/s" in said


@requirement("capacity.buffer_kept", "antipatterns.no_headroom")
def test_the_buffer_has_a_number_a_price_and_a_risk(viral: CapacityReport) -> None:
    """Thirty per cent above the peak with one lost, against three instances."""
    peak = number(viral, "service.load", "service:shop", "p99.5")
    more = max(math.ceil(peak * 1.3 / 60) + 1 - 3, 0)
    assert number(viral, "capacity.buffer.instances", "service:shop") == more
    assert number(viral, "capacity.buffer.price", "service:shop") == more * 42.0


@requirement("capacity.mitigation")
def test_every_finding_has_a_step_with_timeline_effort_cost_and_risk(viral: CapacityReport) -> None:
    """What is not known of a step is said in words, never left empty."""
    treated = {subject for step in viral.plan.mitigation for subject in step.subject.split(", ")}
    assert treated == {finding.subject for finding in viral.findings}
    for step in viral.plan.mitigation:
        assert step.timeline and step.effort and step.cost and step.risk_of_delay
    (spike,) = [step for step in viral.plan.mitigation if step.subject.startswith("spike:shop/asked")]
    assert spike.timeline == "before the day of the spike" and "EUR" in spike.cost


@requirement("capacity.spike")
def test_multiples_nobody_stated_are_printed_as_assumptions(viral: CapacityReport) -> None:
    """The policy's campaign and viral multiples are named as what they are."""
    said = " ".join(each.says for each in [*viral.findings, *viral.passes] if each.code == "spike")
    assert "campaign (assumption of policy" in said and "viral (assumption of policy" in said
    assert "asked (as stated)" in said


@requirement("capacity.redundancy", "antipatterns.spofs")
def test_one_instance_caps_the_verdict_whatever_the_headroom(tmp_path: Path) -> None:
    """A single instance at a tenth of what it carries."""
    toml = TOML.replace("instances = 3", "instances = 1").replace(
        "sustains_per_instance = 60.0", "sustains_per_instance = 900"
    )
    world = write_world(tmp_path / "w", at_hour(60 * 24), {"/srv/load.csv": as_csv(made(60, level=60.0))})
    report = plan(toml, world, horizon=30)
    (finding,) = [each for each in report.findings if each.code == "redundancy"]
    assert finding.severity == "high" and report.verdict == "degraded"
    assert number(report, "capacity.multiple", "service:shop") > 8
    assert "rule: capacity.redundancy, floor of 2 instances" in render_text(report, detail=True)
    two = plan(toml.replace("instances = 1", "instances = 2"), world, horizon=30)
    assert not [each for each in two.findings if each.code == "redundancy"]


def test_a_rule_of_more_instances_does_not_call_the_loss_of_one_an_outage(tmp_path: Path) -> None:
    """Two of three that the owner asks for; three pass."""
    world = write_world(tmp_path / "w", at_hour(60 * 24), {"/srv/load.csv": as_csv(made(60, level=60.0))})
    asked = TOML + '[policy]\n"capacity.redundancy" = 3\n'
    (finding,) = [
        each
        for each in plan(asked.replace("instances = 3", "instances = 2"), world, horizon=30).findings
        if each.code == "redundancy"
    ]
    assert finding.says == "shop runs on 2 instances, as declared: floor of 3 instances"
    assert finding.do.startswith("Run at least 3 instances, in different places")
    assert not [each for each in plan(asked, world, horizon=30).findings if each.code == "redundancy"]


def test_a_spike_of_one_or_less_is_the_caller_s_mistake(tmp_path: Path) -> None:
    """A multiple of one is no spike."""
    world = write_world(tmp_path / "w", at_hour(0), {})
    with pytest.raises(ValueError, match="give a number above 1"):
        plan("", world, spike=1.0)


def test_the_concise_plan_fits_and_keeps_findings_form_and_answer(viral: CapacityReport) -> None:
    """Under 8,000 characters on both channels; every field of the form, finding, step and unknown is still there."""
    small = brief(viral)
    assert isinstance(small, CapacityReport)
    assert size(small) <= 8000
    assert [each.says for each in small.findings] == [each.says for each in viral.findings]
    assert {each.do for each in viral.findings} <= {step.action for step in small.plan.mitigation}
    unknown = " ".join(each.says for each in small.unknowns)
    assert all(f"{each.quantity} of {each.subject}" in unknown for each in viral.unknowns)
    assert [line.field for line in small.plan.lines] == [line.field for line in viral.plan.lines]
    assert small.plan.answer == viral.plan.answer


async def draft(**arguments: object) -> CallToolResult:
    """The tool as a host calls it, over a server on this machine without a store."""
    async with Client(build_server(Kit(parse_system(""), None))) as client:
        return await client.call_tool("draft_capacity_plan", arguments)


@requirement("card.draft_capacity_plan")
def test_a_host_gets_the_plan_on_both_channels() -> None:
    """Structured content holds the form; the text begins with the verdict and the answer."""
    result = anyio.run(draft)
    assert result.structured_content is not None and len(result.structured_content["plan"]["lines"]) == 13
    (text,) = [block.text for block in result.content if isinstance(block, TextContent)]
    assert "ANSWER:" in text and "Growth until the first limit" in text


def test_without_a_history_the_picture_is_a_sentence() -> None:
    """A host that asks for a picture is told why there is none, beside the numbers."""
    result = anyio.run(functools.partial(draft, chart=True))
    said = [block.text for block in result.content if isinstance(block, TextContent)]
    pictures = [block for block in result.content if isinstance(block, ImageContent)]
    assert pictures or said[-1].startswith("No picture: there is no history")


def test_a_host_that_asks_for_a_picture_gets_a_png_beside_the_numbers(tmp_path: Path) -> None:
    """An image block after the text, with the plan still whole on both channels."""
    world = write_world(tmp_path / "w", at_hour(60 * 24), {"/srv/load.csv": as_csv(made(60, level=60.0))})

    async def ask() -> CallToolResult:
        async with Client(build_server(Kit(parse_system(TOML), None, world))) as client:
            return await client.call_tool("draft_capacity_plan", {"chart": True, "spike_multiple": 8})

    result = anyio.run(ask)
    (image,) = [block for block in result.content if isinstance(block, ImageContent)]
    assert image.mime_type == "image/png" and base64.b64decode(image.data)[:4] == b"\x89PNG"
    assert result.structured_content is not None and result.structured_content["plan"]["answer"]


def test_the_command_draws_and_refuses_other_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--chart writes an SVG; a .gif is a usage error before anything is measured; without history a sentence."""
    world = write_world(tmp_path / "w", at_hour(60 * 24), {"/srv/load.csv": as_csv(made(60, level=60.0))})
    config = tmp_path / "infra.toml"
    config.write_text(TOML)
    common = ["capacity", "--no-store", "--world", str(world)]
    assert main([*common, "--config", str(config), "--chart", str(tmp_path / "plan.svg")]) == 1
    assert "<svg" in (tmp_path / "plan.svg").read_text()
    assert main([*common, "--chart", "plan.gif"]) == 4
    capsys.readouterr()
    assert main([*common, "--chart", str(tmp_path / "none.png")]) == 2
    assert "no picture: there is no history" in capsys.readouterr().err
    assert not (tmp_path / "none.png").exists()


@requirement("honesty.verify")
def test_every_number_of_the_form_passes_our_own_verification(viral: CapacityReport) -> None:
    """What verify_answer would say of the plan's own sentences: nothing unsupported, nothing contradicted."""
    said = [says for line in viral.plan.lines for says in line.says]
    said += [f"price: {step.cost}; until: {step.timeline}" for step in viral.plan.mitigation]
    run = run_for(Kit(parse_system(TOML), None), [viral], "We might go viral next week, 8 times the peak")
    found = verify("\n".join(f"- {each}" for each in said), run)
    assert len(found.numbers) > 30
    assert [(each.text, each.says) for each in found.numbers if each.status in ("unsupported", "contradicted")] == []
