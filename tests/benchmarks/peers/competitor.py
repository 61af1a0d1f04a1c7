"""One competitor: a process that waits for all jobs in one way.

    python -m tests.benchmarks.peers.competitor WAY CLOUD

It prints "ready" once it has imported what it needs, reads {"ids": ..., "until": ...}, and prints
when it has seen each job end, its CPU seconds meanwhile, and its peak memory.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple


class Cloud(NamedTuple):
    """Where the jobs run, and the credentials."""

    endpoint: str
    project: str
    token: str
    ak: str
    sk: str


class Wait:
    """What is waited for, and what has been seen.

    Attributes:
        ids: the jobs.
        until: when to stop; as all times, on the clock of the machine.
        seen: when each job was seen to have ended.
    """

    def __init__(self, ids: list[str], until: float) -> None:
        self.ids = ids
        self.until = until
        self.seen: dict[str, float] = {}

    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())

    def saw(self, job_id: str) -> None:
        self.seen[job_id] = time.monotonic()


def peak_memory() -> float:
    """Return the peak of the resident memory of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(way: str, cloud: str) -> None:
    module, name = way.split(".")
    prepare: Any = getattr(import_module(f"tests.benchmarks.peers.{module}"), name)
    run = prepare(Cloud(**json.loads(cloud)))
    print("ready", flush=True)
    wait = Wait(**json.loads(sys.stdin.readline()))
    began = time.process_time()
    run(wait)
    told = {"seen": wait.seen, "cpu": time.process_time() - began, "peak": peak_memory()}
    print(json.dumps(told), flush=True)
    os._exit(0)  # threads may still wait


if __name__ == "__main__":
    main(*sys.argv[1:])
