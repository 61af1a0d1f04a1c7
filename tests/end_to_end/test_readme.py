"""README.md: what it shows, runs."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import ddswait
from ddswait.cli.main import main
from ddswait.credentials import chain as credentials
from ddswait.simulator import Simulator
from tests.cloud_process import Cloud, serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = [text for language, text in BLOCKS if language == "sh"]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


def test_every_block_is_known_to_a_test() -> None:
    """No block of the README is left without a test: four of Python, six of shell, a picture."""
    languages = [language for language, _ in BLOCKS]
    assert sorted(languages) == ["python"] * 4 + ["sh"] * 6 + ["text"]


@pytest.mark.real_time  # the example is a process of its own
async def test_first_example_prints_the_final_record() -> None:
    """The first example runs as it stands, with settings from the environment."""
    import asyncio

    async with Simulator(visible_after=0) as dds:
        env = {
            **os.environ,
            "DDSWAIT_ENDPOINT": dds.endpoint,
            "HW_PROJECT_ID": dds.project_id,
            "HW_AUTH_TOKEN": dds.token,
            "JOB_ID": dds.add_job(seconds=0.01),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PYTHON[0], env=env, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert b"status='Completed'" in out


async def test_tour_of_the_library_runs() -> None:
    """The second block is a function that works as it stands."""
    space: dict[str, Any] = {}
    exec(PYTHON[1], space)  # noqa: S102 - our own README
    async with (
        Simulator() as dds,
        ddswait.Waiter(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token)
        ) as waiter,
    ):
        ids = [dds.add_job(), dds.add_job()]
        job, other, outcomes = await space["provision"](waiter, ids)
    assert (job.id, other.id) == tuple(ids)
    assert [outcome.ok for outcome in outcomes] == [True, True]


def test_virtual_time_example_runs() -> None:
    """The third block is a program that passes its own assertion."""
    exec(PYTHON[2], {})  # noqa: S102 - our own README


def test_set_up_commands_are_two_and_name_what_exists() -> None:
    """Two commands set up: one ends with the demo, one with the tests; both are one line."""
    demo, simulator, gate, _, other_cloud, develop = SHELL
    assert demo.rstrip().endswith("ddswait --demo")
    assert develop.rstrip().endswith("-m pytest -q")
    assert all(block.count("\n") == 1 for block in (demo, simulator, develop))
    assert (ROOT / "tests" / "constraints.txt").exists()
    assert gate.count("ddswait") == 2
    assert "ddswait --check" in other_cloud


def test_simulator_command_is_understood() -> None:
    """The simulator's command line takes the options that the README shows."""
    words = shlex.split(SHELL[1])
    assert words[:3] == [".venv/bin/python", "-m", "ddswait.simulator"]
    done = subprocess.run(
        [sys.executable, *words[1:], "--port", "-1"], capture_output=True, text=True, check=False
    )
    assert "unrecognized" not in done.stderr


def test_gate_command_is_understood(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate's options and variables are read; without a token it says what is missing."""
    words = shlex.split(SHELL[2].splitlines()[1])
    for name in os.environ:
        if name.startswith(("HW_", "OS_", "HUAWEICLOUD_", "DDSWAIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(ROOT / "nobody"))
    monkeypatch.setenv("HW_REGION_NAME", "ap-southeast-1")
    monkeypatch.setenv("HW_PROJECT_ID", "0549b4a43100d4f32f51c01c2fe4acdb")
    assert main(words[1:]) == 2
    told = capsys.readouterr().err
    assert told.startswith("ddswait: error: missing: credentials: set HW_ACCESS_KEY")


def test_gate_with_all_its_files_runs(cloud: Cloud, tmp_path: Path) -> None:
    """The long command runs as it stands, and again by its state; the files are there."""
    ids = {"ID1": cloud.job(), "ID2": cloud.job()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for _ in range(2):
        done = subprocess.run(
            ["sh", "-c", SHELL[3]],
            cwd=tmp_path,
            env={**cloud.env, **ids, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.count("completed")) == (0, 2)
    assert "(2 ended in an earlier run)" in done.stderr
    names = {".wait.json.lock", "wait.json", "report.html", "junit.xml"}
    assert {each.name for each in tmp_path.iterdir()} == names


def test_other_clouds_endpoint_is_what_the_comment_says() -> None:
    """The exported variables lead to the endpoint that the comment names."""
    settings = dict(word.split("=") for word in SHELL[4].splitlines()[0].split()[1:])
    keys = {"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK"}
    endpoint = credentials.locate({**settings, **keys}).endpoint
    assert SHELL[4].splitlines()[1].endswith(endpoint)


async def test_source_of_ones_own_serves() -> None:
    """The vault of the README brings keys that are accepted."""
    space: dict[str, Any] = {}
    exec(PYTHON[3], space)  # noqa: S102 - our own README
    async with Simulator(epoch=datetime.now(UTC)) as dds:

        async def read_from_my_vault() -> tuple[str, str]:
            return dds.access_key, dds.secret_key

        space["read_from_my_vault"] = read_from_my_vault
        async with ddswait.Waiter(
            endpoint=dds.endpoint, project_id=dds.project_id, auth=space["Vault"]()
        ) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=60))).status == "Completed"


def test_exit_codes_are_those_of_the_help() -> None:
    """The README's table and `--help` name the same codes."""
    table = set(re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE))
    codes = {code for cell in table for code in re.findall(r"\d+", cell)}
    told = (ROOT / "tests" / "cli" / "help.txt").read_text()
    assert codes == set(re.findall(r"^ +(\d+)  ", told, re.MULTILINE))
