"""ddswait.simulator.first_jobs: the jobs that the program starts with, and what to paste."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest

from ddswait.simulator import Simulator, first_jobs
from ddswait.simulator.__main__ import main
from ddswait.simulator.services import SERVICES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("count", "failing"), [(0, 0), (1, 1), (5, 1), (5, 5), (20, 3)])
async def test_as_many_jobs_start_and_fail_as_were_asked_for(count: int, failing: int) -> None:
    """Each has a name of its own, and they end one after the other, the failing ones early."""
    async with Simulator(job_seconds=100.0) as world:
        jobs = first_jobs.start(world, count, failing)
        plans = [world.plans[job_id] for job_id in jobs.values()]
    assert len(jobs) == count
    assert [plan.instance_name for plan in plans] == list(jobs)
    assert Counter(bool(plan.fail_reason) for plan in plans)[True] == failing
    assert [plan.seconds for plan in plans] == sorted({plan.seconds for plan in plans})
    assert all(100.0 <= plan.seconds < 200.0 for plan in plans)
    if count > failing:
        assert plans[0].fail_reason is None


@pytest.mark.parametrize("fail", ["-1", "3"])
def test_more_failures_than_jobs_are_refused(fail: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message quotes the number, and says which one can be used."""
    with pytest.raises(SystemExit) as ended:
        main(["--jobs", "2", f"--fail={fail}"])
    assert ended.value.code == 2
    expected = f"--fail {fail}: use a number from 0 to that of --jobs"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("service", SERVICES)
async def test_lines_belong_to_the_service(service: str) -> None:
    """They name it, its endpoint and its jobs."""
    out, notes = StringIO(), StringIO()
    async with Simulator(service=service) as world:
        jobs = first_jobs.start(world, 2, 1)
        first_jobs.show(world, 1.0, jobs, out, notes)
    settings = dict(shlex.split(line)[1].split("=", 1) for line in out.getvalue().splitlines()[:-2])
    command, another = out.getvalue().splitlines()[-2:]
    path = "" if service == "dds" else f"/{service}"
    assert settings["DDSWAIT_ENDPOINT"] == f"{world.address}{path}" == world.endpoint_of(service)
    assert settings["DDSWAIT_SERVICE"] == service
    assert command.split() == ["ddswait", *(f"{name}={job_id}" for name, job_id in jobs.items())]
    assert f"{world.endpoint}/_simulator/jobs" in another
    assert {plan.service for plan in world.plans.values()} == {service}


@pytest.mark.parametrize("count", [0, 1])
def test_lines_for_all_services_need_no_job_of_each(count: int) -> None:
    """`--service all` names the endpoint of each; otherwise `--check --service all` would fail."""
    options = ("--service", "all", "--jobs", str(count))
    program = [sys.executable, "-m", "ddswait.simulator", *options]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        printed = ""
        while "curl" not in printed and (line := simulator.stdout.readline()):
            printed += line
        simulator.send_signal(signal.SIGINT)
    assert simulator.returncode == 0
    for service in SERVICES:
        path = "" if service == "dds" else f"/{service}"
        exported = rf"export HUAWEICLOUD_SDK_REGION_\w+=http://[0-9.:]+{path}\n"
        assert len(re.findall(exported, printed)) == 1, service
    for variable in ("DDSWAIT_ENDPOINT", "DDSWAIT_SERVICE"):
        assert f"export {variable}=''\n" in printed
    assert printed.count("orders=dds:") == count


@pytest.mark.real_time  # another process keeps its own time
@pytest.mark.parametrize("service", [*SERVICES, "all"])
async def test_lines_that_are_printed_can_be_pasted(tmp_path: Path, service: str) -> None:
    """A shell that runs them waits for the jobs, one of which fails, and for another one.

    Those of an earlier simulator may have been pasted there before.
    """
    simulator = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ddswait.simulator", "--jobs", "6", "--fail", "1", "--speed", "6000"),
        *("--service", service),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert simulator.stdout is not None
    assert simulator.stderr is not None
    settings = 5 + len(SERVICES) if service == "all" else 4
    gone = "http://127.0.0.1:9"
    lines = [(await simulator.stdout.readline()).decode() for _ in range(settings + 2)]
    command = tmp_path / "ddswait"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m ddswait "$@"\n')
    command.chmod(0o755)
    script = f"{''.join(lines[:-1])}echo code=$?\n{lines[-1]}echo code=$?\n"
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "no_proxy": "*",
            "DDSWAIT_ENDPOINT": gone,
            "DDSWAIT_SERVICE": "rds" if service != "rds" else "ddm",
            "HW_REGION_NAME": "simulated-1",
            **{
                f"HUAWEICLOUD_SDK_REGION_{(api.sdk or name).upper()}_SIMULATED_1": gone
                for name, api in SERVICES.items()
            },
        },
    )
    printed, _ = await shell.communicate()
    simulator.send_signal(signal.SIGINT)
    notes = (await simulator.stderr.read()).decode()
    assert await simulator.wait() == 0
    text = printed.decode()
    reason = "Insufficient quota of volumes in az2."
    assert ("the service gave no reason" if service == "ddm" else reason) in text
    assert [line for line in text.splitlines() if line.startswith("code=")] == ["code=1", "code=0"]
    assert "orders" in text
    assert notes.startswith("Paste these lines into a second terminal:\n")
    assert "This line creates another job and waits for it:" in notes
