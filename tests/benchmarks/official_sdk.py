"""CPU per poll, against the official SDK's synchronous client.

    python -m tests.benchmarks.official_sdk --sdk-python PATH [--quick]

The SDK pins other packages exactly, so it wants an environment of its own:
`python3 -m venv sdk && sdk/bin/pip install huaweicloudsdkdds`, then `--sdk-python sdk/bin/python`.
Without it there is nothing to measure, and this says so.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from unittest.mock import patch

import ddswait
from ddswait.scheduler import poll_interval
from tests.benchmarks.poll_cpu import Counting, ours
from tests.benchmarks.server import serving
from tests.benchmarks.table import row

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


def measure(base: str, sdk_python: str, rounds: int, polls: int) -> None:
    ratios = []
    for _ in range(rounds):
        mine = asyncio.run(own(base, polls))
        done = subprocess.run(
            [sdk_python, "-c", SDK, base, str(polls)], capture_output=True, text=True, check=True
        )
        ratios.append(mine / float(done.stdout))
    row("CPU per poll / official SDK's synchronous client", ratios, "<= 0.20")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sdk-python")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    if chosen.sdk_python is None:
        print("no ratio: give --sdk-python; this file's first lines say how to make one")
        sys.exit(0)
    with serving("Running") as address:
        measure(address, chosen.sdk_python, *((1, 50) if chosen.quick else (7, 1000)))
