"""The simulator of the tests of a waiter's life."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from ddswait.simulator import Simulator
from tests.runtime.waiters import own_tasks


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    """Yield a simulator whose jobs are visible at once; no task of ddswait outlives the test."""
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator
        await asyncio.sleep(0)
        assert own_tasks() == []
