"""Competitors that wait in one event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import backoff
import tenacity

import ddswait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.benchmarks.peers.competitor import Cloud, Wait

    Ask = Callable[[str], Awaitable[str]]
    Run = Callable[[Wait], None]

LONGEST = 10.0  # seconds between two polls, as ddswait's interval


def own(cloud: Cloud) -> Run:
    """Wait with ddswait and its defaults."""

    async def main(wait: Wait) -> None:
        async with ddswait.Waiter(
            endpoint=cloud.endpoint, project_id=cloud.project, auth=ddswait.Token(cloud.token)
        ) as waiter:

            async def one(job_id: str) -> None:
                await waiter.wait(job_id)
                wait.saw(job_id)

            await bounded(wait, one)

    return lambda wait: asyncio.run(main(wait))


async def bounded(wait: Wait, one: Callable[[str], Awaitable[None]]) -> None:
    """Wait for all jobs, each in a task of its own, as long as there is time."""
    tasks = [asyncio.ensure_future(one(job_id)) for job_id in wait.ids]
    done, pending = await asyncio.wait(tasks, timeout=wait.left())
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()  # a benchmark that loses jobs is void


def over_aiohttp(cloud: Cloud, loop: Callable[[Ask, str], Awaitable[Any]]) -> Run:
    """Wait with `loop` for each job, in a session with aiohttp's defaults."""

    async def main(wait: Wait) -> None:
        url = f"{cloud.endpoint}/v3/{cloud.project}/jobs"
        async with aiohttp.ClientSession(headers={"X-Auth-Token": cloud.token}) as session:

            async def ask(job_id: str) -> str:
                async with session.get(url, params={"id": job_id}) as response:
                    if response.status == 429:
                        return "Running"  # for all that is known
                    response.raise_for_status()
                    return str((await response.json())["job"]["status"])

            async def one(job_id: str) -> None:
                await loop(ask, job_id)
                wait.saw(job_id)

            await bounded(wait, one)

    return lambda wait: asyncio.run(main(wait))


def with_backoff(cloud: Cloud) -> Run:
    """backoff.on_predicate: doubled delays of at most 10 s, with its full jitter."""

    async def loop(ask: Ask, job_id: str) -> None:
        await backoff.on_predicate(
            backoff.expo, lambda status: status == "Running", max_value=LONGEST, logger=None
        )(ask)(job_id)

    return over_aiohttp(cloud, loop)


def with_tenacity(cloud: Cloud) -> Run:
    """tenacity.AsyncRetrying: doubled delays of at most 10 s, without jitter."""

    async def loop(ask: Ask, job_id: str) -> None:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_result(lambda status: status == "Running"),
            wait=tenacity.wait_exponential(max=LONGEST),
        )
        await retrying(ask, job_id)

    return over_aiohttp(cloud, loop)


def terraform(cloud: Cloud) -> Run:
    """The schedule of the Terraform provider: StateChangeConf with a PollInterval of 10 s.

    Source: huaweicloud/services/dds/resource_huaweicloud_dds_instance_restart.go; other resources
    begin with a Delay of 10 to 120 s. The first poll is sent at once.
    """

    async def loop(ask: Ask, job_id: str) -> None:
        while await ask(job_id) == "Running":  # noqa: ASYNC110 - this is the schedule
            await asyncio.sleep(10.0)

    return over_aiohttp(cloud, loop)
