"""Pytest fixtures that give each test a simulator of its own.

    async def test_an_hour_of_jobs(virtual_dds_simulator):
        job_id = virtual_dds_simulator.add_job(seconds=3600)
        ...  # sleeping takes no time in the event loop of this test

The tests are run by pytest-asyncio or by anyio, whichever runs the test that names a fixture.
`virtual_dds_simulator` runs in virtual time: pytest-asyncio then uses `VirtualTimeLoop` for such a
test by itself. With anyio the test module, or `conftest.py`, chooses the loop:

    @pytest.fixture
    def anyio_backend():
        return "asyncio", {"loop_factory": ddswait.virtual_time.VirtualTimeLoop}
"""

from __future__ import annotations

import importlib.util
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Generator, Mapping

    from ddswait.simulator.server import Simulator

_VIRTUAL = "virtual_dds_simulator"


@pytest.fixture
def dds_simulator(request: pytest.FixtureRequest) -> Simulator:
    """A simulated DDS on loopback, in the event loop of the test."""
    simulator: Simulator = request.getfixturevalue(_fixture_for(request))
    return simulator


@pytest.fixture
def virtual_dds_simulator(request: pytest.FixtureRequest) -> Simulator:
    """A simulated DDS on loopback, in a test that runs in virtual time."""
    simulator: Simulator = request.getfixturevalue(_fixture_for(request))
    return simulator


def _fixture_for(request: pytest.FixtureRequest) -> str:
    """Return the fixture that runs in the event loop of the test."""
    if importlib.util.find_spec("pytest_asyncio"):
        import pytest_asyncio

        if pytest_asyncio.is_async_test(request.node):
            return "_dds_simulator_of_pytest_asyncio"
    if "anyio_backend" in request.fixturenames:
        return "_dds_simulator_of_anyio"
    pytest.fail(
        f"{request.fixturename} needs an `async def` test that pytest-asyncio or anyio runs: "
        "install one of them, and mark the test as its documents say",
        pytrace=False,
    )


@asynccontextmanager
async def _running(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    # Late, because pytest loads this plugin in every run and aiohttp is slow to import.
    from ddswait.simulator.server import Simulator

    if _VIRTUAL in request.fixturenames:
        _check_virtual()
    async with Simulator() as simulator:
        yield simulator


def _check_virtual() -> None:
    import asyncio  # late, as above

    from ddswait.virtual_time import VirtualTimeLoop

    if not isinstance(asyncio.get_running_loop(), VirtualTimeLoop):
        pytest.fail(
            f"{_VIRTUAL} needs a test in virtual time: use pytest-asyncio 1.4 or newer; or let the "
            "fixture anyio_backend return ('asyncio', {'loop_factory': "
            "ddswait.virtual_time.VirtualTimeLoop})",
            pytrace=False,
        )


@pytest.fixture
async def _dds_simulator_of_anyio(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    async with _running(request) as simulator:
        yield simulator


if importlib.util.find_spec("pytest_asyncio"):
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def _dds_simulator_of_pytest_asyncio(
        request: pytest.FixtureRequest,
    ) -> AsyncIterator[Simulator]:
        async with _running(request) as simulator:
            yield simulator


class _VirtualTime:
    """The plugin that lets pytest-asyncio run a test in virtual time."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_asyncio_loop_factories(
        self,
    ) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
        from ddswait.virtual_time import VirtualTimeLoop

        return {"virtual": VirtualTimeLoop}


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, Any, Any]:
    """Let a test that names the virtual fixture run in virtual time, and no other."""
    if _VIRTUAL not in metafunc.fixturenames:
        return (yield)
    # Whoever implements the hook chooses the loop of every test. So nobody does meanwhile.
    manager = metafunc.config.pluginmanager
    plugin = _VirtualTime()
    manager.register(plugin)
    try:
        return (yield)
    finally:
        manager.unregister(plugin)
