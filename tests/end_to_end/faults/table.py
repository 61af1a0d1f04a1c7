"""The table of docs/faults.md, as data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end.faults.fault import When

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"
_ROW = re.compile(
    r"^\| (?P<fault>[^|]+) \| (?P<passes>[^|]+) \| (?P<lasts>[^|]+) \|$", re.MULTILINE
)


class Row(NamedTuple):
    """One fault, and how a wait ends: as `outcome (exit code)`."""

    fault: str
    passes: str
    lasts: str


def _rows() -> list[Row]:
    found = [Row(*match.groups()) for match in _ROW.finditer(PAGE.read_text())]
    return found[1:]  # without the names of the columns


ROWS = _rows()
_BY_FAULT = {row.fault: row for row in ROWS}


UNSEEN = "unseen"
"""The outcome in place of one that is printed nowhere."""


def ending(fault: str, when: When) -> str:
    """Return how the page says that a wait ends."""
    row = _BY_FAULT[fault]
    return row.passes if when is When.PASSES else row.lasts
