"""The command line in this process, for tests in which a process of its own is not the point.

`run`, or the fixture `command`, calls `main` as it is, in real time, against `cloud`.
`run_virtually`, or the fixture `ddswait`, runs the same parts in the event loop of the test, in
virtual time, against the simulator `dds` in the same loop.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol
from unittest.mock import patch

import pytest
import pytest_asyncio

from ddswait.cli import inputs
from ddswait.cli.arguments import parse
from ddswait.cli.commands import wait
from ddswait.cli.main import main
from ddswait.cli.services import chosen_service
from ddswait.simulator import Simulator
from tests.cloud_process import TOKEN, Cloud

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

_DROPPED = ("HW_", "OS_", "HUAWEICLOUD_", "DDSWAIT_", "GITHUB_", "GITLAB_", "TF_BUILD")


class Done(NamedTuple):
    """What a run left: its exit code and its output."""

    code: int
    stdout: str
    stderr: str


def run(
    cloud: Cloud,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
    text: str | bytes = "",
    **env: str,
) -> Done:
    capsys.readouterr()
    with _surroundings({**cloud.env, **env}, text):
        try:
            code = main(["--interval", "0.2s", *arguments])
        except SystemExit as ended:
            code = int(str(ended.code))
    return _done(code, capsys)


async def run_virtually(
    dds: Simulator,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
    text: str | bytes = "",
    **env: str,
) -> Done:
    capsys.readouterr()
    settings = {
        "DDSWAIT_ENDPOINT": dds.endpoint,
        "DDSWAIT_METADATA": "off",
        "HW_PROJECT_ID": dds.project_id,
        "HW_AUTH_TOKEN": dds.token,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    with _surroundings({**kept, **settings, **env}, text):
        given = parse(arguments)
        service = chosen_service(given, os.environ)
        jobs = inputs.jobs(
            given.job_ids,
            sys.stdin,
            sys.stderr,
            instances=given.instance,
            ready=given.ready,
            service=service,
        )
        this, waiters = wait.prepare(jobs, given, service, asyncio.get_running_loop().time)
        code = this.finish(await this.gate.wait(waiters))
    return _done(code, capsys)


@contextmanager
def _surroundings(env: Mapping[str, str], text: str | bytes) -> Iterator[None]:
    data = text.encode() if isinstance(text, str) else text
    logger = logging.getLogger("ddswait")
    with (
        patch.dict(os.environ, env, clear=True),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(data))),
        # --verbose configures logging, for a stream that is closed when the test is over.
        patch.multiple(logger, handlers=[*logger.handlers], propagate=logger.propagate),
    ):
        level = logger.level
        try:
            yield
        finally:
            logger.setLevel(level)


def _done(code: int, capsys: pytest.CaptureFixture[str]) -> Done:
    done = Done(code, *capsys.readouterr())
    assert TOKEN not in done.stdout + done.stderr
    return done


class Command(Protocol):
    async def __call__(self, *arguments: str, text: str | bytes = "", **env: str) -> Done: ...


class RealCommand(Protocol):
    def __call__(self, *arguments: str, text: str | bytes = "", **env: str) -> Done: ...


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    """A simulator in the event loop of the test, whose jobs are visible at once."""
    async with Simulator(visible_after=0.0, job_seconds=60.0) as simulator:
        yield simulator


@pytest.fixture
def ddswait(dds: Simulator, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in virtual time against `dds`."""
    return partial(run_virtually, dds, capsys)


@pytest.fixture
def command(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> RealCommand:
    """Run `main` in this process, in real time, against `cloud`."""
    return partial(run, cloud, capsys)
