"""ddswait.runtime.exception_handler: what an application's code raises is reported by its loop."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import ddswait
from ddswait.runtime.exception_handler import report_error
from ddswait.simulator import Simulator
from tests.runtime.waiters import waiter

ROOT = Path(__file__).parents[2]


class OddError(BaseException):
    """Not an `Exception`."""


ERRORS = [LookupError, OddError, asyncio.CancelledError, GeneratorExit, StopIteration]


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def callbacks(error: type[BaseException]) -> list[Callable[[ddswait.Outcome], Any]]:
    """Return three that raise: a plain one, one that is awaited, and one in its first step."""

    def plain(_: ddswait.Outcome) -> None:
        raise error

    async def at_once(_: ddswait.Outcome) -> None:
        raise error

    async def later(_: ddswait.Outcome) -> None:
        await asyncio.sleep(1)
        raise error

    return [plain, at_once, later]


@pytest.mark.parametrize("error", [each for each in ERRORS if each is not StopIteration])
async def test_what_a_callback_raises_reaches_the_exception_handler(
    dds: Simulator, error: type[BaseException]
) -> None:
    """Each error once, with its traceback and the job; every wait ends as it would."""
    raised: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    async with waiter(dds) as w:
        job_id = dds.add_job(seconds=10)
        for callback in callbacks(error):
            w.track(job_id, callback=callback, label="orders")
        assert (await w.wait(job_id)).status == "Completed"
    assert [type(each["exception"]) for each in raised] == [error] * 3
    assert all(each["exception"].__traceback__ for each in raised)
    message = f"the callback of orders ({job_id}) raised; no wait is affected"
    assert {each["message"] for each in raised} == {message}


@pytest.mark.parametrize("error", ERRORS)
async def test_handler_that_raises_harms_no_wait(
    dds: Simulator, error: type[BaseException]
) -> None:
    """The application's exception handler is its own code too."""

    def handler(*_: object) -> None:
        raise error

    def hook(_: object) -> None:
        raise LookupError

    asyncio.get_running_loop().set_exception_handler(handler)
    async with waiter(dds, on_event=hook) as w:
        job_id = dds.add_job(seconds=10)
        for callback in callbacks(LookupError):
            w.track(job_id, callback=callback)
        assert (await w.wait(job_id)).status == "Completed"


async def test_logging_of_asyncio_that_raises_harms_no_wait(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a handler asyncio logs the error, and a filter of its logger may raise."""

    def raising(record: logging.LogRecord) -> bool:
        raise OddError

    def hook(_: object) -> None:
        raise LookupError

    monkeypatch.setattr(logging.getLogger("asyncio"), "filters", [raising])
    report_error("a callback raised", LookupError())
    async with waiter(dds, on_event=hook) as w:
        assert (await w.wait(dds.add_job(seconds=10))).status == "Completed"


def test_without_an_event_loop_nothing_is_raised() -> None:
    """A log line may be written after the loop was closed."""
    report_error("nobody hears it", LookupError())


LOUD = """
import ddswait
from ddswait import virtual_time
from ddswait.simulator import Simulator

def callback(outcome):
    raise LookupError("in the callback")

def hook(event):
    if type(event).__name__ == "Visible":
        raise LookupError("in the hook")

async def main():
    async with Simulator() as dds, ddswait.Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token),
        on_event=hook,
    ) as waiter:
        waiter.track(dds.add_job(), callback=callback)

virtual_time.run(main())
"""


def test_errors_are_loud_by_default() -> None:
    """A program that configures nothing prints the traceback of each, and goes on."""
    done = subprocess.run(
        [sys.executable, "-c", LOUD], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "LookupError: in the callback" in done.stderr
    assert "LookupError: in the hook" in done.stderr
    assert done.stderr.count("Traceback") == 2
