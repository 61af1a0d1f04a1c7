"""What the tests of the scheduler share."""

import pytest

from ddswait.scheduler import poll_interval


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Let each test work intervals out anew: what an earlier one has worked out says nothing."""
    poll_interval._remembered.cache_clear()
    poll_interval._remembered_waiting_time.cache_clear()
