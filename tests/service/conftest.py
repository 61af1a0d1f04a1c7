"""What the tests of the services share."""

import pytest

from ddswait.service import adapter


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Let each test make its requests anew: what an earlier one has made says nothing."""
    adapter._request_of_job.cache_clear()
