"""What a plan saw of the future, series by series, for whoever draws it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_maintainer.forecast.outlook import Outlook


class Outlooks:
    """Filled while a plan is made: quantity, subject, outlook."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Outlook]] = []
