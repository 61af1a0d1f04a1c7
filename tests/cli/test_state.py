"""`--state FILE`: whatever ends a run, the next one resumes it, and nothing is lost."""

import errno
import json
import stat
import time
from pathlib import Path

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.state import State
from ddswait.errors import InputError
from ddswait.job import EarlierWait
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.service import NAMES, service_named
from ddswait.service.dds import SERVICE
from ddswait.simulator import Simulator
from tests.cli.in_process import Command, Done, RealCommand
from tests.cloud_process import Cloud, wait_for_line

SAMPLES = Path(__file__).parents[1] / "samples"


def kinds(done: Done) -> list[str]:
    return [line.split("\t")[1] for line in done.stdout.splitlines()]


async def test_finished_jobs_are_not_polled_again(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """A second run shows them from the file; labels and records are there."""
    file = str(tmp_path / "wait.json")
    good, bad = dds.add_job(instance_name="stock"), dds.add_job(fails="no quota")
    first = await ddswait("--state", file, f"mine={good}", bad)
    before = dds.statuses.copy()
    again = await ddswait("--state", file)
    assert dds.statuses == before
    assert (first.code, again.code) == (1, 1)
    assert sorted(kinds(again)) == ["completed", "failed"]
    assert "mine" in again.stdout
    assert "no quota" in again.stderr


async def test_run_that_resumes_nothing_says_so(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """All jobs have ended, or those that decide the run: one line, without a time limit."""
    state = str(tmp_path / "wait.json")
    jobs = [dds.add_job(seconds=1), dds.add_job(seconds=600)]
    await ddswait("--wait-for", "any", "--state", state, *jobs)
    some = await ddswait("--wait-for", "any", "--state", state)
    assert some.stderr.splitlines()[0] == (
        "[00:00] nothing is left to wait for: 1 of 2 jobs ended in an earlier run, which decides "
        "this one"
    )
    more = await ddswait("--state", state)
    assert "waiting for 1 job (1 ended in an earlier run) at http" in more.stderr
    every = await ddswait("--state", state)
    assert every.code == 0
    assert every.stderr.splitlines()[0] == (
        "[00:00] nothing is left to wait for: 2 jobs ended in an earlier run"
    )


async def test_file_is_private_and_holds_no_secret(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """Mode 600, and no token in it."""
    file = tmp_path / "wait.json"
    await ddswait("--state", str(file), dds.add_job())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "simulated-token" not in file.read_text()


def test_state_survives_a_signal(cloud: Cloud, command: RealCommand, tmp_path: Path) -> None:
    """A terminated run says how to resume it; its deadline still applies in the next one."""
    file = tmp_path / "wait.json"
    job_id = cloud.held_job()
    with cloud.start("--state", str(file), "--timeout", "1h", job_id) as process:
        wait_for_line(process, "Running")
        process.terminate()
        _, err = process.communicate()
    assert process.returncode == 143
    assert f"--state {file}" in err
    deadline = json.loads(file.read_text())["deadline"]
    cloud.end(job_id)
    done = command("--state", str(file), "--timeout", "2h")
    assert (done.code, kinds(done)) == (0, ["completed"])
    assert json.loads(file.read_text())["deadline"] == deadline


async def test_deadline_of_the_file_applies(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """Before it, no timeout changes it; after it, only a given timeout allows more than a poll."""
    file = tmp_path / "wait.json"
    job_id = dds.add_job(seconds=600)
    state = State(str(file))
    state.deadline(60.0, 0.0, time.time())
    state.save(JobTable([Named(job_id)], 0.0))
    state.close()
    assert "up to 1m00s" in (await ddswait("--state", str(file), "--timeout", "2h")).stderr
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "deadline": time.time() - 5}))
    late = await ddswait("--state", str(file))
    assert (late.code, "one last poll" in late.stderr) == (124, True)
    longer = await ddswait("--state", str(file), "--timeout", "1h")
    assert (longer.code, kinds(longer)) == (0, ["completed"])


def test_second_process_is_kept_away(cloud: Cloud, command: RealCommand, tmp_path: Path) -> None:
    """Two on one file: the second says so at once, exit code 2; the first one goes on."""
    file = str(tmp_path / "wait.json")
    job_id = cloud.held_job()
    with cloud.start("--state", file, job_id) as process:
        wait_for_line(process, "Running")
        second = command("--state", file)
        cloud.end(job_id)
        process.communicate()
    assert (second.code, "in use by another process" in second.stderr) == (2, True)
    assert process.returncode == 0
    assert command("--state", file).code == 0


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
            '"tracked_at": 1, "born_at": null, "ended_at": null, '
            '"record": null, "outcome": {"kind": "failed", "message": "", "waited": 1, '
            '"polls": 1e400, "ready": false}}]}'
        ),
        "\x80",
    ],
)
def test_damaged_file_is_reported_and_kept(command: RealCommand, text: str, tmp_path: Path) -> None:
    """It may be what somebody needs: nothing is overwritten."""
    file = tmp_path / "wait.json"
    file.write_bytes(text.encode("latin-1"))
    done = command("--state", str(file), "x")
    assert done.code == 2
    assert f"--state {file} is damaged (" in done.stderr
    assert "remove it to start again" in done.stderr
    assert file.read_bytes() == text.encode("latin-1")


async def test_instance_is_waited_for_again(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """What completed without `--ready`, and what was not ready, is open to a run with it."""
    file = str(tmp_path / "wait.json")
    first = dds.add_job(instance_id="i1in02")
    assert (await ddswait("--state", file, "--timeout", "10m", first)).code == 0
    dds.add_job(seconds=6000, instance_id="i1in02")
    busy = await ddswait("--state", file, "--ready", "--timeout", "5m")
    assert (busy.code, kinds(busy)) == (6, ["not_ready"])
    assert f"to resume: ddswait --timeout 5m --ready --state {file}\n" in busy.stderr
    dds.add_job(seconds=10, instance_id="i1in02", job_id=list(dds.plans)[-1])
    idle = await ddswait("--state", file, "--ready", "--timeout", "1h")
    assert (idle.code, kinds(idle)) == (0, ["completed"])
    before = dds.statuses.copy()
    assert (await ddswait("--state", file)).code == 0
    assert dds.statuses == before


async def test_timeout_that_has_passed_is_suggested_anew(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """Without one, the same command would have time for one poll only."""
    file = str(tmp_path / "wait.json")
    done = await ddswait("--state", file, dds.add_job(seconds=7200))
    assert done.code == 124
    assert f"to resume: ddswait --timeout 1h --state {file}\n" in done.stderr


async def test_timeout_that_is_not_used_is_named(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """The first deadline applies: another timeout gets a warning, the same or none gets none."""
    file = str(tmp_path / "wait.json")
    await ddswait("--state", file, "--timeout", "2h", dds.add_job())
    warned = (await ddswait("--state", file, "--timeout", "2m")).stderr
    assert f"warning: --timeout 2m is not used: the first deadline in --state {file}, in " in warned
    assert "still applies; for another one, use another file" in warned
    for options in ([], ["--timeout", "2h"]):
        assert "is not used" not in (await ddswait("--state", file, *options)).stderr


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_only_regular_files_serve(command: RealCommand, device: str) -> None:
    """A device is neither read without end nor replaced."""
    done = command("--state", device, "x")
    assert (done.code, "is not a regular file" in done.stderr) == (2, True)
    assert Path(device).is_char_device()


async def test_symbolic_link_stays(dds: Simulator, ddswait: Command, tmp_path: Path) -> None:
    """The file that it points to is written, and locked under all its names."""
    (tmp_path / "volume").mkdir()
    real, link = tmp_path / "volume" / "wait.json", tmp_path / "wait.json"
    link.symlink_to(real)
    assert (await ddswait("--state", str(link), dds.add_job())).code == 0
    assert link.is_symlink()
    assert kinds(await ddswait("--state", str(real))) == ["completed"]


async def test_label_of_the_file_names_one_job(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """A new job cannot take it, and the message names the file; the same job can be renamed."""
    file, job_id = str(tmp_path / "wait.json"), dds.add_job()
    await ddswait("--state", file, f"c={job_id}")
    with pytest.raises(InputError) as caught:
        await ddswait("--state", file, f"c={(new := dds.add_job())}")
    assert str(caught.value) == (
        f"'c' names two jobs, {job_id} and {new}: give each job its own label, or another file to "
        f"a new wait: --state {file} has one of the two"
    )
    assert (await ddswait("--state", file, f"d={job_id}")).stdout.endswith("\td\n")


async def test_new_jobs_join_the_file(dds: Simulator, ddswait: Command, tmp_path: Path) -> None:
    """IDs given with a file that exists are waited for together with those in it."""
    file = str(tmp_path / "wait.json")
    await ddswait("--state", file, dds.add_job())
    both = await ddswait("--state", file, dds.add_job())
    assert (both.code, kinds(both)) == (0, ["completed", "completed"])


async def test_jobs_of_the_file_are_told_from_those_given(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """The wrong file shows: the first line says how many jobs are from there."""
    first, second = dds.add_job(seconds=6000), dds.add_job(seconds=6000)
    state = ("--state", str(tmp_path / "wait.json"), "--timeout", "5m")
    assert "waiting for 1 job at" in (await ddswait(*state, first)).stderr
    both = await ddswait(*state, second)
    assert "waiting for 2 jobs, 1 of them from --state at" in both.stderr
    assert "waiting for 2 jobs at" in (await ddswait(*state)).stderr


def test_what_another_run_may_change_is_waited_for_again(tmp_path: Path) -> None:
    """Completed and failed stay; timed out, unreachable and refused are polled again."""
    file = str(tmp_path / "wait.json")
    state = State(file)
    table = state.table([Named(kind.value) for kind in OutcomeKind], 0.0)
    for kind in OutcomeKind:
        job = SERVICE.read_record({"id": kind.value, "status": "Running"})
        table.settle(Outcome(kind.value, kind, job, "why", waited=3.5, polls=7), 100.0)
    state.deadline(None, 60.0, 50.0)
    state.save(table)
    state.close()
    again = State(file)
    restored = again.table([], 200.0)
    assert restored.open == ["timed_out", "unreachable", "refused", "not_ready", "pending"]
    done = restored["completed"]
    assert done.outcome == Outcome(
        "completed", OutcomeKind.COMPLETED, done.job, "why", waited=3.5, polls=7
    )
    assert again.deadline(None, 60.0, 105.0) == 110.0
    assert again.deadline(30.0, 60.0, 120.0) == 150.0
    assert again.deadline(None, 60.0, 120.0) == 110.0
    again.close()
    with pytest.raises(InputError, match="cannot be written"):
        State(str(tmp_path / "none" / "wait.json"))
    assert len(JobTable([], 0.0)) == 0


async def test_resumed_wait_remembers_what_the_first_run_saw(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """A job that was seen and is unknown now has vanished; one never seen gets no new grace."""
    file = tmp_path / "wait.json"
    gone, never = (f"{digit * 8}-c209-4cac-629f-6fbed82c07cd" for digit in "ab")
    table = JobTable([Named(gone), Named(never)], time.time() - 300)
    record = {"id": gone, "name": "Create_MongoDB", "status": "Running", "progress": "61%"}
    table[gone].job = SERVICE.read_record(record)
    state = State(str(file))
    state.deadline(3600.0, 0.0, time.time())
    state.save(table)
    state.close()
    done = await ddswait("--state", str(file))
    assert (done.code, sorted(kinds(done))) == (3, ["not_found", "vanished"])
    assert "last seen Running, 61 %" in done.stderr
    assert "within 300 s" in done.stderr


async def test_state_that_cannot_be_locked_is_used_with_a_warning(
    dds: Simulator, ddswait: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a lock of another process keeps a run away."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    file = str(tmp_path / "wait.json")
    done = await ddswait("--state", file, "--history", str(tmp_path / "h"), dds.add_job())
    assert done.code == 0
    assert f"warning: --state {file} cannot be locked (No locks available)" in done.stderr
    assert done.stderr.count("cannot be locked") == 2  # the state and the history, once each


def test_deadline_is_not_further_away_than_its_timeout(tmp_path: Path) -> None:
    """A state that was written by a clock ten years ahead does not wait for ten years."""
    file, now, decade = str(tmp_path / "wait.json"), 1e9, 3.15e8
    ahead = State(file)
    assert ahead.deadline(60.0, 0.0, now + decade) == now + decade + 60.0
    table = JobTable([Named("a" * 8)], now + decade)
    table["a" * 8].created_at = now + decade - 5.0
    ahead.save(table)
    ahead.close()
    state = State(file)
    assert state.deadline(3.0, 0.0, now) == now + 60.0
    assert state.deadline(None, 0.0, now + decade + 100.0) == now + decade + 60.0
    (entry,) = state.table([], now)
    assert (entry.tracked_at, entry.created_at) == (now, now)
    assert entry.state.earlier(now) == EarlierWait(0.0, None, 0.0)
    state.close()


def test_state_of_an_earlier_version_has_no_timeout(tmp_path: Path) -> None:
    """Its deadline is believed."""
    file = tmp_path / "wait.json"
    file.write_text('{"form": "ddswait state, version 1", "deadline": 2e9, "jobs": []}')
    state = State(str(file))
    assert state.deadline(3.0, 0.0, 1e9) == 2e9
    state.close()


@pytest.mark.parametrize("service", NAMES[1:])
def test_record_is_read_in_the_words_of_its_service(tmp_path: Path, service: str) -> None:
    """Progress, times and instance of a job that the next run shows before its first poll."""
    raw = json.loads((SAMPLES / service / "job-running.json").read_text())
    record = next(iter(raw.values()))
    job = service_named(service).read_record(record[0] if isinstance(record, list) else record)
    file = str(tmp_path / "wait.json")
    jobs = [Named(job.id, "", service), Named("other", "", "dds")]
    state = State(file)
    table = state.table(jobs, 1.0)
    table[job.id].job = job
    state.deadline(None, 60.0, 1.0)
    state.save(table)
    state.close()
    again = State(file).table([], 2.0)
    assert again[job.id].job == job
    assert [entry.service for entry in again] == [service, "dds"]


def test_file_of_an_older_version_is_of_dds(tmp_path: Path) -> None:
    """It names no services; one that does not exist is damage."""
    file = tmp_path / "wait.json"
    state = State(str(file))
    table = state.table([Named("a")], 1.0)
    state.deadline(None, 60.0, 1.0)
    state.save(table)
    state.close()
    document = json.loads(file.read_text())
    del document["jobs"][0]["service"]
    file.write_text(json.dumps(document))
    state = State(str(file))
    assert state.table([], 2.0)["a"].service == "dds"
    state.close()
    document["jobs"][0]["service"] = "nope"
    file.write_text(json.dumps(document))
    with pytest.raises(InputError, match="is damaged"):
        State(str(file))
