"""Keeps small runs in a store and prints each run id once it is acknowledged: `python writer.py STORE NAME COUNT`."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.store import Store

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def main(store: Store, name: str, count: int) -> None:
    """Keep that many runs, each with three records and a report."""
    for number in range(count):
        at = START + timedelta(seconds=number)
        records = [
            Measured(
                subject=f"host:{name}-{index}",
                quantity="disk.space.used",
                stat="instant",
                value=float(number),
                unit="%",
                as_of=at,
                source=f"writer {name}",
            )
            for index in range(3)
        ]
        run = f"run_{name}_{number}"
        store.keep(records, run, "health", at, "healthy", f'{{"run": "{run}"}}')
        print(run, *(each.id for each in records), flush=True)


if __name__ == "__main__":
    main(Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]))
