"""The command `ddswait`, as a real process against a simulator in another one."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cloud_process import Cloud


def ddswait(
    cloud: Cloud, *arguments: str, text: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    return cloud.run(*arguments, text=text, **env)


def test_completed_jobs_exit_0(cloud: Cloud) -> None:
    """One line per job on standard output, and nothing else; the rest on standard error."""
    ids = [cloud.job(instance_name="mine"), cloud.job()]
    done = ddswait(cloud, *ids, ids[0])
    assert done.returncode == 0
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} == set(ids)
    assert {line[1] for line in lines} == {"completed"}
    assert "waiting for 2 jobs" in done.stderr
    assert "2 completed; exit code 0" in done.stderr


def test_options_may_stand_anywhere(cloud: Cloud) -> None:
    """Before, between and after the job IDs."""
    ids = [cloud.job(), cloud.job(), cloud.job()]
    done = ddswait(cloud, ids[0], "--rate", "20/s", ids[1], "--timeout", "60", ids[2], "-q")
    assert (done.returncode, done.stdout.count("completed"), done.stderr) == (0, 3, "")


def test_failed_job_exits_1_and_says_why(cloud: Cloud) -> None:
    """A failed job exits 1; the server's words cannot steer the terminal."""
    done = ddswait(cloud, cloud.job(fails="no \x1b[31mquota\nleft"))
    assert done.returncode == 1
    assert "no \\x1b[31mquota\\nleft" in done.stdout


def test_usage_errors_exit_2(cloud: Cloud) -> None:
    """Whatever is wrong with the input is named, and nothing is polled."""
    for arguments, text, named in (
        ([], "", "no job ID"),
        (["a b"], "", "'a b'"),
        (["-"], "", "standard input"),
        (["-"], '{"order_id": "CS1"}', "CS1"),
        (["--timeout", "nan", "a"], "", "--timeout"),
        (["--endpoint", "ftp://x", "a"], "", "ftp://x"),
        (["--project-id", "a/b", "a"], "", "a/b"),
        (["--colour", "a"], "", "--colour"),
    ):
        done = ddswait(cloud, *arguments, text=text)
        assert (done.returncode, done.stdout) == (2, "")
        assert named in done.stderr
    done = ddswait(cloud, "a", HW_AUTH_TOKEN="", OS_AUTH_TOKEN="", HOME="/nonexistent")
    assert (done.returncode, "HW_AUTH_TOKEN" in done.stderr) == (2, True)
    done = ddswait(cloud, "a", HW_AUTH_TOKEN="two\nlines")
    assert (done.returncode, "two" in done.stderr) == (2, False)
    with urllib.request.urlopen(f"{cloud.endpoint}/_simulator/stats") as response:  # noqa: S310
        assert json.load(response)["statuses"] == {}


def test_unknown_id_exits_3(cloud: Cloud) -> None:
    """An ID that nobody knows within the grace exits 3."""
    done = ddswait(cloud, "--grace", "0.5", "nobody")
    assert done.returncode == 3
    assert "mistyped" in done.stdout


def test_refused_credentials_exit_4(cloud: Cloud) -> None:
    """A wrong token exits 4, with the code and the request ID."""
    done = ddswait(cloud, cloud.job(), HW_AUTH_TOKEN="another-t0ken")
    assert done.returncode == 4
    assert "APIGW.0301" in done.stdout
    assert "request ID" in done.stdout
    assert "t0ken" not in done.stdout + done.stderr


def test_unreachable_exits_5(cloud: Cloud) -> None:
    """Looks that fail for too long exit 5, with the cause, and name what is pending."""
    job_id = cloud.job()
    cloud.post("faults", kind="error", status=502, count=None)
    done = ddswait(cloud, "--unreachable-after", "0.5", job_id)
    assert done.returncode == 5
    assert "502" in done.stdout
    assert done.stderr.endswith(f" {job_id}\n")


def test_timeout_exits_124_and_names_what_is_pending(cloud: Cloud) -> None:
    """A timeout is no failure and no success: 124, and the pending IDs."""
    fast, slow = cloud.job(), cloud.job(seconds=600)
    done = ddswait(cloud, "--timeout", "1", "-", text=f"{fast}\n{slow}\n")
    assert done.returncode == 124
    assert done.stderr.endswith(f"--interval 0.2 {slow}\n")
    assert "last seen Running" in done.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_cleanly(cloud: Cloud, number: signal.Signals, code: int) -> None:
    """A signal prints the pending IDs, and the code says which signal it was."""
    job_id = cloud.job(seconds=600)
    with subprocess.Popen(
        [sys.executable, "-m", "ddswait", "--output", "json", job_id],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=cloud.env,
    ) as process:
        assert process.stderr is not None
        while "Running" not in process.stderr.readline():
            pass
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode == code
    assert err.endswith(f"{job_id}\n")
    assert "Traceback" not in err
    document = json.loads(out)
    assert (document["exit_code"], document["jobs"][0]["outcome"]) == (code, "pending")
    job = document["jobs"][0]
    assert job["job"]["status"] == "Running"
    assert (job["polls"] > 0, job["waited_seconds"] > 0) == (True, True)


def test_json_is_one_document(cloud: Cloud) -> None:
    """`--output json` prints one document that accounts for every job."""
    good, bad = cloud.job(), cloud.job(fails="x")
    done = ddswait(cloud, "--output", "json", "-q", good, bad)
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    assert document["exit_code"] == done.returncode == 1
    assert document["summary"] == {"completed": 1, "failed": 1}
    assert [job["outcome"] for job in document["jobs"]] == ["completed", "failed"]
    assert document["jobs"][1]["job"]["fail_reason"] == "x"
    assert "waiting for" not in done.stderr


def test_jsonl_tells_each_event_and_ends_with_a_summary(cloud: Cloud) -> None:
    """`--output jsonl` prints a line per event, and the summary last."""
    cloud.post("faults", kind="error")
    done = ddswait(cloud, "--output", "jsonl", cloud.job(seconds=2, status="Odd"))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    told = [event["event"] for event in events]
    assert told[:2] == ["tracked", "poll_failed"]
    assert told[-2:] == ["ended", "summary"]
    assert {"visible", "unknown_status"} <= set(told)
    assert events[-1]["exit_code"] == 0


def test_verbose_logs_events_as_json_outside_a_terminal(cloud: Cloud) -> None:
    """`-v` shows the library's events on standard error."""
    done = ddswait(cloud, "-v", cloud.job())
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


def test_access_key_of_the_environment_signs(cloud: Cloud) -> None:
    """With AK and SK in the environment every request is signed, and the SK is never shown."""
    keys = {"HW_ACCESS_KEY": "SIMULATEDACCESSKEY", "HW_AUTH_TOKEN": ""}
    good = ddswait(cloud, cloud.job(), HW_SECRET_KEY="simulated-secret-key", **keys)
    assert good.returncode == 0
    bad = ddswait(cloud, cloud.job(), HW_SECRET_KEY="another-s3cret", **keys)
    assert bad.returncode == 4
    assert "s3cret" not in bad.stdout + bad.stderr
    half = ddswait(cloud, "a", **keys)
    assert (half.returncode, "HW_SECRET_KEY" in half.stderr) == (2, True)


def test_check_tells_what_is_used_and_whether_it_is_accepted(cloud: Cloud) -> None:
    """`--check` names source, endpoint and project, masks secrets, and exits 0, 4 or 5."""
    good = ddswait(cloud, "--check")
    assert good.returncode == 0
    for part in ("HW_AUTH_TOKEN", cloud.endpoint, cloud.env["HW_PROJECT_ID"], "accepted"):
        assert part in good.stdout
    bad = ddswait(cloud, "--check", HW_AUTH_TOKEN="expired-t0ken")
    assert (bad.returncode, "APIGW.0301" in bad.stdout) == (4, True)
    assert "t0ken" not in bad.stdout + bad.stderr
    deaf = ddswait(cloud, "--check", "--endpoint", "http://127.0.0.1:9")
    assert (deaf.returncode, "no answer" in deaf.stdout) == (5, True)
    clear = ddswait(cloud, "--check", "--endpoint", "http://dds.test")
    assert (clear.returncode, "--insecure-http" in clear.stderr) == (2, True)


def test_check_with_a_key_looks_the_project_up(cloud: Cloud) -> None:
    """An access key and a region are enough; what is wrong with them is told, and exits 4."""
    keys = {
        "HW_ACCESS_KEY": "SIMULATEDACCESSKEY",
        "HW_SECRET_KEY": "simulated-secret-key",
        "HW_REGION_NAME": "simulated-region-1",
        "HW_PROJECT_ID": "",
    }
    here = ("--iam-endpoint", cloud.endpoint)
    good = ddswait(cloud, "--check", *here, **keys)
    assert (good.returncode, "accepted" in good.stdout) == (0, True)
    for part in ("SIMU...EY", "simulated-region-1", cloud.env["HW_PROJECT_ID"]):
        assert part in good.stdout
    assert "simulated-secret-key" not in good.stdout + good.stderr
    other = ddswait(cloud, "--check", *here, **{**keys, "HW_REGION_NAME": "another-region-1"})
    assert (other.returncode, "simulated-region-1 (" in other.stdout) == (4, True)
    waited = ddswait(cloud, *here, cloud.job(), **keys)
    assert waited.returncode == 0
    half = ddswait(cloud, *here, cloud.job(), **{**keys, "HW_SECRET_KEY": ""})
    assert (half.returncode, "HW_SECRET_KEY" in half.stderr) == (2, True)


def test_keys_of_the_ecs_when_asked_for(cloud: Cloud) -> None:
    """`--auth metadata` takes the keys of the machine; without a service it is unreachable."""
    settings = {"DDSWAIT_METADATA": cloud.endpoint}
    done = ddswait(cloud, "--auth", "metadata", cloud.job(), **settings)
    assert done.returncode == 0
    checked = ddswait(cloud, "--auth", "metadata", "--check", **settings)
    assert (checked.returncode, "metadata service" in checked.stdout) == (0, True)
    gone = ddswait(cloud, "--auth", "metadata", "--check", DDSWAIT_METADATA="http://127.0.0.1:9")
    assert (gone.returncode, "no answer" in gone.stdout) == (5, True)


def test_files_that_cannot_be_used_exit_2(cloud: Cloud, tmp_path: Path) -> None:
    """A CA file or a clouds.yaml that cannot be read is told before anything is polled."""
    for option, named in (("--ca-file", "nothing.pem"), ("--cloud", "nothing")):
        env = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}
        done = ddswait(cloud, option, named, cloud.job(), **env)
        assert (done.returncode, "cannot be read" in done.stderr) == (2, True)


def test_history_is_kept_between_runs(cloud: Cloud, tmp_path: Path) -> None:
    """What a job took is in the file; a place that cannot be written to is told before polling."""
    file = tmp_path / "history.json"
    for _ in range(2):
        assert ddswait(cloud, "--history", str(file), cloud.job(seconds=1.5)).returncode == 0
    assert len(json.loads(file.read_text())["durations, version 1"]["createmongodb"]) == 2
    file.write_text("no JSON")
    done = ddswait(cloud, "--history", str(file), cloud.job(seconds=1.5))
    assert (done.returncode, f"warning: history {file} is damaged" in done.stderr) == (0, True)
    assert len(json.loads(file.read_text())["durations, version 1"]["createmongodb"]) >= 1
    done = ddswait(cloud, "--history", str(tmp_path / "none" / "h"), cloud.job())
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)
    done = ddswait(cloud, "--rate", "fast", cloud.job())
    assert (done.returncode, "10/s or 200/5m" in done.stderr) == (2, True)


def test_password_of_the_environment_makes_a_token(cloud: Cloud) -> None:
    """User name and password wait as well, and `--check` tells whether IAM accepts them."""
    user = {
        "HW_AUTH_TOKEN": "",
        "HW_PROJECT_ID": "",
        "HW_USER_NAME": "operator",
        "HW_DOMAIN_NAME": "account",
        "HW_REGION_NAME": "simulated-region-1",
        "HW_AUTH_URL": f"{cloud.endpoint}/v3",
    }
    good = ddswait(cloud, cloud.job(), HW_USER_PASSWORD="simulated-password", **user)
    assert good.returncode == 0
    checked = ddswait(cloud, "--check", HW_USER_PASSWORD="simulated-password", **user)
    assert (checked.returncode, "accepted" in checked.stdout) == (0, True)
    for arguments in ([cloud.job()], ["--check"]):
        bad = ddswait(cloud, *arguments, HW_USER_PASSWORD="wr0ng", **user)
        assert bad.returncode == 4
        assert "wr0ng" not in bad.stdout + bad.stderr


def test_pipe_of_replies(cloud: Cloud) -> None:
    """The reply that started a job can be piped in as it is."""
    reply = json.dumps({"id": "x", "job_id": cloud.job(), "name": "n"}, indent=2)
    assert ddswait(cloud, "-", text=reply).returncode == 0


def test_demo_shows_it_all() -> None:
    """`--demo` runs without any settings, ends with 1, and says why."""
    done = subprocess.run(
        [sys.executable, "-m", "ddswait", "--demo"],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("HW_")},
        check=False,
    )
    assert done.returncode == 1
    outcomes = [line.split("\t")[1] for line in done.stdout.splitlines()]
    assert sorted(outcomes) == ["completed", "completed", "failed"]
    assert "Traceback" not in done.stderr
    assert "on purpose" in done.stderr


def test_usage_loads_neither_asyncio_nor_aiohttp() -> None:
    """`--help`, `--version` and usage errors load nothing that is slow."""
    for arguments in (["--help"], ["--version"], ["a b"], []):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "ddswait", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert not loaded & {"asyncio", "aiohttp", "structlog", "backoff", "rich", "logging"}
