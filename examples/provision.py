"""Create an instance and wait until DDS has created it.

    python examples/provision.py

If DDSWAIT_ENDPOINT is not set, the program starts a simulated DDS on this machine.
"""

import asyncio
import os
import sys
from contextlib import AsyncExitStack

import aiohttp

import ddswait
from ddswait.simulator import Simulator


async def create_instance(endpoint: str, project_id: str, token: str, name: str) -> str:
    """Order an instance and return the ID of the job that creates it."""
    url = f"{endpoint}/v3/{project_id}/instances"
    async with (
        aiohttp.ClientSession(headers={"X-Auth-Token": token}) as session,
        session.post(url, json={"name": name, "mode": "ReplicaSet"}) as response,
    ):
        reply = await response.json()
    return str(reply["job_id"])


async def main() -> int:
    """Provision one instance."""
    async with AsyncExitStack() as stack:
        if "DDSWAIT_ENDPOINT" in os.environ:
            endpoint, project_id = os.environ["DDSWAIT_ENDPOINT"], os.environ["HW_PROJECT_ID"]
            token = os.environ["HW_AUTH_TOKEN"]
        else:
            dds = await stack.enter_async_context(Simulator(speed=300))
            endpoint, project_id, token = dds.endpoint, dds.project_id, dds.token
        waiter = await stack.enter_async_context(
            ddswait.Waiter(
                endpoint=endpoint,
                project_id=project_id,
                auth=ddswait.Token(token),
                interval=1.0,
            )
        )
        job_id = await create_instance(endpoint, project_id, token, "orders")
        try:
            job = await waiter.wait(job_id)
        except ddswait.JobFailed as error:
            print("DDS could not create the instance:", error, file=sys.stderr)
            return 1
        except ddswait.WaitError as error:
            print("the result is unknown:", error, file=sys.stderr)
            return 2
    print(f"{job.instance.name if job.instance else 'the instance'} is ready: {job.name}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
