"""`infra-maintainer evidence ID …`: what was measured behind the ids of a report."""

import argparse
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.evidence.store import default_path

    parser = commands.add_parser("evidence", help="what was measured behind an id of a report")
    parser.add_argument("id", nargs="+", metavar="ID", help="an id as it stands in a report, such as ev_7f3a9c01bd")
    parser.add_argument("--store", type=Path, metavar="FILE", help=f"the report's store (default: {default_path()})")
    parser.add_argument("--json", action="store_true", help="print the records as JSON on stdout")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each record that is kept. Raises ValueError for what is no id and for what is not kept, StoreError."""
    from infra_maintainer.cli.job import paper
    from infra_maintainer.evidence.store import Store, default_path
    from infra_maintainer.report.evidence_text import render_evidence
    from infra_maintainer.tools.explain import explain, not_kept
    from infra_maintainer.tools.kit import Kit

    kit = Kit(None, Store(options.store or default_path()))
    found = explain(kit, [word.strip("[](),;") for word in options.id])
    if found.records and options.json:
        print(found.model_dump_json(exclude_none=True))
    elif found.records:
        colour, width = paper()
        print(render_evidence(found.records, colour=colour, width=width), end="")
    if found.not_found:
        raise ValueError(not_kept(kit, found.not_found))
    return 0
