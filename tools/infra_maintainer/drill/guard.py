"""Outlives a killed drill: waits for the end of its input, then removes the drill's place.

Run as a script by `scratch.py` with nothing but the standard library on its path: it must start fast and
depend on nothing that a broken installation could lack.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from infra_maintainer.drill.leftovers import remove_place

    if sys.stdin.buffer.read() != b"done":
        remove_place(Path(sys.argv[1]), sys.argv[2])
