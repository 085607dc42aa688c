"""What Docker holds and could let go of: images, build cache, stopped containers, and volumes that nothing uses."""

import json
import re
from collections.abc import Iterator

from infra_maintainer.evidence.model import Why
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.process import said

SIZE = re.compile(r"([\d.]+)\s*([kMGT]?)i?B")
FACTORS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
NAMES = {"Images": "docker-images", "Containers": "docker-stopped", "Local Volumes": "docker-volumes",
         "Build Cache": "docker-build-cache"}  # fmt: skip


@source(title="reclaimable space of Docker", jobs=("costs",), quantities=("reclaim.bytes",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Docker's own figures. Raises WorldError when it is absent."""
    output = survey.world.host.run("docker_use")
    for kind, size in parse_use(output.stdout):
        yield survey.measured("reclaim.bytes", size, subject=f"reclaim:{NAMES.get(kind, 'docker-other')}",
                              source="docker system df", quote=kind)  # fmt: skip
    if output.code != 0:  # what it printed before counts; the rest is not known
        denied = "permission denied" in output.stderr.lower()
        how = (
            "let this user talk to Docker, or run as one who may"
            if denied
            else "start Docker, or ignore this without it"
        )
        why: Why = "denied" if denied else "unreachable"
        yield survey.missing("reclaim.bytes", why, f"docker system df: {said(output)}", how, source="docker system df",
                             subject="reclaim:docker")  # fmt: skip


def parse_use(text: str) -> Iterator[tuple[str, int]]:
    """(kind, reclaimable bytes) of each line of `docker system df --format '{{json .}}'`; broken lines are skipped."""
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        match = SIZE.match(str(row.get("Reclaimable", "")))
        if match:
            yield str(row.get("Type", "")), int(float(match.group(1)) * FACTORS[match.group(2)])
