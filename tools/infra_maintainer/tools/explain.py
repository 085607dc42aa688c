"""explain_evidence: the full record behind ids."""

from pydantic import Field

from infra_maintainer.assess.model import AnyEvidence
from infra_maintainer.evidence.model import Frozen
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.tools.kit import Kit


class Explained(Frozen):
    """Records by id, in the order asked, and the ids of which nothing is kept."""

    records: list[AnyEvidence]
    not_found: list[str] = Field(default=[], description="ids that this store does not hold")


def explain(kit: Kit, ids: list[str]) -> Explained:
    """Look ids up in the store. Raises StoreError."""
    if kit.store is None:
        raise StoreError("nothing is kept in this run (--no-store), so there is nothing to explain")
    found = kit.store.explain(ids)
    wanted = list(dict.fromkeys(ids))
    return Explained(
        records=[found[id] for id in wanted if id in found], not_found=[id for id in wanted if id not in found]
    )
