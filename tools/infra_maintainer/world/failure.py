"""What the outside world does wrong, as one exception that a source need not catch.

WorldError   the world refused, failed, or was too slow: becomes `Missing` evidence with this reason
"""

from infra_maintainer.evidence.model import Why


class WorldError(Exception):
    """Something outside could not be read. Carries the reason, the detail and the step that would help."""

    def __init__(self, why: Why, detail: str, how: str) -> None:
        super().__init__(detail)
        self.why: Why = why
        self.detail = detail
        self.how = how
