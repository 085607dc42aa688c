"""What a command file sees of the parser: `add(commands)` adds its own sub-parser and sets `run`."""

import argparse
from typing import Protocol


class Commands(Protocol):
    """Where a command adds itself."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:
        """A parser of the command's own."""
        ...
