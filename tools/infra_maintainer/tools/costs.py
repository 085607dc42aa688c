"""audit_costs: waste proven, savings refused, coverage first; and a proposed saving judged."""

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.costs_report import CostsReport, costs_section
from infra_maintainer.assess.facts import Facts
from infra_maintainer.estate.derived import derived_savings
from infra_maintainer.estate.idea import judge_idea
from infra_maintainer.estate.judged import judge_estate
from infra_maintainer.estate.loads import derived_loads
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.tools.run import keep
from infra_maintainer.world.world import World

LONGEST_IDEA = 500


def audit_costs(kit: Kit, world: World, idea: str | None = None, progress: Progress | None = None) -> CostsReport:
    """Bills, inventory, use and this machine, judged together; then the idea. Raises ValueError for a bad idea."""
    if idea is not None and not 3 <= len(idea.strip()) <= LONGEST_IDEA:
        raise ValueError(f"an idea has 3 to {LONGEST_IDEA} characters, such as 'drop the read replica'")
    survey = Survey(world, kit.system, history=kit.store, progress=progress)
    evidence = gather(sources_for("costs"), survey)
    estate = judge_estate(evidence, lambda rule: kit.policy[rule].number)
    evidence += derived_savings(estate, Facts(evidence).all("bill.cost.usage"))
    evidence += derived_loads(estate, kit.policy["costs.resize.growth"].number, world.clock.now())
    judged = judge_idea(idea, estate) if idea is not None else None
    report = assess(evidence, kit.policy, "costs", world.clock.now())
    section = costs_section(evidence, estate, judged)
    full = CostsReport.model_validate({**dict(report), "costs": section})
    return CostsReport.model_validate({**dict(keep(full, kit)), "costs": section})
