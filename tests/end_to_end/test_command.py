"""The command `ddswait`: as a real process where that is the point, else in this process."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ddswait.cli import wrapping
from ddswait.cli.commands import demo
from ddswait.errors import ConfigurationError
from ddswait.simulator import Simulator
from tests.cli.in_process import Command, RealCommand
from tests.cloud_process import Cloud, wait_for_line

KEY = {
    "HW_ACCESS_KEY": "SIMULATEDACCESSKEY",
    "HW_SECRET_KEY": "simulated-secret-key",
    "HW_REGION_NAME": "simulated-region-1",
    "HW_AUTH_TOKEN": "",
    "HW_PROJECT_ID": "",
}


def test_completed_jobs_exit_0(cloud: Cloud) -> None:
    """One line per job on standard output, and nothing else; the rest on standard error."""
    ids = [cloud.job(instance_name="mine"), cloud.job()]
    done = cloud.run(*ids, ids[0])
    assert done.returncode == 0
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} == set(ids)
    assert {line[1] for line in lines} == {"completed"}
    assert "waiting for 2 jobs" in done.stderr
    assert "2 completed; exit code 0" in done.stderr


async def test_options_may_stand_anywhere(dds: Simulator, ddswait: Command) -> None:
    """Before, between and after the job IDs."""
    ids = [dds.add_job(), dds.add_job(), dds.add_job()]
    done = await ddswait(ids[0], "--rate", "20/s", ids[1], "--timeout", "60m", ids[2], "-q")
    assert (done.code, done.stdout.count("completed"), done.stderr) == (0, 3, "")


async def test_failed_job_exits_1_and_says_why(dds: Simulator, ddswait: Command) -> None:
    """A failed job exits 1; the server's words cannot steer the terminal."""
    done = await ddswait(dds.add_job(fails="no \x1b[31mquota\nleft"))
    assert done.code == 1
    assert "no \\x1b[31mquota\\nleft" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text", "named"),
    [
        ([], "", "no job ID"),
        (["a b"], "", "'a b'"),
        (["-"], "", "standard input"),
        (["-"], '{"order_id": "CS1"}', "CS1"),
        (["--timeout", "nan", "a"], "", "--timeout"),
        (["--endpoint", "ftp://x", "a"], "", "ftp://x"),
        (["--endpoint", "http://dds.example.com", "a"], "", "--insecure-http"),
        (["--ca-file", "/nothing", "a"], "", "--ca-file"),
        (["5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02"], "", "--ready --instance"),
        (["--check", "--demo"], "", "--demo: not allowed with argument --check"),
        (["--check", "some-job"], "", "leave out 'some-job', or leave out --check"),
        (["--demo", "some-job"], "", "leave out 'some-job', or leave out --demo"),
        (["--schema", "--instance", "an-instance"], "", "leave out 'an-instance'"),
        (["--print-completion", "bash", "-"], "", "leave out '-', or leave out --print-completion"),
        (["--project-id", "a/b", "a"], "", "a/b"),
        (["--colour", "a"], "", "--colour"),
        (["--rate", "fast", "a"], "", "10/s or 200/5m"),
    ],
)
def test_usage_errors_exit_2(
    cloud: Cloud, command: RealCommand, arguments: list[str], text: str, named: str
) -> None:
    """Whatever is wrong with the input is named, and nothing is polled."""
    before = cloud.stats()["statuses"]
    done = command(*arguments, text=text)
    assert (done.code, done.stdout) == (2, "")
    assert named in done.stderr
    assert not re.search(r"\w\(\)|\w=\w*\)", done.stderr)  # functions and arguments of Python
    assert cloud.stats()["statuses"] == before


def test_unusable_credentials_exit_2(command: RealCommand) -> None:
    """Missing ones say what can be set; a token with a line end is not repeated."""
    done = command("a", HW_AUTH_TOKEN="", OS_AUTH_TOKEN="", HOME="/nonexistent")
    assert (done.code, "HW_ACCESS_KEY" in done.stderr) == (2, True)
    done = command("a", HW_AUTH_TOKEN="two\nlines")
    assert (done.code, "two" in done.stderr) == (2, False)


@pytest.mark.parametrize("proxy", ["socks5://proxy:1", "http://proxy:0", "http://u:s3c/ret@p:1"])
def test_unusable_proxy_exits_2(command: RealCommand, proxy: str) -> None:
    """A proxy that can never serve is an error before anything is polled."""
    env = {"https_proxy": proxy, "DDSWAIT_ENDPOINT": "https://dds.test"}
    done = command("9a767ede-fe0f-4888-9003-e843a4c90514", **env)
    assert (done.code, done.stdout) == (2, "")
    assert "https_proxy is not the URL of an HTTP proxy: use http://HOST:PORT" in done.stderr
    assert "waiting for" not in done.stderr


async def test_unknown_id_exits_3(ddswait: Command) -> None:
    """An ID that nobody knows within the grace exits 3."""
    done = await ddswait("--grace", "30", "nobody")
    assert done.code == 3
    assert "mistyped" in done.stdout


async def test_refused_credentials_exit_4(dds: Simulator, ddswait: Command) -> None:
    """A wrong token exits 4, with the code and the request ID."""
    done = await ddswait(dds.add_job(), HW_AUTH_TOKEN="another-t0ken")
    assert done.code == 4
    assert "APIGW.0301" in done.stdout
    assert "request ID" in done.stdout
    assert "t0ken" not in done.stdout + done.stderr


async def test_unreachable_exits_5(dds: Simulator, ddswait: Command) -> None:
    """Polls that fail for too long exit 5, with the cause, and name what is pending."""
    job_id = dds.add_job()
    dds.inject("error", status=502, count=None)
    done = await ddswait("--unreachable-after", "1m", job_id)
    assert done.code == 5
    assert "502" in done.stdout
    assert done.stderr.splitlines()[-2].endswith(f" {job_id}")


async def test_timeout_exits_124_and_names_what_is_pending(
    dds: Simulator, ddswait: Command
) -> None:
    """A timeout is no failure and no success: 124, and the pending IDs."""
    fast, slow = dds.add_job(), dds.add_job(seconds=6000)
    done = await ddswait("--timeout", "5m", "-", text=f"{fast}\n{slow}\n")
    assert done.code == 124
    assert done.stderr.splitlines()[-2].endswith(f"to resume: ddswait --timeout 5m {slow}")
    assert "last seen Running" in done.stdout


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signals_end_cleanly(cloud: Cloud, number: signal.Signals, code: int) -> None:
    """Three lines: what runs on, how to resume, the totals; the code says which signal it was."""
    job_id = cloud.held_job()
    with cloud.start("--output", "json", job_id) as process:
        wait_for_line(process, "Running")
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode == code
    assert [line.partition("] ")[2] for line in err.splitlines()] == [
        "1 job runs on: only the wait was stopped",
        f"to resume: ddswait --interval 0.2s --output json {job_id}",
        f"1 pending; exit code {code}",
    ]
    document = json.loads(out)
    assert (document["exit_code"], document["jobs"][0]["outcome"]) == (code, "pending")
    job = document["jobs"][0]
    assert job["job"]["status"] == "Running"
    assert (job["polls"] > 0, job["waited_seconds"] > 0) == (True, True)


async def test_json_is_one_document(dds: Simulator, ddswait: Command) -> None:
    """`--output json` prints one document that accounts for every job."""
    good, bad = dds.add_job(), dds.add_job(fails="x")
    done = await ddswait("--output", "json", "-q", good, bad)
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    assert document["exit_code"] == done.code == 1
    assert document["summary"] == {"completed": 1, "failed": 1}
    assert [job["outcome"] for job in document["jobs"]] == ["completed", "failed"]
    assert document["jobs"][1]["job"]["fail_reason"] == "x"
    assert "waiting for" not in done.stderr


async def test_jsonl_prints_each_event_and_ends_with_a_summary(
    dds: Simulator, ddswait: Command
) -> None:
    """`--output jsonl` prints a line per event, and the summary last."""
    dds.inject("error")
    done = await ddswait("--output", "jsonl", dds.add_job(status="Odd"))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert names[:2] == ["tracked", "poll_failed"]
    assert names[-2:] == ["ended", "summary"]
    assert names.count("ended") == 1
    assert {"visible", "unknown_status"} <= set(names)
    assert events[-1]["exit_code"] == 0


def test_verbose_logs_events_as_json_outside_a_terminal(cloud: Cloud) -> None:
    """`-v` shows the library's events on standard error."""
    done = cloud.run("-v", cloud.job())
    logged = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert logged[-1]["event"] == "ddswait.job_completed"
    assert done.stdout.count("\n") == 1


def test_closed_output_is_no_success(cloud: Cloud) -> None:
    """`| head -1` ends the command at once, without a traceback, and not with 0."""
    reader, writer = os.pipe()
    job_id = cloud.job()
    with subprocess.Popen(
        [sys.executable, "-m", "ddswait", job_id],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env=cloud.env,
    ) as process:
        os.close(writer)
        os.close(reader)
        _, err = process.communicate()
    assert process.returncode == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


async def test_access_key_of_the_environment_signs(dds: Simulator, ddswait: Command) -> None:
    """With AK and SK in the environment every request is signed, and the SK is never shown."""
    key = {"HW_ACCESS_KEY": dds.access_key, "HW_AUTH_TOKEN": ""}
    good = await ddswait(dds.add_job(), HW_SECRET_KEY=dds.secret_key, **key)
    assert good.code == 0
    bad = await ddswait(dds.add_job(), HW_SECRET_KEY="another-s3cret", **key)
    assert bad.code == 4
    assert "s3cret" not in bad.stdout + bad.stderr


def test_half_an_access_key_exits_2(command: RealCommand) -> None:
    """What is missing is named."""
    half = command("a", HW_ACCESS_KEY="SIMULATEDACCESSKEY", HW_AUTH_TOKEN="")
    assert (half.code, "HW_SECRET_KEY" in half.stderr) == (2, True)


def test_check_shows_what_is_used_and_whether_it_is_accepted(
    cloud: Cloud, command: RealCommand
) -> None:
    """`--check` names source, endpoint and project, masks secrets, and exits 0, 4 or 5."""
    good = command("--check")
    assert good.code == 0
    for part in ("HW_AUTH_TOKEN", cloud.endpoint, cloud.env["HW_PROJECT_ID"], "accepted"):
        assert part in good.stdout
    bad = command("--check", HW_AUTH_TOKEN="expired-t0ken")
    assert (bad.code, "APIGW.0301" in bad.stdout) == (4, True)
    assert "t0ken" not in bad.stdout + bad.stderr
    deaf = command("--check", "--endpoint", "http://127.0.0.1:9")
    assert (deaf.code, "no reply" in deaf.stdout) == (5, True)
    clear = command("--check", "--endpoint", "http://dds.test")
    assert (clear.code, "--insecure-http" in clear.stderr) == (2, True)


def test_check_with_a_key_polls_the_project_up(cloud: Cloud, command: RealCommand) -> None:
    """An access key and a region are enough; what is wrong with them is reported, and exits 4."""
    here = ("--iam-endpoint", cloud.endpoint)
    good = command("--check", *here, **KEY)
    assert (good.code, "accepted" in good.stdout) == (0, True)
    for part in ("SIMU...EY", "simulated-region-1", cloud.env["HW_PROJECT_ID"]):
        assert part in good.stdout
    assert "simulated-secret-key" not in good.stdout + good.stderr
    other = command("--check", *here, **{**KEY, "HW_REGION_NAME": "another-region-1"})
    assert (other.code, "simulated-region-1 (" in " ".join(other.stdout.split())) == (4, True)
    waited = command(*here, cloud.job(), **KEY)
    assert waited.code == 0
    half = command(*here, "x", **{**KEY, "HW_SECRET_KEY": ""})
    assert (half.code, "HW_SECRET_KEY" in half.stderr) == (2, True)


def test_keys_of_the_ecs_if_asked_for(cloud: Cloud, command: RealCommand) -> None:
    """`--auth metadata` takes the keys of the machine; without a service it is unreachable."""
    settings = {"DDSWAIT_METADATA": cloud.endpoint}
    done = command("--auth", "metadata", cloud.job(), **settings)
    assert done.code == 0
    checked = command("--auth", "metadata", "--check", **settings)
    assert (checked.code, "metadata service" in checked.stdout) == (0, True)
    gone = command("--auth", "metadata", "--check", DDSWAIT_METADATA="http://127.0.0.1:9")
    assert (gone.code, "no reply" in gone.stdout) == (5, True)


def test_files_that_cannot_be_used_exit_2(command: RealCommand, tmp_path: Path) -> None:
    """A CA file or a clouds.yaml that cannot be read is reported before anything is polled."""
    for option, named in (("--ca-file", "nothing.pem"), ("--cloud", "nothing")):
        env = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}
        done = command(option, named, "x", **env)
        assert (done.code, "cannot be read" in done.stderr) == (2, True)


async def test_history_is_kept_between_runs(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """How long a job took is in the file; a damaged file is renamed, with a warning.

    A file of something else is refused, before anything is polled.
    """
    file = tmp_path / "history.json"
    for _ in range(2):
        assert (await ddswait("--history", str(file), dds.add_job())).code == 0
    assert len(json.loads(file.read_text())["durations, version 1"]["createmongodb"]) == 2
    file.write_text("something else")
    with pytest.raises(ConfigurationError, match="holds something else"):
        await ddswait("--history", str(file), dds.add_job())
    assert file.read_text() == "something else"
    file.write_text("")
    done = await ddswait("--history", str(file), dds.add_job())
    assert (done.code, f"warning: history {file} is damaged" in done.stderr) == (0, True)
    assert len(json.loads(file.read_text())["durations, version 1"]["createmongodb"]) >= 1


def test_password_of_the_environment_makes_a_token(cloud: Cloud, command: RealCommand) -> None:
    """User name and password wait as well, and `--check` shows whether IAM accepts them."""
    user = {
        "HW_AUTH_TOKEN": "",
        "HW_PROJECT_ID": "",
        "HW_USER_NAME": "operator",
        "HW_DOMAIN_NAME": "account",
        "HW_REGION_NAME": "simulated-region-1",
        "HW_AUTH_URL": f"{cloud.endpoint}/v3",
    }
    good = command(cloud.job(), HW_USER_PASSWORD="simulated-password", **user)
    assert good.code == 0
    checked = command("--check", HW_USER_PASSWORD="simulated-password", **user)
    assert (checked.code, "accepted" in checked.stdout) == (0, True)
    for arguments in ([cloud.job()], ["--check"]):
        bad = command(*arguments, HW_USER_PASSWORD="wr0ng", **user)
        assert bad.code == 4
        assert "wr0ng" not in bad.stdout + bad.stderr


async def test_pipe_of_replies(dds: Simulator, ddswait: Command) -> None:
    """The reply that started a job can be piped in as it is."""
    reply = json.dumps({"id": "x", "job_id": dds.add_job(), "name": "n"}, indent=2)
    assert (await ddswait("-", text=reply)).code == 0


async def test_demo_shows_a_whole_run(capsys: pytest.CaptureFixture[str]) -> None:
    """`--demo` needs no settings, ends with 1, and says why."""
    assert await demo.demonstrate() == 1
    shown = capsys.readouterr()
    outcomes = [line.split("\t")[1] for line in shown.out.splitlines()]
    assert sorted(outcomes) == ["completed", "completed", "failed"]
    assert "on purpose" in shown.err


async def test_demo_fits_into_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sentences break between words, and its command continues after a backslash."""
    for module in (demo, wrapping):
        monkeypatch.setattr(module, "width_of", lambda _: 60)
    await demo.demonstrate()
    lines = capsys.readouterr().err.splitlines()
    assert all(len(line) <= 60 for line in lines if not line.startswith("["))
    command = lines[lines.index("$ export HW_AUTH_TOKEN=...") + 1 :]
    assert command[0].startswith("$ ddswait --endpoint http://127.0.0.1:")
    assert command[0].endswith(" \\")


async def test_demo_that_is_stopped_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """No command resumes it: its cloud is gone."""
    bell = asyncio.get_running_loop().call_later(2.0, os.kill, os.getpid(), signal.SIGINT)
    assert await demo.demonstrate() == 130
    bell.cancel()
    said = capsys.readouterr().err
    assert "to resume" not in said
    assert "on purpose" not in said
    assert said.endswith("$ echo $?\n130\n\nThe demo was stopped, and its simulated DDS with it.\n")
