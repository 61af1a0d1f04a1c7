"""`--state FILE`: whatever ends a run, the next one goes on, and nothing is lost."""

import json
import os
import random
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from ddswait.cli.ledger import Ledger
from ddswait.cli.reading import Named
from ddswait.cli.state import State
from ddswait.errors import InputError
from ddswait.job import Job
from ddswait.outcome import Outcome, OutcomeKind
from tests.cli.conftest import Cloud


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
        cloud.command("--state", file, cloud.job(seconds=600)),
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
    ledger = state.ledger([Named(kind.value) for kind in OutcomeKind], 0.0)
    for kind in OutcomeKind:
        job = Job.from_record({"id": kind.value, "status": "Running"})
        ledger.settle(Outcome(kind.value, kind, job, "told", waited=3.5, polls=7), 100.0)
    state.deadline(None, 60.0, 50.0)
    state.save(ledger)
    os.close(state._lock)
    again = State(file)
    restored = again.ledger([], 200.0)
    assert restored.open == ["timed_out", "unreachable", "refused", "pending"]
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
    assert len(Ledger([], 0.0)) == 0


KILL = """
import sys, time
from ddswait.cli.reading import Named
from ddswait.cli.state import State
from ddswait.outcome import Outcome, OutcomeKind
state = State(sys.argv[1])
ledger = state.ledger([Named(f"job-{n}", f"label {n}") for n in range(40)], 1.0)
state.deadline(None, 60.0, 1.0)
state.save(ledger)
print("saved", flush=True)
for job_id in list(ledger.open):
    ledger.settle(Outcome(job_id, OutcomeKind.COMPLETED, None, "done"), 2.0)
    state.save(ledger)
    print(job_id, flush=True)
"""


def test_killed_at_any_moment_nothing_is_lost(cloud: Cloud, tmp_path: Path) -> None:
    """Kill -9 at 200 random moments while it writes: the file is whole, with all it had said."""
    chance = random.Random(1)
    file = tmp_path / "wait.json"
    kills, told = 0, set[str]()
    while kills < 200:
        with subprocess.Popen(
            [cloud.command()[0], "-c", KILL, str(file)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "saved\n"
            time.sleep(chance.uniform(0, 0.004))
            process.send_signal(signal.SIGKILL)
            told |= set(process.stdout.read().split("\n")) - {""}
        kills += 1
        jobs = {each["id"]: each for each in json.loads(file.read_text())["jobs"]}
        assert len(jobs) == 40
        # The last line may be cut in two: only whole IDs count.
        assert all(jobs[each]["outcome"] for each in told if each in jobs)
        assert all(each["label"] == f"label {number}" for number, each in enumerate(jobs.values()))
        if all(each["outcome"] for each in jobs.values()):
            file.unlink()
            told.clear()
