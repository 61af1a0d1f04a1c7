"""What every benchmark has in common: its sizes, its figures, and one way to print them.

    python -m tests.benchmarks.NAME [--quick | --brief] [--json]

--quick only shows that it runs, --brief is what `python -m tests.benchmarks` uses. With --json
each figure is one line of JSON, and everything else goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout
from enum import Enum
from math import inf
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.goals import GOALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Size(Enum):
    """How long a benchmark may take."""

    QUICK = "quick"
    BRIEF = "brief"
    FULL = "full"


class Figure(NamedTuple):
    """What was measured; `name` is a key of GOALS."""

    name: str
    value: float
    low: float
    high: float


def figure(name: str, values: Sequence[float]) -> Figure:
    """Return the median of what slices that take turns have measured, and its spread."""
    return Figure(name, median(values), min(values), max(values))


def shown(value: float) -> str:
    """Return a number with as many digits as it deserves; "-" for none."""
    if value == inf:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def line(told: Figure) -> str:
    """Return a figure beside its goal."""
    goal = GOALS[told.name]
    spread = "" if told.low == told.high else f"({shown(told.low)} to {shown(told.high)})"
    return (
        f"{told.name:<64} {shown(told.value):>6} {goal.unit or 'ratio':<6} {spread:<18} "
        f"goal <= {shown(goal.most)}"
    )


def main(measure: Callable[[Size], Iterable[Figure]]) -> None:
    """Run a benchmark as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", dest="size", action="store_const", const=Size.QUICK)
    parser.add_argument("--brief", dest="size", action="store_const", const=Size.BRIEF)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(size=Size.FULL)
    chosen = parser.parse_args()
    out = sys.stdout
    with redirect_stdout(sys.stderr if chosen.json else out):
        for told in measure(chosen.size):
            text = json.dumps(told._asdict()) if chosen.json else line(told)
            print(text, file=out, flush=True)
