"""Soak: many jobs for a long time, with faults; ends with exit code 1 if anything grows.

    python -m tests.soak virtual    100,000 jobs in 24 hours of virtual time
    python -m tests.soak sockets    10,000 jobs at once for ten minutes of real time

Both send real requests over loopback. Memory must be flat after the ramp, descriptors bounded,
no task left, and each outcome that of its job. The options change the plan.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from random import Random
from typing import TYPE_CHECKING

from ddswait import virtual_time
from tests.soak.server import Server, start
from tests.soak.waits import Plan, Soak

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOUR = 3600.0
PLANS = {
    # A job takes 864 s, and is noticed some time later: 1,200 in turn are 100,000 in a day.
    "virtual": Plan(1_200, 864.0, 24 * _HOUR, 3.0, 240.0, "20/s"),
    "sockets": Plan(10_000, 240.0, _HOUR / 6, 0.2, 60.0, "200/s"),
}


async def _in_one_loop(plan: Plan, seed: int) -> list[str]:
    clock = asyncio.get_running_loop().time
    server = Server(clock, plan.span, plan.page_seconds, Random(seed))
    listening = await start(server)
    port = listening.sockets[0].getsockname()[1]
    soak = Soak(plan, clock, seed, print)
    wrong = await soak.run(f"http://127.0.0.1:{port}")
    listening.close()
    print(f"{server.requests} requests, {server.faults} of them faulty")
    return _report(soak, wrong)


async def _against_a_process(port: str, plan: Plan, seed: int) -> list[str]:
    soak = Soak(plan, time.monotonic, seed, print)
    return _report(soak, await soak.run(f"http://127.0.0.1:{port}"))


def _over_sockets(plan: Plan, seed: int) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "tests.soak.server",
        *map(str, (seed, plan.span, plan.page_seconds)),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = process.stdout.readline().strip()
        wrong = asyncio.run(_against_a_process(port, plan, seed))
        process.stdin.close()
    return wrong


def _report(soak: Soak, wrong: list[str]) -> list[str]:
    print(f"outcomes: {dict(soak.outcomes)}, {soak.calls} callbacks")
    for each in wrong[:20]:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "all good")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Run a soak and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("kind", choices=PLANS)
    parser.add_argument("--jobs", type=int, help="how many jobs are waited for at any time")
    parser.add_argument("--mean", type=float, help="how many seconds a job takes on average")
    parser.add_argument("--hours", type=float, help="how long it lasts")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    plan = PLANS[given.kind]
    plan = plan._replace(
        jobs=given.jobs or plan.jobs,
        mean=given.mean or plan.mean,
        span=given.hours * _HOUR if given.hours else plan.span,
    )
    if given.kind == "virtual":
        wrong = virtual_time.run(_in_one_loop(plan, given.seed))
    else:
        wrong = _over_sockets(plan, given.seed)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
