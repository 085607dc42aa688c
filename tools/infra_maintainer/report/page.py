"""All jobs on one page: their verdicts, what is wrong by severity and what to do, what could be serious and is unknown.

Everything else is counted, with the command that shows it.
"""

from infra_maintainer.assess.model import SEVERITIES, Finding, Report
from infra_maintainer.evidence.show import many
from infra_maintainer.report.text import Paint, bullets, counts, entry, sentence
from infra_maintainer.report.wrapping import wrap

MOST_FINDINGS, MOST_UNKNOWNS = 20, 3


def render_page(reports: list[Report], *, colour: bool = False, width: int = 110) -> str:
    """The page. Every line with a number ends with the ids of the evidence behind it."""
    paint = Paint(colour)
    lines = [line for report in reports for line in _verdict(report, paint, width)]
    lines.append("")
    found = [(each, report) for report in reports for each in report.findings]
    found.sort(key=lambda pair: SEVERITIES.index(pair[0].severity))
    for each, report in found[:MOST_FINDINGS]:
        lines += _finding(each, report, paint, width)
    if len(found) > MOST_FINDINGS:
        lines += [f"{'':<18}{many(len(found) - MOST_FINDINGS, 'finding')} more, not worse", ""]
    for report in reports:
        lines += _unknowns(report, paint, width)
    lines += [f"{report.job:<9} {counts(report)}" for report in reports]
    lines += ["", *wrap(f"The rest of each: infra-maintainer {'|'.join(report.job for report in reports)}", width, 0)]
    return "\n".join([*lines, "An unknown is not a pass."]) + "\n"


def _verdict(report: Report, paint: Paint, width: int) -> list[str]:
    word = report.verdict.upper().replace("_", " ")
    coverage = report.coverage
    says = f"{report.job:<9} {report.because}; checked {coverage.checked} of {coverage.planned} planned; {report.run}"
    then = f"; replayed, measured {report.as_of:%Y-%m-%d %H:%MZ}" if report.replayed else ""
    return entry(f"{says}{then}", paint(f"{word:<17}", report.verdict), width)


def _finding(each: Finding, report: Report, paint: Paint, width: int) -> list[str]:
    label = paint(f"{f'FINDING {each.severity}':<17}", each.severity)
    return [*entry(f"{report.job}: {sentence(each)}", label, width), *wrap(f"do: {each.do}", width, 18), ""]


def _unknowns(report: Report, paint: Paint, width: int) -> list[str]:
    """Those that could be serious, a few of each job."""
    serious = [each for each in report.unknowns if each.matters]
    if not serious:
        return []
    says = [f"{report.job}: {sentence(each)}" for each in serious[:MOST_UNKNOWNS]]
    if len(serious) > MOST_UNKNOWNS:
        more = many(len(serious) - MOST_UNKNOWNS, "more that could be serious", "more that could be serious")
        says.append(f"{report.job}: {more}: infra-maintainer {report.job}")
    return [*bullets(says, paint("UNKNOWN".ljust(17), "unknown"), width), ""]
