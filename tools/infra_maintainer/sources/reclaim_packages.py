"""Packages that nothing needs any more, kernels beside the running one and the newest two, left-over configuration."""

import re
from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey

KERNEL = re.compile(r"linux-image-(\d\S*)")
REMOVED = re.compile(r"^Remv (\S+)", re.MULTILINE)


@source(title="packages that nothing needs", jobs=("costs",), quantities=("reclaim.bytes", "reclaim.count"))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Sizes as dpkg knows them. The running kernel, the newest and the one before it are never counted."""
    host = survey.world.host
    installed = parse_packages(host.run("installed_packages").stdout)
    running = host.read("/proc/sys/kernel/osrelease").strip()
    kernels = spare_kernels([name for name, (status, _) in installed.items() if status.startswith("ii")], running)
    removable = REMOVED.findall(host.run("autoremovable").stdout)
    leftover = [name for name, (status, _) in installed.items() if status.startswith("rc")]
    for subject, names in (("unneeded-packages", removable), ("spare-kernels", kernels)):
        size = sum(installed[name][1] for name in names if name in installed)
        yield survey.measured(
            "reclaim.bytes", size, subject=f"reclaim:{subject}", n=max(1, len(installed)),
            source="dpkg-query, apt-get -s autoremove", quote=", ".join(names[:8]) or None,
        )  # fmt: skip
    yield survey.measured("reclaim.count", len(leftover), subject="reclaim:leftover-configuration",
                          source="dpkg-query", quote=", ".join(leftover[:8]) or None)  # fmt: skip


def parse_packages(text: str) -> dict[str, tuple[str, int]]:
    """Status and installed size in bytes by package, from `STATUS TAB KIB TAB NAME` lines; others are skipped."""
    found: dict[str, tuple[str, int]] = {}
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 3 and parts[2]:
            found[parts[2]] = (parts[0].strip(), int(parts[1]) * 1024 if parts[1].isdigit() else 0)
    return found


def spare_kernels(packages: list[str], running: str) -> list[str]:
    """Kernel images that are neither running nor among the newest two: those are the way back after a bad update."""
    versions = {name: match.group(1) for name in packages if (match := KERNEL.fullmatch(name))}
    ordered = sorted(
        versions, key=lambda name: [int(each) for each in re.findall(r"\d+", versions[name])], reverse=True
    )
    return [name for name in ordered[2:] if versions[name] != running]
