"""A process that runs out of file descriptors: every wait ends as it would, later."""

import subprocess
import sys

PROGRAM = """
import asyncio, resource, socket
import ddswait
from ddswait import virtual_time
from ddswait.simulator import Simulator

async def main():
    async with Simulator(visible_after=0.0) as dds:
        waiter = ddswait.Waiter(
            endpoint=dds.endpoint,
            project_id=dds.project_id,
            auth=ddswait.Token(dds.token),
            rate="1000/s",
            timeout=60,
        )
        async with waiter as w:
            futures = [w.track(dds.add_job(seconds=20)) for _ in range(100)]
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            spare = socket.socket()
            resource.setrlimit(resource.RLIMIT_NOFILE, (spare.fileno(), hard))
            spare.close()
            await asyncio.sleep(3)
            print([future.done() for future in futures].count(True))
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            outcomes = await asyncio.gather(*futures)
            print({job.status for job in outcomes})
            late = [w.track(dds.add_job(), timeout=30) for _ in range(100)]
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            began = asyncio.get_running_loop().time()
            await asyncio.wait(late)
            print(asyncio.get_running_loop().time() - began <= 33)
            print({type(each.exception()).__name__ for each in late})
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

virtual_time.run(main())
"""


def test_exhausted_file_descriptors_are_a_transient_failure() -> None:
    """Without free descriptors for a while jobs complete all the same; deadlines always hold."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0", "{'Completed'}", "True", "{'WaitTimedOut'}"]
