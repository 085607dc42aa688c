"""What can go wrong with a bill, as one exception in the words of the evidence model.

BillError   the bill cannot be read: why (denied, unreachable, error, no_data, not_supported), what, and the next step
"""

from infra_maintainer.evidence.model import Why


class BillError(Exception):
    """A bill could not be read. Carries the reason, the detail and the step that would help."""

    def __init__(self, why: Why, detail: str, how: str) -> None:
        super().__init__(detail)
        self.why: Why = why
        self.detail = detail
        self.how = how
