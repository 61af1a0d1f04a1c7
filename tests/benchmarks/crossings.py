"""How many calls lead from one file into another while one job is tracked, polled and completed.

    python -m tests.benchmarks.crossings [--quick | --brief] [--json]

Counted with sys.setprofile, so the number is the same on every machine. Calls between files of
ddswait are what its structure costs; calls into asyncio, aiohttp and generated constructors are
listed beside them.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import ddswait
from ddswait import virtual_time
from ddswait.simulator import Simulator
from tests.benchmarks.table import Figure, Size, figure, main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PACKAGE = Path(ddswait.__file__).parent
APART = (PACKAGE / "simulator", PACKAGE / "virtual_time.py")


def room(file: str) -> str:
    """Return the file below ddswait/, "" for files of others."""
    path = Path(file)
    if not path.is_relative_to(PACKAGE) or any(path.is_relative_to(apart) for apart in APART):
        return ""
    return str(path.relative_to(PACKAGE))


class Crossings:
    """Counts calls from one file into another."""

    def __init__(self) -> None:
        self.inside: Counter[tuple[str, str]] = Counter()
        self.outside = 0

    def note(self, frame: FrameType, event: str, _: object) -> None:
        caller = frame.f_back
        if event != "call" or caller is None:
            return
        there, here = caller.f_code.co_filename, frame.f_code.co_filename
        if there == here:
            return
        pair = room(there), room(here)
        if all(pair):
            self.inside[pair] += 1
        elif any(pair):
            self.outside += 1


async def count() -> Crossings:
    async with (
        Simulator() as dds,
        ddswait.Waiter(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token)
        ) as waiter,
    ):
        # The first job pays for imports and the connection.
        await waiter.wait(dds.add_job(seconds=0, visible_after=0))
        job_id = dds.add_job(seconds=0, visible_after=0)
        crossings = Crossings()
        sys.setprofile(crossings.note)
        await waiter.wait(job_id)
        sys.setprofile(None)
    return crossings


def measure(size: Size) -> Iterator[Figure]:
    crossings = virtual_time.run(count())
    inside = crossings.inside.total()
    yield figure("calls from file to file of ddswait, for one completed poll", [inside])
    yield figure("the same, with calls into other packages", [inside + crossings.outside])
    if size is Size.FULL:
        for (caller, callee), calls in crossings.inside.most_common():
            print(f"{calls:4} {caller} -> {callee}")


if __name__ == "__main__":
    main(measure)
