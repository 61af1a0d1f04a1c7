"""A pytest fixture that gives each test a simulator of its own. It needs pytest-asyncio.

async def test_provisioning(dds_simulator):
    job_id = dds_simulator.add_job(seconds=600)
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
        # Late, because pytest loads this plugin in every run and aiohttp is slow to import.
        from ddswait.simulator.server import Simulator

        async with Simulator() as simulator:
            yield simulator
