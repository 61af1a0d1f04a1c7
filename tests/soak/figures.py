"""What a soak measures, and when the figures are good."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIB = 2**20
_GROWTH = 1.1  # of the median after the ramp: what jobs bring about varies by as much
_MORE_MIB = 4.0  # by which the allocator's fragments may vary
_MORE_OBJECTS = 500  # those of some connections
_FDS = Path("/proc/self/fd")  # Linux


class Sample(NamedTuple):
    """One measurement.

    Attributes:
        at: seconds since the begin.
        jobs: how many jobs are being waited for.
        begun: how many jobs have been waited for in all.
        memory: resident memory, in MiB.
        objects: how many objects the garbage collector knows.
        descriptors: how many file descriptors are open.
        tasks: how many tasks there are.
    """

    at: float
    jobs: int
    begun: int
    memory: float
    objects: int
    descriptors: int
    tasks: int

    def __str__(self) -> str:
        return (
            f"{self.at:8.0f} s {self.jobs:7} jobs of {self.begun:7}, {self.memory:7.1f} MiB, "
            f"{self.objects:8} objects, {self.descriptors:3} descriptors, {self.tasks:3} tasks"
        )


def measure(at: float, jobs: int, begun: int) -> Sample:
    """Return the figures of this process as they are now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / _MIB
    objects = len(gc.get_objects())
    descriptors = len(list(_FDS.iterdir()))
    return Sample(at, jobs, begun, memory, objects, descriptors, len(asyncio.all_tasks()))


def faults(before: Sample, during: Sequence[Sample], after: Sample, connections: int) -> list[str]:
    """Return what is wrong with the figures of a soak; an empty list if they are good.

    Args:
        before: measured before the waiter was entered.
        during: measured at regular times while the number of jobs was the same; the first
            half does not count: until then the first record of each job comes, one by one.
        after: measured after the waiter was closed.
        connections: how many connections the waiter may open.
    """
    steady = during[len(during) // 2 :]
    middle = len(steady) // 2
    early, late = steady[:middle], steady[middle:]
    found = []
    for name, base, slack in (
        ("memory", 0.0, _MORE_MIB),
        ("objects", after.objects, _MORE_OBJECTS),
    ):
        first, last = (
            median(getattr(each, name) for each in part) - base for part in (early, late)
        )
        if last > first * _GROWTH + slack:
            found.append(f"{name} grew by {last - first:.0f} from {first + base:.0f}")
    most = max(each.descriptors for each in steady)
    # The server's ends of the connections may be in this process, too.
    if most > before.descriptors + 2 * connections + 8:
        found.append(f"{most} descriptors were open, {before.descriptors} before")
    if after.descriptors > before.descriptors:
        left = after.descriptors - before.descriptors
        found.append(f"{left} descriptors are left open")
    if after.tasks > before.tasks:
        found.append(f"{after.tasks - before.tasks} tasks are left")
    return found
