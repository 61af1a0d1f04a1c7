"""`--state FILE` of a process that is killed."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.in_process import RealCommand
from tests.cloud_process import Cloud

FORKING = """
import os, signal, sys
import aiohttp, asyncio, yarl
from ddswait import Waiter
from ddswait.cli import resume, run, target
from ddswait.cli.commands import wait
from ddswait.cli.main import main
from ddswait.service import dds

MOMENTS = ("open", "os.remove", "os.rename", "fcntl.flock", "socket.connect")

def kill_at(moment):
    def count(event, arguments):
        nonlocal moment
        if event in MOMENTS:
            moment -= 1
            if moment == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)

for line in sys.stdin:
    moment, *arguments = line.split()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        os.dup2(2, 1)
        kill_at(int(moment))
        os._exit(main(arguments))
    _, status = os.waitpid(child, 0)
    print(status, flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost(
    cloud: Cloud, command: RealCommand, tmp_path: Path
) -> None:
    """Kill -9 the command at each of 50 moments, and at 60 random ones: the file is whole.

    A moment is when it opens, locks, renames or removes a file, or connects. The command is forked
    off a process that has imported everything, so that only moments of work count.
    """
    chance = random.Random(1)
    file = tmp_path / "wait.json"
    jobs = {cloud.held_job(): f"job-{number}" for number in range(31)}
    slow, *good, bad = jobs
    to_end = [*good, bad]
    options = ["--state", str(file), "--interval", "0.2s", "--rate", "300/s", "--timeout", "10m"]
    line = " ".join([*options, *(f"{label}={job_id}" for job_id, label in jobs.items())])
    known: dict[str, dict[str, object]] = {}
    deadline = None
    with subprocess.Popen(
        [sys.executable, "-c", FORKING],
        env=cloud.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number, moment in enumerate([*range(1, 51), *chance.choices(range(1, 40), k=60)]):
            process.stdin.write(f"{moment} {line}\n")
            assert int(process.stdout.readline()) == signal.SIGKILL
            if to_end and number % 3 == 2:
                ended = to_end.pop()
                cloud.end(ended, fails="no quota" if ended == bad else None)
            if not file.exists():
                assert not known
                continue
            state = json.loads(file.read_text())
            assert deadline in {None, state["deadline"]}
            deadline = state["deadline"]
            now_known = {each["id"]: each for each in state["jobs"]}
            assert {each["id"]: each["label"] for each in state["jobs"]} == jobs
            for job_id, before in known.items():
                after = now_known[job_id]
                assert after["tracked_at"] == before["tracked_at"]
                assert before["outcome"] in (None, after["outcome"])
                assert before["record"] is None or after["record"] is not None
            known = now_known
            if number == 80:
                line = " ".join(options)  # the file alone is enough
        process.stdin.close()
    assert any(each["outcome"] for each in known.values())
    cloud.end(slow)
    last = command("--rate", "300/s", "--state", str(file))
    assert last.code == 1
    outcomes = {line.split("\t")[0]: line.split("\t")[1] for line in last.stdout.splitlines()}
    assert outcomes == {**dict.fromkeys([slow, *good], "completed"), bad: "failed"}
    assert {each.name for each in tmp_path.iterdir()} == {"wait.json", ".wait.json.lock"}
