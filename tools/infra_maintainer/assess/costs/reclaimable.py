"""What this machine could free, each with its risk: a cache comes back, an unused volume may be a database."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown

# what it is -> how risky, and what to do; None as a way means: keep it until its owner has decided
WAYS: dict[str, tuple[str, str | None]] = {
    "package-archives": ("no risk: packages are fetched again when needed", "apt-get clean"),
    "dnf-cache": ("no risk: packages are fetched again when needed", "dnf clean packages"),
    "pip-cache": ("no risk: the next install is slower", "pip cache purge"),
    "uv-cache": ("no risk: the next install is slower", "uv cache clean"),
    "npm-cache": ("no risk: the next install is slower", "npm cache clean --force"),
    "go-build-cache": ("no risk: the next build is slower", "go clean -cache"),
    "maven-cache": ("low risk: artefacts that are no longer published are gone", "remove unused versions"),
    "journal": ("some risk: an incident of last week is explained from it", "journalctl --vacuum-time=30d"),
    "old-logs": (
        "some risk: audits and slow attacks are found in old logs",
        "set up logrotate with a declared retention",
    ),
    "core-dumps": ("some risk: they explain a crash nobody has looked at", "look at the newest, then remove old ones"),
    "crash-reports": (
        "some risk: they explain a crash nobody has looked at",
        "look at the newest, then remove old ones",
    ),
    "temporary-files": ("low risk: some program may still expect them", "remove what no process has open"),
    "deleted-open": ("low risk: restarting the process ends its work", "restart the process that holds them"),
    "unneeded-packages": ("low risk: look at the list first", "apt-get autoremove"),
    "spare-kernels": ("low risk: the running, the newest and the one before stay", "apt-get purge the older images"),
    "docker-build-cache": ("no risk: the next build is slower", "docker builder prune"),
    "docker-images": (
        "some risk: images of the release to roll back to may be among them",
        "keep two releases, then prune",
    ),
    "docker-stopped": ("some risk: their logs and data go with them", "look at each, then docker container prune"),
    "docker-volumes": ("high risk: an unused volume may be a database", None),
    "unused-disks": ("high risk: a raw volume may belong to a database or a hypervisor", None),
}

SPOKEN = {
    "deleted-open": "deleted files still open",
    "unneeded-packages": "packages that nothing needs",
    "docker-stopped": "stopped containers of Docker",
    "docker-volumes": "unused volumes of Docker",
    "docker-images": "images of Docker",
    "docker-build-cache": "the build cache of Docker",
}


@check(
    title="what this machine could free, and at what risk", quantities=("reclaim.bytes",), policies=("costs.reclaim",)
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A finding above the floor; below it a pass; a thing that may be data is kept until its owner decides."""
    rule = policy["costs.reclaim"]
    for size in facts.numbers("reclaim.bytes"):
        name = size.subject.removeprefix("reclaim:")
        risk, way = WAYS.get(name, ("unknown risk", None))
        spoken = SPOKEN.get(name, name.replace("-", " "))
        if not rule.exceeded(size.value):
            says = f"to free of {spoken}: {shown(size)} (limit {limit(rule)})"
            yield Pass(code="reclaimable", subject=size.subject, says=says, evidence=[size.id], policy=rule.id)
        elif way is None:
            yield Pass(code="reclaimable", subject=size.subject, evidence=[size.id], policy=rule.id,
                       says=f"keep {spoken}, {shown(size)}, until its owner has decided: {risk}")  # fmt: skip
        else:
            yield _finding(f"{spoken}: {shown(size)} (limit {limit(rule)}); {risk}", size, way, rule.id)
    yield from facts.unknowns(
        "reclaim.bytes", "reclaimable", "What could be freed of {name} is not known.", "low", policy=rule.id
    )


def _finding(says: str, size: Number, way: str, policy: str) -> Finding:
    return Finding(
        code="reclaimable",
        subject=size.subject,
        severity="low",
        says=says,
        matters="It fills the disk; it lowers the bill only once a smaller plan fits.",
        do=f"{way}; the quote of {size.id} says where.",
        evidence=[size.id],
        policy=policy,
    )
