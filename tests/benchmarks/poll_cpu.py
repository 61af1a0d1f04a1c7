"""CPU per poll over loopback, saturated, against bare aiohttp loops.

    python -m tests.benchmarks.poll_cpu [--quick | --brief] [--json]

The same GET and JSON parse, with as many connections, in slices that take turns: ddswait's whole
stack, the leanest loop that aiohttp allows, and one with aiohttp's default settings. The server
is a process of its own, so only the client's CPU counts.
"""

import asyncio
import gc
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from unittest.mock import patch

import aiohttp

import ddswait
from ddswait import service
from ddswait.scheduler import poll_interval
from tests.benchmarks.server import serving
from tests.benchmarks.table import Figure, Size, figure, main

TOKEN = "MIIE" + 1200 * "x7"  # about as long as a real one
HEADERS = {**service.HEADERS, "User-Agent": "x", "X-Auth-Token": TOKEN}  # the same GET for all
CONNECTIONS = 8
JOBS = 64  # few against the polls of a slice: what is measured is a poll, not its tracking


def url(base: str, number: int) -> str:
    return f"{base}/v3/p/jobs?id=a9767ede-fe0f-4888-9003-{number % JOBS:012}"


async def lean(base: str, session: aiohttp.ClientSession, polls: int) -> None:
    async def worker(first: int) -> None:
        for number in range(first, polls, CONNECTIONS):
            response = await session.get(url(base, number), allow_redirects=False)
            json.loads(await response.read())

    await asyncio.gather(*(worker(first) for first in range(CONNECTIONS)))


async def plain(base: str, session: aiohttp.ClientSession, polls: int) -> None:
    async def worker(first: int) -> None:
        for number in range(first, polls, CONNECTIONS):
            async with session.get(url(base, number)) as response:
                await response.json()

    await asyncio.gather(*(worker(first) for first in range(CONNECTIONS)))


class Counting:
    """Counts ddswait's polls, by its own seam: the interval that follows each of them."""

    def __init__(self) -> None:
        self.left = 0
        self.done = asyncio.Event()

    def interval(self, *_: object) -> float:
        self.left -= 1
        if self.left <= 0:
            self.done.set()
            return 1e6
        return 1e-6


async def ours(waiter: ddswait.Waiter, counting: Counting, polls: int) -> None:
    counting.left = polls
    counting.done.clear()
    futures = [waiter.track(url("", number)[-36:], timeout=1e7) for number in range(JOBS)]
    await counting.done.wait()
    for future in futures:
        future.cancel()


async def cpu(work: Callable[[], Awaitable[None]], polls: int) -> float:
    gc.collect()
    began = time.process_time()
    await work()
    return (time.process_time() - began) / polls


async def turns(base: str, rounds: int, polls: int) -> list[Figure]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=75)
    lean_session = aiohttp.ClientSession(
        connector=connector,
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    )
    counting = Counting()
    with patch.object(poll_interval, "next_interval", counting.interval):
        async with (
            lean_session,
            aiohttp.ClientSession(headers=HEADERS) as plain_session,
            ddswait.Waiter(
                endpoint=base,
                project_id="p",
                auth=ddswait.Token(TOKEN),
                connections=CONNECTIONS,
                rate="1000000/s",
            ) as waiter,
        ):
            against_lean, against_plain, own = [], [], []
            for number in range(rounds + 1):
                mine = await cpu(lambda: ours(waiter, counting, polls), polls)
                leanest = await cpu(lambda: lean(base, lean_session, polls), polls)
                default = await cpu(lambda: plain(base, plain_session, polls), polls)
                if number:  # the first round warms up
                    against_lean.append(mine / leanest)
                    against_plain.append(mine / default)
                    own.append(mine * 1e6)
    return [
        figure("CPU per poll / leanest bare aiohttp loop", against_lean),
        figure("CPU per poll / aiohttp's default settings", against_plain),
        figure("CPU per poll", own),
    ]


ROUNDS = {Size.QUICK: (2, 200), Size.BRIEF: (20, 2000), Size.FULL: (40, 2000)}


def measure(size: Size) -> Iterator[Figure]:
    with serving("Running") as address:
        yield from asyncio.run(turns(address, *ROUNDS[size]))


if __name__ == "__main__":
    main(measure)
