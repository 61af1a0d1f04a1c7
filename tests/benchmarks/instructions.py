"""Instructions per poll of the pure scheduler, counted by valgrind.

    python -m tests.benchmarks.instructions [--quick | --brief] [--json] [--gate]

A count is the same on a busy machine, unlike a time. It depends on the version of CPython, so it
is divided by that of a step of plain Python (a heap, a dict, attributes of an object). What starts
Python and makes the jobs is counted in a run of its own, and subtracted.

With --gate it prints the verdicts, and ends with exit code 1 if one is worse than its gate.
Without valgrind nothing is measured, and this says so.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from tests.benchmarks.goals import GOALS
from tests.benchmarks.ranking import HeldBack, intervals
from tests.benchmarks.table import Figure, Size, figure, main

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = 200
REFS = re.compile(r"I\s+refs:\s+([\d,]+)")
OPTIONS = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


class Item:
    """What a step of the reference changes."""

    __slots__ = ("at", "count", "name")

    def __init__(self, number: int) -> None:
        self.at = float(number)
        self.count = 0
        self.name = f"item-{number}"

    def move(self, seconds: float) -> float:
        self.at += seconds
        self.count += 1
        return self.at


def reference(steps: int) -> None:
    """Do what every scheduler does at least: take the first, change it, put it back."""
    items = {f"item-{number}": Item(number) for number in range(JOBS)}
    heap = [(item.at, number, item) for number, item in enumerate(items.values())]
    for number in range(JOBS, JOBS + steps):
        _, _, item = heappop(heap)
        if items.get(item.name) is item:
            heappush(heap, (item.move(200.0), number, item))


def nothing_known(polls: int) -> None:
    """Poll jobs as they become due."""
    held = HeldBack(JOBS, known=False)
    for _ in range(polls):
        held.poll()


def all_known(polls: int) -> None:
    """Poll jobs as they become due, by past durations and progress."""
    held = HeldBack(JOBS)
    for _ in range(polls):
        held.poll()


def held_back(polls: int) -> None:
    """Poll jobs that are all due, ten per second."""
    held = HeldBack(JOBS)
    held.limit(10)
    with intervals(lambda *_: 0.0):
        for _ in range(polls):
            held.poll()


WORKLOADS = {
    "reference": (reference, 20_000),
    "nothing known": (nothing_known, 2_000),
    "past and progress known": (all_known, 2_000),
    "all due, held back": (held_back, 1_000),
}


def work(name: str, share: int) -> None:
    """Do one workload, after what all of them need to begin."""
    for each, (run, size) in WORKLOADS.items():
        run(size // share if each == name else 0)


def counted(name: str, share: int) -> int:
    """Return the instructions of a workload in a process of its own."""
    done = subprocess.run(
        ["valgrind", *OPTIONS, sys.executable, "-m", __spec__.name, "--work", name, str(share)],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = REFS.search(done.stderr)
    assert found is not None, done.stderr
    return int(found[1].replace(",", ""))


def measure(size: Size) -> Iterator[Figure]:
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return
    share = 10 if size is Size.QUICK else 1
    with ThreadPoolExecutor(2) as pool:
        begin, *ends = pool.map(counted, ["nothing", *WORKLOADS], [share] * (len(WORKLOADS) + 1))
    each = {
        name: (end - begin) / (polls // share)
        for (name, (_, polls)), end in zip(WORKLOADS.items(), ends, strict=True)
    }
    step = each.pop("reference")
    print(f"a step of the reference: {step:.0f} instructions")
    for name, poll in each.items():
        yield figure(f"instructions of a poll, {name}", [poll])
        yield figure(f"instructions of a poll / plain step, {name}", [poll / step])


def gate() -> int:
    """Measure, print the verdicts, and return 1 if one is worse than its gate."""
    worse = False
    for told in measure(Size.BRIEF):
        goal = GOALS[told.name]
        worse |= told.value > goal.gate
        print(f"{told.name}: {told.value:.2f}, gate {goal.gate:.2f}: {goal.verdict(told.value)}")
    return int(worse)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        gc.disable()
        work(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1:] == ["--gate"]:
        sys.exit(gate())
    else:
        main(measure)
