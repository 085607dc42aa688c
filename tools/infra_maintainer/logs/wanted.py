"""What is asked of a log beside what any log is asked: routes that are counted by minute, and limits of their times."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Wanted(NamedTuple):
    """Routes (`GET /cart`, or `/cart` by any method) that are told apart however little time users spend in them, the
    limits in microseconds beyond which their answers are counted, and the last minutes in which they are counted."""

    routes: Sequence[str] = ()
    limits_us: Sequence[int] = ()
    windows_min: Sequence[int] = ()

    @property
    def by_minute(self) -> bool:
        """Whether requests of these routes are counted by minute."""
        return bool(self.routes and self.windows_min)

    def of(self, names: Iterable[str]) -> list[str]:
        """Those of a log's own names that are wanted; a rare protocol may still stand behind a name."""
        wanted = set(self.routes)
        return [name for name in names if {whole := name.split(" HTTP/", 1)[0], whole.partition(" ")[2]} & wanted]


NOTHING_MORE = Wanted()
