"""`--state FILE`: whatever ends a run, the next one goes on, and nothing is lost."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ddswait.cli.inputs import Named
from ddswait.cli.job_table import JobTable
from ddswait.cli.state import State
from ddswait.errors import InputError
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.service.dds import SERVICE
from tests.cloud_process import Cloud


def kinds(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.split("\t")[1] for line in done.stdout.splitlines()]


def test_ended_jobs_are_not_asked_about_again(cloud: Cloud, tmp_path: Path) -> None:
    """A second run shows them from the file; labels and records are there."""
    file = str(tmp_path / "wait.json")
    good, bad = cloud.job(instance_name="stock"), cloud.job(fails="no quota")
    first = cloud.run("--state", file, f"mine={good}", bad)
    before = cloud.stats()["statuses"]
    again = cloud.run("--state", file)
    assert cloud.stats()["statuses"] == before
    assert (first.returncode, again.returncode) == (1, 1)
    assert sorted(kinds(again)) == ["completed", "failed"]
    assert "mine" in again.stdout
    assert "no quota" in again.stderr


def test_file_is_private_and_holds_no_secret(cloud: Cloud, tmp_path: Path) -> None:
    """Mode 600, and no token in it."""
    file = tmp_path / "wait.json"
    cloud.run("--state", str(file), cloud.job())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "simulated-token" not in file.read_text()


def test_first_deadline_holds(cloud: Cloud, tmp_path: Path) -> None:
    """Run again before it: the same deadline. After it: a last look, unless a timeout is given."""
    file = tmp_path / "wait.json"
    job_id = cloud.job(seconds=5)
    with subprocess.Popen(
        cloud.command("--state", str(file), "--timeout", "3", job_id),
        env=cloud.env,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "Running" not in process.stderr.readline():
            pass
        process.terminate()
        told = process.communicate()[1]
    assert process.returncode == 143
    assert f"--state {file}" in told
    deadline = json.loads(file.read_text())["deadline"]
    done = cloud.run("--state", str(file), "--timeout", "600")
    assert done.returncode == 124
    assert json.loads(file.read_text())["deadline"] == deadline
    late = cloud.run("--state", str(file))
    assert late.returncode in {0, 124}
    longer = cloud.run("--state", str(file), "--timeout", "600")
    assert (longer.returncode, kinds(longer)) == (0, ["completed"])


def test_second_process_is_kept_away(cloud: Cloud, tmp_path: Path) -> None:
    """Two on one file: the second says so at once, exit code 2."""
    file = str(tmp_path / "wait.json")
    with subprocess.Popen(
        cloud.command("--state", file, "--timeout", "20", cloud.job(seconds=600)),
        env=cloud.env,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        second = cloud.run("--state", file)
        process.kill()
    assert (second.returncode, "in use by another process" in second.stderr) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"form": "other"}',
        '{"form": "ddswait state, version 1", "jobs": [7]}',
        '{"form": "ddswait state, version 1", "deadline": NaN, "jobs": []}',
        '{"form": "ddswait state, version 1", "deadline": 1e400, "jobs": []}',
        (
            '{"form": "ddswait state, version 1", "deadline": 1, "jobs": [{"id": "x", "label": "", '
            '"record": null, "outcome": {"kind": "failed", "message": "", "waited": 1, '
            '"polls": 1e400, "ready": false}}]}'
        ),
        "\x80",
    ],
)
def test_damaged_file_is_told_and_kept(cloud: Cloud, text: str, tmp_path: Path) -> None:
    """It may be what somebody needs: nothing is overwritten."""
    file = tmp_path / "wait.json"
    file.write_bytes(text.encode("latin-1"))
    done = cloud.run("--state", str(file), cloud.job())
    assert done.returncode == 2
    assert "remove it to begin anew" in done.stderr
    assert file.read_bytes() == text.encode("latin-1")


def test_readiness_is_asked_about_again(cloud: Cloud, tmp_path: Path) -> None:
    """What completed without `--ready`, and what was not ready, is open to a run with it."""
    file = str(tmp_path / "wait.json")
    first = cloud.job(instance_id="i1in02")
    assert cloud.run("--state", file, "--timeout", "1.5", first).returncode == 0
    cloud.job(seconds=6, instance_id="i1in02")
    busy = cloud.run("--state", file, "--ready", "--timeout", "2")
    assert (busy.returncode, kinds(busy)) == (6, ["not_ready"])
    assert busy.stderr.rstrip().endswith(f"--timeout 2 --interval 0.2 --ready --state {file}")
    idle = cloud.run("--state", file, "--ready", "--timeout", "60")
    assert (idle.returncode, kinds(idle)) == (0, ["completed"])
    before = cloud.stats()["statuses"]
    assert cloud.run("--state", file).returncode == 0
    assert cloud.stats()["statuses"] == before


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_only_regular_files_serve(cloud: Cloud, device: str) -> None:
    """A device is neither read without end nor replaced."""
    done = cloud.run("--state", device, cloud.job())
    assert (done.returncode, "no regular file" in done.stderr) == (2, True)
    assert Path(device).is_char_device()


def test_symbolic_link_stays(cloud: Cloud, tmp_path: Path) -> None:
    """The file that it points to is written, and locked under all its names."""
    (tmp_path / "volume").mkdir()
    real, link = tmp_path / "volume" / "wait.json", tmp_path / "wait.json"
    link.symlink_to(real)
    assert cloud.run("--state", str(link), cloud.job()).returncode == 0
    assert link.is_symlink()
    assert kinds(cloud.run("--state", str(real))) == ["completed"]


def test_label_of_the_file_stands_for_one_job(cloud: Cloud, tmp_path: Path) -> None:
    """A new job cannot take it; the same job can be renamed."""
    file, job_id = str(tmp_path / "wait.json"), cloud.job()
    cloud.run("--state", file, f"c={job_id}")
    done = cloud.run("--state", file, f"c={cloud.job()}")
    assert (done.returncode, "stands for two jobs" in done.stderr) == (2, True)
    assert cloud.run("--state", file, f"d={job_id}").stdout.endswith("\td\n")


def test_new_jobs_join_the_file(cloud: Cloud, tmp_path: Path) -> None:
    """IDs given with a file that exists are waited for together with those in it."""
    file = str(tmp_path / "wait.json")
    cloud.run("--state", file, cloud.job())
    both = cloud.run("--state", file, cloud.job())
    assert (both.returncode, kinds(both)) == (0, ["completed", "completed"])


def test_what_another_run_may_change_is_waited_for_again(tmp_path: Path) -> None:
    """Completed and failed stay; timed out, unreachable and refused are asked about again."""
    file = str(tmp_path / "wait.json")
    state = State(file)
    table = state.table([Named(kind.value) for kind in OutcomeKind], 0.0)
    for kind in OutcomeKind:
        job = SERVICE.read_record({"id": kind.value, "status": "Running"})
        table.settle(Outcome(kind.value, kind, job, "told", waited=3.5, polls=7), 100.0)
    state.deadline(None, 60.0, 50.0)
    state.save(table)
    os.close(state._lock)
    again = State(file)
    restored = again.table([], 200.0)
    assert restored.open == ["timed_out", "unreachable", "refused", "not_ready", "pending"]
    done = restored["completed"]
    assert done.outcome == Outcome(
        "completed", OutcomeKind.COMPLETED, done.job, "told", waited=3.5, polls=7
    )
    assert again.deadline(None, 60.0, 105.0) == 110.0
    assert again.deadline(30.0, 60.0, 120.0) == 150.0
    assert again.deadline(None, 60.0, 120.0) == 110.0
    os.close(again._lock)
    with pytest.raises(InputError, match="cannot be written"):
        State(str(tmp_path / "none" / "wait.json"))
    assert len(JobTable([], 0.0)) == 0


SERVER = """
import os, sys
import aiohttp, asyncio, yarl
from ddswait.cli.main import main
from ddswait.cli.commands import wait as run
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        os.dup2(2, 1)
        os._exit(main(line.split()))
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


def test_killed_at_any_moment_nothing_is_lost(cloud: Cloud, tmp_path: Path) -> None:
    """Kill -9 the command at 200 random moments: the file is whole each time, and goes on.

    The command is forked off a process that has loaded everything, so that moments of work are
    hit and not those of starting Python.
    """
    chance = random.Random(1)
    file = tmp_path / "wait.json"
    jobs = {cloud.job(seconds=chance.uniform(0.1, 25)): f"job-{number}" for number in range(30)}
    bad = cloud.job(seconds=5, fails="no quota")
    jobs[bad] = "bad"
    jobs[slow := cloud.job(seconds=3600)] = "slow"
    options = ["--state", str(file), "--interval", "0.2s", "--rate", "300/s", "--timeout", "10m"]
    line = " ".join([*options, *(f"{label}={job_id}" for job_id, label in jobs.items())])
    known: dict[str, dict[str, object]] = {}
    deadline, killed = None, 0
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env=cloud.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for _ in range(200):
            server.stdin.write(line + "\n")
            child = int(server.stdout.readline())
            time.sleep(chance.uniform(0, 0.25))  # real time, in which the other process works
            os.kill(child, signal.SIGKILL)
            killed += 1
            assert server.stdout.readline() == "gone\n"
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
            if killed == 20:
                line = " ".join(options)  # the file alone is enough
        server.stdin.close()
    assert any(each["outcome"] for each in known.values())
    last = cloud.run("--rate", "300/s", "--state", str(file), "--wait-for", "30")
    assert last.returncode == 0
    ended = {line.split("\t")[0]: line.split("\t")[1] for line in last.stdout.splitlines()}
    assert ended.pop(bad) in {"failed", "pending"}  # thirty may be met before it is looked at
    assert ended.pop(slow) == "pending"
    assert ended == {job_id: "completed" for job_id in jobs if job_id not in {bad, slow}}
    assert {each.name for each in tmp_path.iterdir()} == {"wait.json", ".wait.json.lock"}
