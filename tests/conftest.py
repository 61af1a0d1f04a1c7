"""Every async test runs in virtual time, unless it is marked `real_time`."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from ddswait.virtual_time import VirtualTimeLoop


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_time: runs on asyncio's own clock, and says why")


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}
