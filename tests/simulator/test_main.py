"""`python -m ddswait.simulator`: the simulator in a process of its own."""

import asyncio
import signal
import socket
import sys

import aiohttp
import pytest

from ddswait.simulator.__main__ import main


@pytest.mark.real_time  # another process keeps its own time
async def test_program_serves_until_a_signal() -> None:
    """It prints its settings, replies to requests, and ends cleanly on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ddswait.simulator", "--missing-instance", "400"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode().split() for _ in range(4)]
    settings = dict(line[1].split("=", 1) for line in lines)
    assert settings.keys() == {
        *("DDSWAIT_ENDPOINT", "DDSWAIT_SERVICE", "HW_PROJECT_ID", "HW_AUTH_TOKEN")
    }
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{settings['DDSWAIT_ENDPOINT']}/_simulator/stats") as response,
    ):
        assert response.status == 200
        url = f"{settings['DDSWAIT_ENDPOINT']}/v3/{settings['HW_PROJECT_ID']}/instances?id=i"
        token = {"X-Auth-Token": settings["HW_AUTH_TOKEN"]}
        async with session.get(url, headers=token) as missing:
            assert missing.status == 400
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


def test_address_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that cannot be listened on is an exit code of 2 and a message, no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    assert capsys.readouterr().err.startswith(f"cannot listen on 127.0.0.1:{port}: ")


def test_help_names_every_option_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    """The help describes each option."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for option in (
        *("--host", "--port", "--speed", "--job-seconds", "--visible-after"),
        *("--service", "http://HOST:PORT/rds", "http://HOST:PORT/ddm"),
        *("--missing-instance", "--backup-seconds", "--jobs", "--fail"),
    ):
        assert option in shown
    assert "how long a job runs, in simulated seconds (default: 600.0)" in shown
