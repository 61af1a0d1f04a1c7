"""All benchmarks, briefly, beside their goals and gates: less than five minutes on two cores.

    python -m tests.benchmarks [--quick] [NAME ...]

Each runs in a process of its own. Those that measure time run alone; those that count run two at
a time. Ends with exit code 1 if a figure is worse than its gate (goals.py). `peers` is separate:
it needs other packages.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.goals import GOALS
from tests.benchmarks.table import Figure, shown

TIMED = ("poll_cpu", "scheduler", "ranking", "startup", "lateness", "official_sdk")
COUNTED = ("instructions", "many_jobs", "poll_times", "memory", "crossings", "oracle", "shares")


class Done(NamedTuple):
    """What one benchmark has told."""

    name: str
    figures: list[Figure]
    notes: str
    failed: bool


def run(name: str, size: str) -> Done:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", size, "--json"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"-- {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    figures = [Figure(**json.loads(line)) for line in done.stdout.splitlines()]
    return Done(name, figures, done.stderr, done.returncode != 0)


def run_all(names: list[str], size: str) -> list[Done]:
    """Run benchmarks, and return what they have told."""
    told = [run(name, size) for name in TIMED if name in names]
    with ThreadPoolExecutor(2) as pool:
        counted = [name for name in COUNTED if name in names]
        return told + list(pool.map(run, counted, [size] * len(counted)))


def table(told: list[Done]) -> int:
    """Print all figures; return how many are worse than their gates, or missing."""
    worse = 0
    print(f"{'figure':<64} {'value':>7} {'unit':<6} {'goal':>6} {'gate':>6}  verdict")
    for each in told:
        for figure in each.figures:
            goal = GOALS[figure.name]
            worse += figure.value > goal.gate
            print(
                f"{figure.name:<64} {shown(figure.value):>7} {goal.unit or 'ratio':<6} "
                f"{shown(goal.most):>6} {shown(goal.gate):>6}  {goal.verdict(figure.value)}"
            )
        if each.failed:
            worse += 1
            print(f"{each.name}: FAILED\n{each.notes}")
        elif not each.figures:
            print(f"{each.name}: not measured: {each.notes.strip()}")
    return worse


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--quick", action="store_const", const="--quick", default="--brief")
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join(TIMED + COUNTED))
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(TIMED + COUNTED):
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}: use {TIMED + COUNTED}")
    began = time.monotonic()
    worse = table(run_all(chosen.names or list(TIMED + COUNTED), chosen.quick))
    print(f"{time.monotonic() - began:.0f} s; worse than the gate: {worse or 'none'}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
