"""How a report reads: one thing said once, reasons beside what is not known, what is left out counted."""

import re
from pathlib import Path

from infra_maintainer.assess import threshold
from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy, baseline
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.report.page import render_page
from infra_maintainer.report.text import counts, render_text
from infra_maintainer.report.wrapping import wrap
from tests.capacity.worlds import START, plan, write_world
from tests.worlds import NOW, measured, missing


def report_of(evidence: list[Measured | Missing], policy: Policy | None = None) -> Report:
    """What health says of it."""
    return assess(list(evidence), policy or Policy(), "health", NOW)


def disks(used: float, count: int) -> list[Measured | Missing]:
    """So many file systems, all used alike."""
    return [measured("disk.space.used", used, subject=f"filesystem:/d{index}") for index in range(count)]


def block(text: str, start: str) -> list[str]:
    """The first line that starts so, with those indented under it."""
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(start))
    rest = next((index for index, line in enumerate(lines[first + 1 :]) if not line.startswith("  ")), len(lines))
    return lines[first : first + 1 + rest]


def test_what_a_concise_report_leaves_out_is_counted_and_detail_shows_it() -> None:
    """Forty passes, of which thirty are shown; twenty unknowns, of which twelve are."""
    gaps = [missing("disk.space.used", "denied", subject=f"filesystem:/m{index}") for index in range(20)]
    report = report_of([*disks(40.0, 40), *gaps])
    lines = render_text(report).splitlines()
    said = next(line for line in lines if line.startswith("--detail adds:"))
    shown = sum(line.startswith("ok ") for line in lines)
    assert f"{len(report.passes) - shown} passes" in said and f"{len(report.unknowns) - 12} unknowns" in said
    assert "the rules that decided" in said
    whole = render_text(report, detail=True)
    assert "--detail" not in whole and sum(line.startswith("ok ") for line in whole.splitlines()) == len(report.passes)
    assert all(each.says in whole for each in report.passes)


def test_detail_names_the_rule_that_decided_with_the_value_in_force() -> None:
    """As infra.toml changed it, beside what it was."""
    text = render_text(report_of(disks(75.0, 1), Policy({"health.disk.space": 70})), detail=True, width=200)
    assert "rule: health.disk.space, limit of 70 %" in text
    assert "policy changed here: health.disk.space = 70 % (baseline 80 %)" in text
    passed = render_text(report_of(disks(75.0, 1)), detail=True, width=200)
    assert "75 % full (limit 80 %)" in passed and "(health.disk.space)" in passed, "told once, named once"


def test_unknowns_of_one_reason_stand_under_each_other_with_the_reason_once() -> None:
    """Three disks that nobody may read, one that does not answer."""
    denied = [missing("disk.space.used", "denied", subject=f"filesystem:/{index}") for index in range(3)]
    report = report_of([*denied, missing("disk.space.used", "timeout", subject="filesystem:/slow")])
    text = render_text(report)
    first = block(text, "UNKNOWN           - Not measured of /0")
    assert sum(line[18:].startswith("- ") for line in first) == 3
    assert [line.strip() for line in first[-2:]] == ["why: denied: because", "to know: do this"]
    assert text.count("why: ") == len([line for line in text.splitlines() if line.startswith("UNKNOWN    ")])


def test_one_is_not_many() -> None:
    """A single finding, unknown and pass."""
    gap = missing("disk.space.used", "denied", subject="filesystem:/m")
    report = report_of([*disks(40.0, 1), *disks(99.0, 2)[1:], gap])
    report = report.model_copy(update={"unknowns": report.unknowns[:1]})
    assert "1 finding, 1 unknown, 1 pass. An unknown" in render_text(report)


def test_a_number_keeps_its_unit_and_a_limit_its_number_at_the_end_of_a_line() -> None:
    """Wrapped at every width, none is torn apart, and nothing is lost."""
    says = "the file system /srv is 87.3 % full after 12 min (limit 80 %), by health.disk.space, limit of 80 %"
    for width in range(20, 100):
        lines = wrap(says, width, 0)
        assert " ".join(lines) == says
        assert not [line for line in lines if line.endswith(("87.3", "12", "80", "limit", "limit of"))]


def test_a_single_reading_is_never_called_a_peak(tmp_path: Path) -> None:
    """A disk read once: the plan has its room, and says on what it stands."""
    world = write_world(tmp_path / "w", START, {}, [])
    (world / "evidence.jsonl").write_text(
        measured("disk.space.used", 30.0, subject="filesystem:/").model_dump_json() + "\n"
    )
    report = plan("", world)
    text = render_text(report, width=200)
    assert "disk space of /: 66.7 % of the limit is free at a single reading (no peak)" in text
    assert "highest use seen" not in text and "measured peak" not in text
    assert text.count("Whether and how it scales is not known.") == 1, "the form says it, the unknown only why"


def test_all_jobs_fit_on_one_page_worst_first_and_the_rest_is_counted() -> None:
    """Two jobs with thirty full disks each, one of them worse; what does not fit is counted with its command."""
    gaps = [missing("endpoint.errors", "timeout", subject=f"endpoint:https://s{index}.example/") for index in range(9)]
    health = report_of([*disks(85.0, 30), *gaps])
    other = report_of(disks(97.0, 1)).model_copy(update={"job": "recovery"})
    text = render_page([health, other])
    lines = text.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["DEGRADED", "health"], ["CRITICAL", "recovery"]]
    labels = [line[:17].strip() for line in lines if line.startswith("FINDING")]
    assert labels == ["FINDING critical", *["FINDING high"] * 19]
    total = len(health.findings) + len(other.findings)
    assert f"{total - 20} findings more, not worse" in text
    serious = sum(each.matters for each in health.unknowns)
    assert f"health: {serious - 3} more that could be serious: infra-maintainer health" in text
    assert f"health    {counts(health)}" in lines and f"recovery  {counts(other)}" in lines


def test_a_name_cannot_colour_move_or_hide_anything_in_a_report() -> None:
    """A mount point that somebody named to paint the terminal, to write backwards, and to begin the line again."""
    name = "filesystem:/\x1b[2J\x1b[31mgone\u202e\u200b\rFINDING critical"
    text = render_text(report_of([measured("disk.space.used", 97.0, subject=name)]))
    assert not [character for character in text if not character.isprintable() and character != "\n"]
    assert sum(line.startswith("FINDING critical") for line in text.splitlines()) == 1


def test_a_rule_names_its_side_and_what_it_counts() -> None:
    """ "limit of 10" of what? And 50 % of something that must not shrink is a floor, not a limit."""
    rules = baseline()
    assert rules["costs.saving.floor"].words == "limit of 10 a month in the bill's currency"
    assert rules["capacity.spike.campaign"].words == "limit of 3 times the peak"
    assert rules["recovery.runbook.steps"].words == "floor of 1 numbered step"
    assert rules["recovery.runbook.steps"].model_copy(update={"value": 2}).words == "floor of 2 numbered steps"
    assert rules["recovery.drill.proven"].words == "must be yes"
    assert rules["recovery.runbook.steps"].told == "at least 1 numbered step"
    assert not [rule.id for rule in rules.values() if rule.unit == "1" and not rule.of], "a number of nothing"
    assert not [rule.id for rule in rules.values() if rule.of and rule.unit != "1"], "the unit has said it"
    servers = measured("balancer.backends.up", 63.0, subject="balancer:shop", stat="ratio", n=8)
    text = render_text(report_of([servers]), detail=True, width=200)
    assert "63 % of its servers take requests (floor 100 %)" in text
    assert "rule: health.balancer.backends, floor of 100 %" in text


def test_what_must_not_fall_below_its_rule_is_marked_as_a_floor() -> None:
    """Checks say by `undercut` which side is wrong; a rule that is only ever undercut and called a limit misleads."""
    folder = Path(threshold.__file__).parent
    rules = baseline()
    found = 0
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name, rule in re.findall(r'(\w+) = policy\["([\w.]+)"\]', text):
            below, above = f"{name}.undercut(" in text, f"{name}.exceeded(" in text
            plain = not isinstance(rules[rule].value, bool) and text.count(f"{name} = policy[") == 1
            if plain and below != above:
                found += 1
                assert rules[rule].floor is below, rule
    assert found > 20


def test_a_reason_has_its_code_beside_it_where_the_words_are_others() -> None:
    """An answer has to name not_recorded; who reads the report by eye is spared the code."""
    plain = Missing(
        subject="host:h", quantity="conntrack.used", why="not_supported", detail="", how="x", as_of=NOW, source="test"
    )
    report = report_of([missing("disk.space.used", "not_recorded"), missing("files.open", "denied"), plain])
    detail = render_text(report, detail=True, width=200)
    assert "why: the recording does not hold it (not_recorded)" in detail and "why: denied: because (denied)" in detail
    assert "why: not supported" in detail and "(not_supported)" not in detail, "told by the words"
    assert "(not_recorded)" not in render_text(report, width=200)
