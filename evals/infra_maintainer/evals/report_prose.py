"""The free-text track in the page: its own figures, its own gates, and why it is weaker."""

from collections.abc import Iterator
from html import escape
from typing import Any


def free_text(prose: dict[str, Any], crashed: int) -> Iterator[str]:
    """What free-text replies hold; never a share of honest answers."""
    low, high = prose["interval"]
    yield f"<p class=soft>{escape(prose['note'])}</p>"
    yield "<div class=card><div class=soft>free text that holds at every gate that applies to it</div>"
    yield f"<div class=big>{prose['hold']} of {prose['scheduled']}</div>"
    yield (
        f"<div class=soft>95 % interval {low * 100:.1f} % to {high * 100:.1f} %; "
        f"{prose['replies']} of {prose['scheduled']} replies were free text, {crashed} crashed</div></div>"
    )
    yield "<div class='scroll card'><table><tr><th>gate, as far as it applies<th>holds"
    for name, count in prose["gates"].items():
        colour = "y" if count == prose["replies"] else "x"
        yield f"<tr><td>{escape(name)}<td class='n {colour}'>{count} of {prose['replies']}"
    yield "</table></div>"
