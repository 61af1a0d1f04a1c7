"""ddswait.simulator.pytest_plugin: the fixture."""

from ddswait.simulator import Simulator
from tests.simulator.calls import call, jobs


async def test_fixture_is_a_running_simulator(dds_simulator: Simulator) -> None:
    """The fixture is a simulator that replies."""
    job_id = dds_simulator.add_job(visible_after=0)
    assert (await call(dds_simulator, "GET", jobs(dds_simulator, job_id))).status == 200
