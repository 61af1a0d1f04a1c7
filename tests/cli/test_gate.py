"""The gate as pipelines use it: policies, readiness, labels, explanations, bad places for files."""

import json
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cloud_process import Cloud

HOSTILE = "::error::x ##[error]y\n<script>alert(1)</script> | `a` %0A \x1b[31m ]]> & \x00"


def test_any_ends_at_the_first_completed_job(cloud: Cloud) -> None:
    """The others are let go, and accounted for."""
    slow, fast, bad = cloud.job(seconds=600), cloud.job(seconds=2), cloud.job(fails="x")
    done = cloud.run("--wait-for", "any", "--output", "json", slow, fast, bad)
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"]) == (0, 0)
    outcomes = {job["job_id"]: job["outcome"] for job in document["jobs"]}
    assert outcomes == {slow: "pending", fast: "completed", bad: "failed"}
    assert all(job["polls"] and job["waited_seconds"] for job in document["jobs"])
    assert "to go on" not in done.stderr  # the policy was met
    assert slow not in done.stderr[done.stderr.index("did not complete") :]


def test_fail_fast_ends_at_the_first_failure(cloud: Cloud) -> None:
    """Every job is accounted for, whichever ends it."""
    slow, bad = cloud.job(seconds=600), cloud.job(fails="no quota")
    done = cloud.run("--fail-fast", "--output", "json", slow, bad)
    outcomes = [job["outcome"] for job in json.loads(done.stdout)["jobs"]]
    assert (done.returncode, outcomes) == (1, ["pending", "failed"])


def test_quorum_beyond_the_jobs_is_refused(cloud: Cloud) -> None:
    """More than there are cannot complete: told before polling."""
    done = cloud.run("--wait-for", "3", cloud.job(), cloud.job())
    assert (done.returncode, "there are 2 jobs only" in done.stderr) == (2, True)


def test_ready_waits_for_the_instance(cloud: Cloud) -> None:
    """A busy instance after its job: exit code 6 at the deadline; an idle one: 0."""
    assert cloud.run("--ready", cloud.job()).returncode == 0
    first = cloud.job(instance_id="i1in02")
    cloud.job(seconds=600, instance_id="i1in02")
    busy = cloud.run("--ready", "--timeout", "2", first)
    assert busy.returncode == 6
    assert "RESTARTING pending" in busy.stderr


def test_failures_are_explained_last(cloud: Cloud) -> None:
    """After everything else: name, task, instance, reason, how long, and what to do next."""
    bad, slow = cloud.job(fails="no quota in az2", instance_name="stock"), cloud.job(seconds=600)
    done = cloud.run("--timeout", "2", f"mine={bad}", slow, "--output", "json")
    told = done.stderr[done.stderr.index("2 of 2 jobs did not complete") :]
    for part in (f"mine ({bad}): failed after", "of instance stock", "reason    no quota in az2"):
        assert part in told
    assert f"{slow}: timed out after 2s" in told
    assert told.endswith(f" {slow}\n")
    assert "mend the cause and submit" in told


def test_refusals_are_explained_with_their_request_id(cloud: Cloud) -> None:
    """Error code and request ID, to give to support."""
    done = cloud.run(cloud.job(), HW_AUTH_TOKEN="wr0ng")
    assert (done.returncode, "wr0ng" in done.stderr) == (4, False)
    assert "error code APIGW.0301, request ID " in done.stderr


def test_command_that_goes_on_works(cloud: Cloud) -> None:
    """What a timeout prints can be run as it stands, and goes on."""
    job_id = cloud.job(seconds=2)
    done = cloud.run("--timeout", "0.5", "--grace", "30s", f"a label={job_id}")
    assert done.returncode == 124
    command = done.stderr.rstrip("\n").splitlines()[-1].strip()
    assert f"'a label={job_id}'" in command
    assert "--timeout 0.5 --grace 30 --interval 0.2" in command
    again = command.replace("ddswait", f"{cloud.command()[0]} -m ddswait", 1)
    again = again.replace("--timeout 0.5", "--timeout 60")
    told = subprocess.run(["sh", "-c", again], env=cloud.env, capture_output=True, check=False)
    assert told.returncode == 0


def test_labels_are_used_everywhere(cloud: Cloud) -> None:
    """In lines, JSON and the reply's own names."""
    job_id = cloud.job(seconds=1.5)
    done = cloud.run("--output", "jsonl", f"orders={job_id}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["label"] for line in lines if "label" in line} == {"orders"}
    assert "orders  Create_MongoDB" in done.stderr
    reply = json.dumps({"job_id": cloud.job(), "name": "stock"})
    assert cloud.run("-", text=reply).stdout.endswith("\tstock\n")


def test_heartbeat_without_a_terminal(cloud: Cloud) -> None:
    """Silence is broken before a CI takes it for a hang."""
    done = cloud.run(
        "--heartbeat", "1s", "--timeout", "4", cloud.job(seconds=600, progress="absent")
    )
    assert done.stderr.count("still waiting for 1 job, the oldest ") >= 2


@pytest.mark.parametrize("option", ["--report", "--junit", "--state", "--history"])
@pytest.mark.parametrize("place", ["none/x", ".", "/proc/x"])
def test_unwritable_place_is_found_before_polling(
    cloud: Cloud, option: str, place: str, tmp_path: Path
) -> None:
    """Not after an hour; the message names option, path and mend."""
    path = str(tmp_path / place)
    done = cloud.run(option, path, cloud.job())
    assert done.returncode == 2
    assert option.strip("-") in done.stderr
    assert "folder" in done.stderr
    assert cloud.stats()["statuses"] == {}


def test_two_options_for_one_file_are_refused(cloud: Cloud, tmp_path: Path) -> None:
    """One would overwrite the other."""
    file = str(tmp_path / "x")
    for options in (("--report", "--junit"), ("--state", "--history"), ("--junit", "--state")):
        named = [word for option in options for word in (option, file)]
        done = cloud.run(*named, cloud.job())
        assert (done.returncode, f"name the file {file}" in done.stderr) == (2, True)


def test_full_disk_changes_no_verdict(cloud: Cloud) -> None:
    """/dev/full stands for it: told, and the exit code is that of the jobs."""
    done = cloud.run("--report", "/dev/full", cloud.job())
    assert done.returncode == 0
    assert "was not written: No space left on device" in done.stderr


def test_full_disk_under_the_state(cloud: Cloud, tmp_path: Path) -> None:
    """No file may grow (RLIMIT_FSIZE): told before polling, exit code 2, nothing damaged."""

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    file = tmp_path / "s.json"
    done = subprocess.run(
        cloud.command("--state", str(file), cloud.job()),
        env={**cloud.env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        preexec_fn=no_room,
        check=False,
    )
    assert done.returncode == 2
    assert "--state cannot be written: File too large" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "1e400", "inf", ""])
def test_timeouts_that_are_none(cloud: Cloud, timeout: str) -> None:
    """Each is named, before anything is polled."""
    done = cloud.run(f"--timeout={timeout}", "x")
    assert (done.returncode, "--timeout" in done.stderr) == (2, True)


def test_hundred_thousand_ids_are_accounted_for(cloud: Cloud) -> None:
    """They end by their deadline, each told once, and all can be piped in again."""
    ids = [f"job-{number:05}" for number in range(100_000)]
    done = cloud.run("--timeout", "1s", "-", text="\n".join(ids))
    assert done.returncode == 124
    assert sorted(line.split("\t")[0] for line in done.stdout.splitlines()) == ids
    assert done.stderr.splitlines()[-len(ids) :] == ids


def test_huge_and_binary_input(cloud: Cloud) -> None:
    """Fifty megabytes of JSON are read; binary input is refused."""
    huge = json.dumps({"padding": "x" * 50_000_000, "job_id": cloud.job()})
    assert cloud.run("-", text=huge).returncode == 0
    done = cloud.run("-", text=bytes(range(256)))
    assert (done.returncode, "no UTF-8" in done.stderr) == (2, True)


def test_server_text_steers_nothing(cloud: Cloud, tmp_path: Path) -> None:
    """No terminal escape, no workflow command, no markup, wherever a reason is shown."""
    files = {name: tmp_path / name for name in ("r.html", "j.xml", "summary", "output")}
    done = cloud.run(
        "--report", str(files["r.html"]), "--junit", str(files["j.xml"]),
        cloud.job(fails=HOSTILE, instance_name="<b>|x</b>"),
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(files["summary"]), GITHUB_OUTPUT=str(files["output"]),
    )  # fmt: skip
    assert done.returncode == 1
    commands = [line for line in done.stderr.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::error title=DDS job ")
    for shown in (done.stdout, done.stderr, *(file.read_text() for file in files.values())):
        assert "\x1b" not in shown
        assert "\x00" not in shown
        assert "##[" not in shown
    page = files["r.html"].read_text()
    assert "<script" not in page
    assert "<b>|x" not in page
    assert "<script" not in files["summary"].read_text()


@pytest.mark.parametrize("closed", ["0", "1", "2"])
def test_closed_streams_change_no_verdict(cloud: Cloud, closed: str) -> None:
    """`<&-`, `>&-`, `2>&-`: no traceback, and no socket in their place."""
    command = " ".join(cloud.command(cloud.job(fails="x")))
    shell = ["sh", "-c", f"{command} {closed}>&-"]
    done = subprocess.run(shell, env=cloud.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert bool(done.stdout) == (closed != "1")
    assert bool(done.stderr) == (closed != "2")


def test_closed_input_holds_no_id(cloud: Cloud) -> None:
    """`-` with nothing to read from is told as such."""
    command = " ".join(cloud.command("-"))
    shell = ["sh", "-c", f"{command} <&-"]
    done = subprocess.run(shell, env=cloud.env, capture_output=True, text=True, check=False)
    assert (done.returncode, "no job ID on standard input" in done.stderr) == (2, True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_names_that_the_encoding_lacks_are_escaped(cloud: Cloud, encoding: str) -> None:
    """Whatever the locale, the jobs' verdict holds and their data is there."""
    job_id = cloud.job(instance_name="\u65e5\u672c")
    done = cloud.run(f"\u0431={job_id}", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout.split("\t")[3]) == (0, "\\u65e5\\u672c")


@pytest.mark.parametrize(
    "name",
    ["::error title=pwn::boo", "  ::stop-commands::x", "##[error]x", "-db", "--check", "a=b"],
)
def test_names_of_a_reply_steer_nothing(cloud: Cloud, name: str) -> None:
    """A name that a runner, or the resume command, would obey becomes no label."""
    reply = json.dumps({"job_id": (job_id := cloud.job(fails=name)), "name": name})
    for output in ("text", "json", "jsonl"):
        done = cloud.run("-v", "--output", output, "-", text=reply, GITHUB_ACTIONS="true")
        assert done.returncode == 1
        lines = [line.lstrip() for line in (done.stdout + done.stderr).splitlines()]
        assert [line[:8] for line in lines if line.startswith("::")] == ["::error "]
        assert "##[" not in done.stdout + done.stderr
        assert f"{name}=" not in done.stdout + done.stderr
    assert f"DDS job {job_id}" in done.stderr
    refused = cloud.run("x", f"{name}={job_id}") if "=" not in name else None
    assert refused is None or refused.returncode == 2


def test_command_that_goes_on_keeps_the_policy(cloud: Cloud) -> None:
    """Of two that had to complete one has: one more, of those that are open."""
    jobs = [cloud.job(), cloud.job(seconds=600), cloud.job(seconds=600)]
    done = cloud.run("--wait-for", "2", "--timeout", "2", *jobs)
    assert done.returncode == 124
    assert done.stderr.rstrip().endswith(f"--wait-for 1 {jobs[1]} {jobs[2]}")


def test_print_options_need_no_cloud() -> None:
    """The schema and the completions come without credentials or job IDs."""
    for arguments in (["--schema"], ["--print-completion", "bash"]):
        done = subprocess.run(
            [*Cloud("", {}).command()[:3], *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout
