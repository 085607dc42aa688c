"""How a drill ends early.

DrillError
|-- Stopped         the caller cancelled, or the time limit of the whole drill passed
|-- NotPossible     this machine cannot run the drill (no space, no program, no user): says nothing about the backup
`-- StepFailed      the backup did not come back: `code` is the finding
"""


class DrillError(Exception):
    """Any early end of a drill."""


class Stopped(DrillError):
    """The drill was cancelled or ran out of its time."""


class NotPossible(DrillError):
    """The drill could not be made here; `how` is the step that would make it possible."""

    def __init__(self, code: str, detail: str, how: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.how = how


class StepFailed(DrillError):
    """A step that a real recovery needs did not succeed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
