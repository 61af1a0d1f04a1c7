"""The gate as pipelines use it: policies, readiness, labels, explanations, unusable files."""

import asyncio
import json
import logging
import os
import resource
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.main import main
from ddswait.scheduler.scheduler import Scheduler
from ddswait.simulator import Simulator
from tests.cli.in_process import Command, RealCommand
from tests.cloud_process import Cloud, wait_for_line


@pytest.fixture(autouse=True)
def _folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no list of jobs to resume on the machine."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


async def test_any_ends_at_the_first_completed_job(dds: Simulator, ddswait: Command) -> None:
    """The waits for the others are given up, and every job is accounted for."""
    slow, fast = dds.add_job(seconds=600), dds.add_job(seconds=20)
    bad = dds.add_job(seconds=5, fails="x")
    done = await ddswait("--wait-for", "any", "--output", "json", slow, fast, bad)
    document = json.loads(done.stdout)
    assert (done.code, document["exit_code"]) == (0, 0)
    outcomes = {job["job_id"]: job["outcome"] for job in document["jobs"]}
    assert outcomes == {slow: "pending", fast: "completed", bad: "failed"}
    assert all(job["polls"] and job["waited_seconds"] for job in document["jobs"])
    assert "to resume" not in done.stderr  # the policy was met
    assert "1 job runs on" not in done.stderr


async def test_fail_fast_ends_at_the_first_failure(dds: Simulator, ddswait: Command) -> None:
    """Every job is accounted for, whichever ends it."""
    slow, bad = dds.add_job(seconds=600), dds.add_job(fails="no quota")
    done = await ddswait("--fail-fast", "--output", "json", slow, bad)
    outcomes = [job["outcome"] for job in json.loads(done.stdout)["jobs"]]
    assert (done.code, outcomes) == (1, ["pending", "failed"])


async def test_outcomes_that_arrive_together_are_all_kept(dds: Simulator, ddswait: Command) -> None:
    """A job that ended in the same turn as the one that decides the group is not `pending`."""
    dds.forbids = True
    jobs = [dds.add_job() for _ in range(3)]
    done = await ddswait("--fail-fast", "--output", "json", *jobs)
    outcomes = [job["outcome"] for job in json.loads(done.stdout)["jobs"]]
    assert (done.code, outcomes) == (4, ["refused"] * 3)


async def test_defect_is_raised(
    dds: Simulator, ddswait: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the waiter breaks down, no job is taken for pending: the error is shown."""

    def take(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Scheduler, "take", take)
    with pytest.raises(ZeroDivisionError):
        await ddswait(dds.add_job())


def test_quorum_beyond_the_jobs_is_refused(command: RealCommand) -> None:
    """More jobs than there are cannot complete: reported before polling."""
    done = command("--wait-for", "3", "a", "b")
    assert (done.code, "there are 2 jobs only" in done.stderr) == (2, True)


async def test_ready_waits_for_the_instance(dds: Simulator, ddswait: Command) -> None:
    """A busy instance after its job: exit code 6 at the deadline; an idle one: 0."""
    assert (await ddswait("--ready", dds.add_job())).code == 0
    first = dds.add_job(instance_id="i1in02")
    dds.add_job(seconds=6000, instance_id="i1in02")
    busy = await ddswait("--ready", "--timeout", "5m", first)
    assert busy.code == 6
    assert "CREATE pending" in busy.stderr


async def test_stop_while_the_instance_is_waited_for(dds: Simulator, ddswait: Command) -> None:
    """A completed job whose instance is not ready yet is `pending` when the group is decided."""
    busy = dds.add_job(seconds=1, instance_id="i1in02")
    dds.add_job(seconds=6000, instance_id="i1in02")
    bad = dds.add_job(seconds=200, fails="x")
    done = await ddswait("--ready", "--fail-fast", "--output", "json", busy, bad)
    outcomes = [(job["outcome"], job["job"]["status"]) for job in json.loads(done.stdout)["jobs"]]
    assert (done.code, outcomes) == (1, [("pending", "Completed"), ("failed", "Failed")])


async def test_failures_are_explained_at_the_end(dds: Simulator, ddswait: Command) -> None:
    """Name, task, instance, how long, what to do next; then how to resume, and totals."""
    bad = dds.add_job(fails="no quota in az2", instance_name="stock")
    slow = dds.add_job(seconds=6000)
    done = await ddswait("--timeout", "5m", f"mine={bad}", slow, "--output", "json")
    lines = [line.partition("] ")[2] for line in done.stderr.splitlines()]
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"mine ({bad})"))
    assert "failed after" in lines[begin]
    assert [line for line in lines if "no quota" in line] == ["mine  failed: no quota in az2"]
    assert "of instance stock" in lines[begin + 1]
    assert "submit the operation again" in lines[begin + 2]
    assert lines[begin + 3].startswith(f"{slow} timed out after 5m00s: last seen Running, ")
    assert lines[-2] == f"to resume: ddswait --timeout 5m --output json {slow}"
    assert lines[-1] == "1 failed, 1 timed out; exit code 1"


async def test_refusals_are_explained_with_their_request_id(
    dds: Simulator, ddswait: Command
) -> None:
    """Error code and request ID, to give to support."""
    done = await ddswait(dds.add_job(), HW_AUTH_TOKEN="wr0ng")
    assert (done.code, "wr0ng" in done.stderr) == (4, False)
    assert "HTTP 401 APIGW.0301: " in done.stderr
    assert "the request ID is " in done.stderr


def test_resume_command_works(cloud: Cloud) -> None:
    """A shell runs what a timeout printed, as it stands, and the run ends when the job does."""
    job_id = cloud.held_job()
    done = cloud.run("--timeout", "0.5", "--grace", "30s", f"a label={job_id}")
    assert done.returncode == 124
    resume = done.stderr.splitlines()[-2].partition("to resume: ")[2]
    assert resume == f"ddswait --timeout 0.5s --grace 30s --interval 0.2s 'a label={job_id}'"
    again = resume.replace("ddswait", f"exec {shlex.quote(cloud.command()[0])} -m ddswait", 1)
    with subprocess.Popen(
        ["sh", "-c", again.replace("--timeout 0.5s", "--timeout 1h")],
        env=cloud.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for_line(process, "a label  CreateMongoDB of dds-simulated: Running")
        cloud.end(job_id)
        out, _ = process.communicate()
    assert (process.returncode, out.split("\t")[:2]) == (0, [job_id, "completed"])


async def test_labels_are_used_everywhere(dds: Simulator, ddswait: Command) -> None:
    """In lines, in JSON, and from the names in a reply."""
    done = await ddswait("--output", "jsonl", f"orders={dds.add_job()}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["label"] for line in lines if "label" in line} == {"orders"}
    assert "orders  CreateMongoDB" in done.stderr
    reply = json.dumps({"job_id": dds.add_job(), "name": "stock"})
    assert (await ddswait("-", text=reply)).stdout.endswith("\tstock\n")


async def test_task_of_a_job_has_one_spelling(dds: Simulator, ddswait: Command) -> None:
    """Lists write it otherwise than polls; every line about a job says the same."""
    ids = [dds.add_job(seconds=200) for _ in range(25)]
    done = await ddswait("--output", "jsonl", *ids)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert any("/v3.1/" in each.path for each in dds.requests)
    assert {line["job"]["name"] for line in lines if line.get("job")} == {"CreateMongoDB"}


async def test_verbose_lines_name_the_label(dds: Simulator, ddswait: Command) -> None:
    """The waiter knows each label: that of a job, and that of an instance without one."""
    job_id, instance_id = dds.add_job(), "a" * 32 + "in09"
    jobs = ("--instance", f"stock={instance_id}", f"orders={job_id}")
    done = await ddswait("-v", "--ready", "--timeout", "60", *jobs)
    logged = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert {each["label"] for each in logged if each.get("job_id") == job_id} == {"orders"}
    assert {each["label"] for each in logged if each.get("instance_id") == instance_id} == {"stock"}


def test_heartbeat_without_a_terminal(cloud: Cloud) -> None:
    """A sign of life again and again, before a CI takes the silence for a hang."""
    options = ("--heartbeat", "0.2s", "--output", "json")
    with cloud.start(*options, cloud.held_job(progress="absent")) as process:
        for _ in range(2):
            wait_for_line(process, ": running, ")
        process.kill()


@pytest.mark.parametrize("option", ["--report", "--junit", "--state", "--history"])
@pytest.mark.parametrize("place", ["none/x", ".", "/proc/x"])
def test_unwritable_place_is_found_before_polling(
    cloud: Cloud, command: RealCommand, option: str, place: str, tmp_path: Path
) -> None:
    """Not after an hour; the message names option, path and what to do."""
    before = cloud.stats()["statuses"]
    done = command(option, str(tmp_path / place), "x")
    assert done.code == 2
    assert option.strip("-") in done.stderr
    assert "folder" in done.stderr
    assert cloud.stats()["statuses"] == before
    assert not list(tmp_path.iterdir())


def test_two_options_for_one_file_are_refused(command: RealCommand, tmp_path: Path) -> None:
    """One would overwrite the other."""
    file = str(tmp_path / "x")
    for options in (("--report", "--junit"), ("--state", "--history"), ("--junit", "--state")):
        named = [word for option in options for word in (option, file)]
        done = command(*named, "x")
        assert (done.code, f"name the file {file}" in done.stderr) == (2, True)


async def test_full_disk_changes_no_verdict(dds: Simulator, ddswait: Command) -> None:
    """/dev/full stands for it: a warning, and the exit code is that of the jobs."""
    done = await ddswait("--report", "/dev/full", dds.add_job())
    assert done.code == 0
    assert "was not written: No space left on device" in done.stderr


def test_full_disk_under_the_state(cloud: Cloud, tmp_path: Path) -> None:
    """No file may grow (RLIMIT_FSIZE): reported before polling, exit code 2, nothing damaged."""

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    file = tmp_path / "s.json"
    done = subprocess.run(
        cloud.command("--state", str(file), "x"),
        env={**cloud.env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        preexec_fn=no_room,
        check=False,
    )
    assert done.returncode == 2
    assert f"--state {file} cannot be written: File too large" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "1e400", "inf", ""])
def test_invalid_timeouts(command: RealCommand, timeout: str) -> None:
    """Each is named, before anything is polled."""
    done = command(f"--timeout={timeout}", "x")
    assert (done.code, "--timeout" in done.stderr) == (2, True)


def resumed_from(line: str) -> list[str]:
    """Return the lines of the file that a command to resume reads, and remove the file."""
    file = Path(line.rpartition(" < ")[2])
    lines = file.read_text().splitlines()
    file.unlink()
    return lines


async def test_interrupted_run_of_many_jobs_ends_with_three_lines(
    dds: Simulator, ddswait: Command
) -> None:
    """How many run on, one command that resumes them all, and the totals; no job is explained."""
    jobs = [f"label-{number}={dds.add_job(seconds=6000)}" for number in range(40)]
    bell = asyncio.get_running_loop().call_later(100.0, os.kill, os.getpid(), signal.SIGINT)
    done = await ddswait("--timeout", "20m", *jobs)
    bell.cancel()
    assert done.code == 130
    lines = [line.partition("] ")[2] for line in done.stderr.splitlines()]
    running, command, totals = lines[2:]  # after the beginning and one status line
    assert running == "40 jobs run on: only the wait was stopped"
    assert command.startswith("to resume: ddswait --timeout 20m - < /")
    assert totals == "40 pending; exit code 130"
    assert resumed_from(command) == jobs


async def test_jobs_that_cannot_be_saved_are_in_the_command(
    dds: Simulator, ddswait: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder for the file, the command is long, but complete."""
    monkeypatch.setattr(tempfile, "tempdir", "/proc/none")
    jobs = [dds.add_job(seconds=6000) for number in range(21)]
    done = await ddswait("--timeout", "5m", *jobs)
    command = done.stderr.splitlines()[-2].partition("to resume: ")[2]
    assert command == f"ddswait --timeout 5m {' '.join(jobs)}"


@pytest.mark.slow
async def test_hundred_thousand_ids_are_accounted_for(
    ddswait: Command, caplog: pytest.LogCaptureFixture
) -> None:
    """They end by their deadline, each is reported once, and all can be piped in again."""
    caplog.set_level(logging.CRITICAL, "ddswait")  # pytest takes a while to keep so many records
    ids = [f"job-{number:05}" for number in range(100_000)]
    done = await ddswait("--timeout", "1s", "-", text="\n".join(ids))
    assert done.code == 124
    assert sorted(line.split("\t")[0] for line in done.stdout.splitlines()) == ids
    assert resumed_from(done.stderr.splitlines()[-2]) == ids


async def test_huge_and_binary_input(dds: Simulator, ddswait: Command) -> None:
    """Fifty megabytes of JSON are read."""
    huge = json.dumps({"padding": "x" * 50_000_000, "job_id": dds.add_job()})
    assert (await ddswait("-", text=huge)).code == 0


def test_binary_input(command: RealCommand) -> None:
    """It is refused."""
    done = command("-", text=bytes(range(256)))
    assert (done.code, "is not UTF-8" in done.stderr) == (2, True)


@pytest.mark.parametrize("closed", ["0", "1", "2"])
def test_closed_streams_change_no_verdict(cloud: Cloud, closed: str) -> None:
    """`<&-`, `>&-`, `2>&-`: no traceback, and no socket in their place."""
    command = shlex.join(cloud.command(cloud.job(fails="x")))
    shell = ["sh", "-c", f"{command} {closed}>&-"]
    done = subprocess.run(shell, env=cloud.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert bool(done.stdout) == (closed != "1")
    assert bool(done.stderr) == (closed != "2")


def test_closed_input_contains_no_id(cloud: Cloud) -> None:
    """`-` with nothing to read from is reported as such."""
    shell = ["sh", "-c", f"{shlex.join(cloud.command('-'))} <&-"]
    done = subprocess.run(shell, env=cloud.env, capture_output=True, text=True, check=False)
    assert (done.returncode, "no job ID on standard input" in done.stderr) == (2, True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_names_that_the_encoding_lacks_are_escaped(cloud: Cloud, encoding: str) -> None:
    """Whatever the locale, the exit code is right and the data is there."""
    job_id = cloud.job(instance_name="\u65e5\u672c")
    done = cloud.run(f"\u0431={job_id}", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout.split("\t")[3]) == (0, "\\u65e5\\u672c")


async def test_resume_command_keeps_the_policy(dds: Simulator, ddswait: Command) -> None:
    """Of two that had to complete one has: one more, of those that are open."""
    jobs = [dds.add_job(), dds.add_job(seconds=6000), dds.add_job(seconds=6000)]
    done = await ddswait("--wait-for", "2", "--timeout", "5m", *jobs)
    assert done.code == 124
    assert done.stderr.splitlines()[-2].endswith(f"--wait-for 1 {jobs[1]} {jobs[2]}")


def test_print_options_need_no_cloud(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema and the completions come without credentials or job IDs."""
    for arguments in (["--schema"], ["--print-completion", "bash"]):
        assert main(arguments) == 0
        shown = capsys.readouterr()
        assert (bool(shown.out), shown.err) == (True, "")


@pytest.mark.parametrize(
    ("jobs", "arguments", "warned"),
    [
        (30, ("--rate", "1/s", "--timeout", "20s"), "30 jobs at --rate 1/s need at least 30s"),
        (30, ("--rate", "6/m", "--timeout", "2m"), "need at least 5m00s, but the wait ends after"),
        (19, ("--rate", "1/s", "--timeout", "20s"), ""),
        (30, ("--timeout", "20s"), ""),
    ],
)
async def test_rate_that_cannot_reach_all_jobs_is_a_warning(
    dds: Simulator, ddswait: Command, jobs: int, arguments: tuple[str, ...], warned: str
) -> None:
    """With the figures, before anything is polled, and what to do about it."""
    done = await ddswait(*arguments, *(dds.add_job(seconds=1) for _ in range(jobs)))
    assert warned in done.stderr
    assert ("use a higher rate or a longer --timeout" in done.stderr) == bool(warned)
    assert ("it was not polled" in done.stdout + done.stderr) == (done.code == 124)


async def test_defect_while_a_job_is_settled_ends_the_run(
    dds: Simulator, ddswait: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is raised: a run that hangs would say nothing at all."""
    monkeypatch.setattr(JobTable, "settle", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await ddswait(dds.add_job(seconds=1))
