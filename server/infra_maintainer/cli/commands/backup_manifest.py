"""`infra-maintainer backup-manifest`: dump a database and write down, in the same snapshot, what it held."""

import argparse
import sys
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("backup-manifest", help="pg_dump with a manifest that makes a restore provable")
    parser.add_argument("database", nargs="?", help="connection string or name, without a password (use ~/.pgpass)")
    parser.add_argument("dump", nargs="?", type=Path, help="the file to write; its manifest is written beside it")
    parser.add_argument("--files", type=Path, metavar="DIR", help="instead of a database: hash the files of a folder")
    parser.add_argument(
        "--newest", action="append", default=[], metavar="SCHEMA.TABLE.COLUMN", help="column whose newest value is kept"
    )
    parser.add_argument("--bin", type=Path, metavar="DIR", help="folder of psql and pg_dump")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write both files; 3 when the dump or the reading of the database failed."""
    from infra_maintainer.drill.formats.files_manifest import write_files_manifest

    if options.files is not None and options.database is None:
        print(f"{write_files_manifest(options.files)} written: back it up together with the folder.")
        return 0
    if options.dump is None or options.files is not None:
        raise ValueError("give a database and the file to dump it to, or --files and a folder")
    from infra_maintainer.drill.errors import DrillError
    from infra_maintainer.drill.manifest_writer import backup_with_manifest

    try:
        manifest = backup_with_manifest(options.database, options.dump, tuple(options.newest), options.bin)
    except DrillError as failed:
        print(f"infra-maintainer: the backup failed: {failed}", file=sys.stderr)
        return 3
    print(f"{options.dump} and {manifest.name} written. A drill can now prove that a restore is complete.")
    return 0
