"""CPU per poll, against the official SDK's synchronous client.

    python -m tests.benchmarks.official_sdk [--quick | --brief] [--json]

The SDK is in the environment of `tests/benchmarks/peers/`. Without that environment there is
nothing to measure, and this says so.
"""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import ddswait
from ddswait.scheduler import poll_interval
from tests.benchmarks.poll_cpu import Counting, ours
from tests.benchmarks.server import serving
from tests.benchmarks.table import Figure, Size, figure, main

PEERS = Path(__file__).parents[2] / ".venv-peers" / "bin" / "python"

SDK = """
import sys, time
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkdds.v3 import DdsClient, ShowJobDetailRequest
base, polls = sys.argv[1], int(sys.argv[2])
client = (DdsClient.new_builder()
          .with_credentials(BasicCredentials("ak", "sk", "p")).with_endpoint(base).build())
request = ShowJobDetailRequest(id="a9767ede-fe0f-4888-9003-000000000000")
client.show_job_detail(request)
began = time.process_time()
for _ in range(polls):
    client.show_job_detail(request)
print((time.process_time() - began) / polls)
"""


async def own(base: str, polls: int) -> float:
    counting = Counting()
    with patch.object(poll_interval, "next_interval", counting.interval):
        async with ddswait.Waiter(
            endpoint=base, project_id="p", auth=ddswait.Token("t"), connections=8, rate="1000000/s"
        ) as waiter:
            await ours(waiter, counting, 200)
            began = time.process_time()
            await ours(waiter, counting, polls)
            return (time.process_time() - began) / polls


def turns(base: str, rounds: int, polls: int) -> Figure:
    ratios = []
    for _ in range(rounds):
        mine = asyncio.run(own(base, polls))
        done = subprocess.run(
            [PEERS, "-c", SDK, base, str(polls)], capture_output=True, text=True, check=True
        )
        ratios.append(mine / float(done.stdout))
    return figure("CPU per poll / official SDK's synchronous client", ratios)


ROUNDS = {Size.QUICK: (1, 50), Size.BRIEF: (3, 500), Size.FULL: (7, 1000)}


def measure(size: Size) -> Iterator[Figure]:
    if not PEERS.exists():
        print(
            f"no ratio: there is no {PEERS}; tests/benchmarks/peers/__main__.py says how to make it"
        )
        return
    with serving("Running") as address:
        yield turns(address, *ROUNDS[size])


if __name__ == "__main__":
    main(measure)
