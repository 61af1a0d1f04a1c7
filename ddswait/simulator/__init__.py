"""A simulated DDS, and its sibling services, over real HTTP, for tests, demos and experiments.

It imports nothing of the client, so it cannot share the client's misunderstandings.

    async with Simulator(job_seconds=600) as dds:
        job_id = dds.add_job(seconds=90)
        ...  # point a client at dds.endpoint, dds.project_id, dds.token

Under `ddswait.virtual_time` an hour of jobs passes in milliseconds. `python -m ddswait.simulator`
runs a simulator in a process of its own, which tests control over HTTP; see `control`. What goes
wrong in real life happens on request; see `Simulator.inject`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.simulator.dialect import Dialect as Dialect
    from ddswait.simulator.faults import Fault as Fault
    from ddswait.simulator.server import Simulator as Simulator

__all__ = ["Dialect", "Fault", "Simulator"]


def __getattr__(name: str) -> object:
    # Late, because pytest loads this package with its fixture in every run and aiohttp is slow.
    if name == "Simulator":
        from ddswait.simulator.server import Simulator

        return Simulator
    if name == "Dialect":
        from ddswait.simulator.dialect import Dialect

        return Dialect
    if name == "Fault":
        from ddswait.simulator.faults import Fault

        return Fault
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
