"""A waiter and the simulated services: neither knows how the other is written."""

import asyncio

import pytest

import ddswait
from ddswait.service import NAMES
from ddswait.simulator import Simulator
from ddswait.simulator.services import SERVICES


def waiter(cloud: Simulator, service: str) -> ddswait.Waiter:
    return ddswait.Waiter(
        endpoint=cloud.endpoint_of(service),
        project_id=cloud.project_id,
        auth=ddswait.Token(cloud.token),
        service=service,
    )


def test_simulator_serves_every_service() -> None:
    """The client knows no service that cannot be simulated."""
    assert set(NAMES) == set(SERVICES)


@pytest.mark.parametrize("service", NAMES)
async def test_job_is_waited_for_until_its_instance_is_ready(service: str) -> None:
    """From an ID that is unknown at first to an instance that can be used."""
    async with Simulator(service=service) as cloud, waiter(cloud, service) as w:
        job_id = cloud.add_job(seconds=600, instance_name="mine")
        job = await w.wait(job_id, ready=True)
        assert (job.id, job.status, job.name) == (job_id, "Completed", SERVICES[service].creation)
        assert job.instance is not None
        assert job.instance.name == "mine"
        instance = cloud.instance(job.instance.id)
        assert instance is not None
        assert (instance.status, instance.actions) == ("normal", [])


@pytest.mark.parametrize("service", NAMES)
async def test_failure_has_its_reason_where_the_service_has_one(service: str) -> None:
    """The record of one job in DDM has none."""
    async with Simulator(service=service) as cloud, waiter(cloud, service) as w:
        with pytest.raises(ddswait.JobFailed) as failed:
            await w.wait(cloud.add_job(seconds=60, fails="disk full"))
    assert ("disk full" in str(failed.value)) == (service != "ddm")


@pytest.mark.parametrize("service", NAMES)
async def test_many_jobs_of_a_service_are_waited_for(service: str) -> None:
    """The service refuses none of the client's lists."""
    async with Simulator(service=service) as cloud, waiter(cloud, service) as w:
        jobs = [cloud.add_job(seconds=60.0 + number) for number in range(30)]
        outcomes = await w.wait_all(jobs)
        lists = [each.status for each in cloud.requests if each.job_id is None]
    assert {outcome.kind for outcome in outcomes} == {ddswait.OutcomeKind.COMPLETED}
    assert lists
    assert set(lists) == {200}


async def test_one_cloud_serves_waiters_of_two_services() -> None:
    """Each waits at its own address; the jobs of the other are unknown there."""
    async with Simulator() as cloud, waiter(cloud, "dds") as dds, waiter(cloud, "rds") as rds:
        jobs = [cloud.add_job(service=name) for name in ("dds", "rds")]
        done = await asyncio.gather(dds.wait(jobs[0]), rds.wait(jobs[1]))
        assert [job.id for job in done] == jobs
        with pytest.raises(ddswait.JobNotFound):
            await dds.wait(jobs[1])
