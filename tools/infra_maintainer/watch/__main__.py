"""`python -m infra_maintainer.watch --store FILE`: what the command `infra-maintainer watch` turns itself into."""

import argparse
import sys
from pathlib import Path

from infra_maintainer.watch.loop import watch


def main() -> int:
    """Sample until told to stop."""
    parser = argparse.ArgumentParser(prog="infra-maintainer watch", description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--every", type=int, default=60)
    parser.add_argument("--for", dest="duration", type=float, default=None)
    options = parser.parse_args()
    return watch(options.store, options.every, options.duration)


if __name__ == "__main__":
    sys.exit(main())
