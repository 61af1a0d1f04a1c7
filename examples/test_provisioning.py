"""Test your own provisioning code with the real client, a simulated cloud and no waiting.

python -m pytest examples/test_provisioning.py
"""

import asyncio

import ddswait
from ddswait import virtual_time
from ddswait.simulator import Simulator


async def restart_with_retry(waiter: ddswait.Waiter, dds: Simulator) -> ddswait.Job:
    """Restart the instance, and once more if that fails. This stands for the code under test."""
    try:
        return await waiter.wait(dds.add_job(name="Restart", seconds=300, fails="node is busy"))
    except ddswait.JobFailed:
        await asyncio.sleep(60)
        return await waiter.wait(dds.add_job(name="Restart", seconds=300))


async def scenario() -> tuple[ddswait.Job, float]:
    """Run the code under test against a cloud that throttles its requests."""
    async with (
        Simulator() as dds,
        ddswait.Waiter(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token)
        ) as waiter,
    ):
        dds.inject("throttle", count=3)
        job = await restart_with_retry(waiter, dds)
        return job, asyncio.get_running_loop().time()


def test_failed_restart_is_tried_again() -> None:
    """A failed restart is repeated after a minute; the eleven minutes take milliseconds."""
    job, seconds = virtual_time.run(scenario())
    assert job.status == "Completed"  # noqa: S101
    assert 660 <= seconds <= 700  # noqa: PLR2004, S101
