"""A pytest fixture: a simulated DDS for each test that asks for one.

    async def test_provisioning(dds_simulator):
        job_id = dds_simulator.add_job(seconds=600)

pytest loads this module in every run, so it imports nothing heavy. It needs pytest-asyncio.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ddswait.simulator.server import Simulator

if importlib.util.find_spec("pytest_asyncio"):
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def dds_simulator() -> AsyncIterator[Simulator]:
        """A simulator on loopback, in the event loop of the test."""
        from ddswait.simulator.server import Simulator

        async with Simulator() as simulator:
            yield simulator
