from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from ddswait.simulator import Simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(epoch=datetime(2026, 1, 1, tzinfo=UTC)) as simulator:
        yield simulator
