"""How `--help` and usage errors are laid out: as argparse does it, in the width of the terminal."""

from __future__ import annotations

import argparse
import os
import sys

from ddswait.cli.wrapping import width_of

_USUAL = 80  # cells, where there is no terminal
_MARGIN = 2  # as argparse leaves it


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Finds the width itself: argparse imports shutil for that, at each start.

    Args:
        prog: the name of the program.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width() - _MARGIN)


def _width() -> int:
    """Return the cells of a line: `COLUMNS`, or those of the terminal."""
    try:
        given = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        given = 0
    return given if given > 0 else width_of(sys.stdout) or _USUAL
