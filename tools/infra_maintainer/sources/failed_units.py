"""systemd units in the failed state."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.reading import require_systemd
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.process import said

ORIGIN = "systemctl list-units --state=failed"


def parse_units(text: str) -> list[str]:
    """Names of the units listed. Raises WorldError(error) for a line that is not a failed unit."""
    units: list[str] = []
    for line in text.splitlines():
        fields = line.replace("●", " ").split()
        if not fields:
            continue
        if len(fields) < 4 or "." not in fields[0] or fields[2] != "failed":
            raise WorldError("error", f"systemctl printed {line[:80]!r}", "run it by hand")
        units.append(fields[0])
    return units


@source(title="failed systemd units", jobs=("health",), quantities=("units.failed",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Their count, with their names as outside text. A list that broke off still proves what is on it, not the rest."""
    require_systemd(survey)
    output = survey.world.host.run("failed_units")
    units = parse_units(output.stdout)
    broke_off = bool(output.code or output.stderr.strip())
    if broke_off and not units:
        raise WorldError("error", f"systemctl said: {said(output)}", "run it by hand")
    origin = f"{ORIGIN}, in part: it ended with {said(output)}" if broke_off else ORIGIN
    yield survey.measured(
        "units.failed", len(units), stat="count", source=origin, quote=", ".join(units) if units else None
    )
