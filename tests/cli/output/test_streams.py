"""A log says each thing once, whichever of the two streams it comes from."""

import subprocess
from pathlib import Path

import pytest

from tests.cloud_process import Cloud

REASON = "Insufficient quota of volumes in az2."


def failing(cloud: Cloud) -> str:
    return f"orders={cloud.job(fails=REASON, seconds=0.01)}"


def test_reason_of_one_failure_is_said_once_by_each_stream(cloud: Cloud) -> None:
    """By its line at once, and by its line of data; the end of the run does not repeat it."""
    done = cloud.run(failing(cloud))
    assert done.stdout.count(REASON) == 1
    assert done.stderr.count(REASON) == 1
    said, *explained = done.stderr.splitlines()[1:]
    assert said.endswith(f"] orders  failed: {REASON}")
    assert "] orders (" in explained[0]
    assert " failed after " in explained[0]


@pytest.mark.parametrize("seconds", [0.01, 2])
def test_end_of_a_job_is_one_line_of_a_common_log(cloud: Cloud, seconds: float) -> None:
    """Of a job that had ended before the first poll as well."""
    done = subprocess.run(
        cloud.command(f"orders={cloud.job(fails=REASON, seconds=seconds)}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=cloud.env,
        check=False,
    )
    assert done.stdout.count(REASON) == 1
    lines = [line for line in done.stdout.splitlines() if line.endswith("orders")]
    assert [line.split("\t")[1] for line in lines] == ["failed"]
    assert not [line for line in done.stdout.splitlines() if "orders  " in line and "ailed" in line]


def test_log_of_github_is_a_common_log(cloud: Cloud) -> None:
    """Its runner reads two pipes; the annotation says why, and the line of data that it ended."""
    done = cloud.run(failing(cloud), GITHUB_ACTIONS="true")
    assert done.stdout.count(REASON) == 1
    assert [line for line in done.stderr.splitlines() if REASON in line] == [
        f"::error title=DDS job orders%3A failed::{REASON}"
    ]


@pytest.mark.parametrize("variable", ["GITLAB_CI", "TF_BUILD"])
def test_log_of_another_runner_is_a_common_log(cloud: Cloud, variable: str) -> None:
    """GitLab and Azure Pipelines read two pipes as well; the line of data says that it ended."""
    done = cloud.run(failing(cloud), **{variable: "true"})
    assert done.stdout.count(REASON) == 1
    assert REASON not in done.stderr


@pytest.mark.parametrize("variable", ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"])
def test_output_that_goes_to_a_file_is_apart_in_a_runner(
    cloud: Cloud, tmp_path: Path, variable: str
) -> None:
    """Then only standard error is in the log, and says that a job ended."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" > {tmp_path}/out', "sh", *cloud.command(failing(cloud))],
        capture_output=True,
        text=True,
        env={**cloud.env, variable: "true"},
        check=False,
    )
    assert f"] orders  failed: {REASON}" in done.stderr
