"""Days until the operating system's release gets no more security updates."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib import resources

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


@source(title="support of the operating system's release", jobs=("security",), quantities=("release.support.left",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """By the release's own SUPPORT_END, else by the table of vendors' dates; an unknown release is Missing."""
    text = survey.world.host.read("/etc/os-release")
    fields = {key: value.strip("\"'") for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)}
    name, version = fields.get("ID", ""), fields.get("VERSION_ID", "")
    end, origin = _end(fields, name, version)
    if end is None:
        raise WorldError(
            "no_data", f"no end of support is known for {name or 'this system'} {version}", "look it up at the vendor's"
        )
    left = (end - survey.world.clock.now().date()).days
    yield survey.measured("release.support.left", left, source=origin, quote=f"{name} {version}, until {end}")


def _end(fields: dict[str, str], name: str, version: str) -> tuple[date | None, str]:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", fields.get("SUPPORT_END", "")):
        return date.fromisoformat(fields["SUPPORT_END"]), "/etc/os-release, SUPPORT_END"
    text = resources.files("infra_maintainer.sources.baseline").joinpath("releases.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text).get(name, {})
    found = known.get(version) or known.get(version.split(".")[0])
    return (found if isinstance(found, date) else None), "table of vendors' dates (sources/baseline/releases.toml)"
