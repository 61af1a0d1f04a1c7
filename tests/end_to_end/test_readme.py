"""README.md and docs/: every code block runs, and every statement that can be checked holds."""

import asyncio
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

import ddswait
from ddswait import events
from ddswait.cli.main import main
from ddswait.credentials import chain as credentials
from ddswait.job import Job
from ddswait.simulator import Simulator
from tests.cloud_process import Cloud, serving
from tests.end_to_end.pages import BLOCKS, PAGES, ROOT, blocks, run_block, run_shell, settings_of


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[Cloud]:
    with serving() as cloud:
        yield cloud


def test_every_block_has_a_test() -> None:
    """No code block is without a test; blocks of the language `text` are drawings."""
    count = {
        (page, language): len(blocks(page, language))
        for page in PAGES
        for language in {language for language, _ in BLOCKS[page]} - {"text"}
    }
    assert count == {
        ("README.md", "python"): 1,
        ("README.md", "sh"): 5,
        ("docs/command-line.md", "sh"): 3,
        ("docs/credentials.md", "python"): 1,
        ("docs/credentials.md", "sh"): 2,
        ("docs/credentials.md", "json"): 1,
        ("docs/library.md", "python"): 7,
        ("docs/performance.md", "sh"): 1,
        ("docs/pipelines.md", "sh"): 3,
        ("docs/polling.md", "sh"): 1,
        ("docs/scale.md", "python"): 1,  # in tests/airflow/test_example.py
        ("docs/testing.md", "python"): 5,  # two of them in tests/simulator/test_pytest_plugin.py
        ("docs/testing.md", "sh"): 2,
    }


def test_first_example_prints_the_final_record(
    shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program of the README runs as it is, with settings from the environment."""
    for name, value in shared_cloud.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JOB_ID", shared_cloud.job(seconds=0))
    run_block(blocks("README.md", "python")[0])
    assert "status='Completed'" in capsys.readouterr().out


def test_set_up_commands_are_two_lines() -> None:
    """One line sets up and shows the demo, another sets up and runs the tests."""
    demo, simulator, _, _, develop = blocks("README.md", "sh")
    assert demo.rstrip().endswith("ddswait --demo")
    assert develop.rstrip().endswith("-m pytest -q")
    assert all(block.count("\n") == 1 for block in (demo, simulator, develop))
    assert "-c tests/constraints.txt" in develop
    assert (ROOT / "tests" / "constraints.txt").exists()


def test_simulator_command_is_understood() -> None:
    """The simulator accepts the options that the README shows."""
    words = shlex.split(blocks("README.md", "sh")[1])
    assert words[:3] == [".venv/bin/python", "-m", "ddswait.simulator"]
    done = subprocess.run(
        [sys.executable, *words[1:], "--port", "-1"], capture_output=True, text=True, check=False
    )
    assert "unrecognized" not in done.stderr


def test_commands_of_the_comparison_are_understood() -> None:
    """The environment of the comparison has its requirements, and the command exists."""
    venv, install, compare = map(shlex.split, blocks("docs/performance.md", "sh")[0].splitlines())
    assert (ROOT / install[-1]).exists()
    assert {install[0], compare[0]} == {f"{venv[-1]}/bin/pip", f"{venv[-1]}/bin/python"}
    done = subprocess.run(
        [sys.executable, *compare[1:], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "python -m tests.benchmarks.peers" in done.stdout


def test_gate_command_is_understood(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate reads its options and variables; without a token it says what is missing."""
    lines = blocks("README.md", "sh")[2].splitlines()
    assert [line.split()[0] for line in lines] == ["export", "ddswait", "hcloud"]
    for name in os.environ:
        if name.startswith(("HW_", "OS_", "HUAWEICLOUD_", "DDSWAIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DDSWAIT_METADATA", "off")
    monkeypatch.setenv("HOME", str(ROOT / "nobody"))
    monkeypatch.setenv("HW_REGION_NAME", "ap-southeast-1")
    monkeypatch.setenv("HW_PROJECT_ID", "0549b4a43100d4f32f51c01c2fe4acdb")
    assert main(shlex.split(lines[1])[1:]) == 2
    assert "HW_ACCESS_KEY" in capsys.readouterr().err


def test_gate_with_all_its_files_runs(shared_cloud: Cloud, tmp_path: Path) -> None:
    """The long command runs as it is, and resumes from its state; it writes every file."""
    ids = {"ID1": shared_cloud.job(), "ID2": shared_cloud.job()}
    for _ in range(2):
        done = run_shell(blocks("README.md", "sh")[3], shared_cloud, tmp_path, **ids)
        assert (done.returncode, done.stdout.count("completed")) == (0, 2)
    assert "nothing is left to wait for: 2 jobs ended in an earlier run\n" in done.stderr
    names = {each.name for each in tmp_path.iterdir()}
    assert names - {".wait.json.lock", "wait.json.lock"} == {
        "wait.json",
        "report.html",
        "junit.xml",
    }


def test_exit_codes_are_those_of_the_help() -> None:
    """The README's table and `--help` name the same codes."""
    readme = (ROOT / "README.md").read_text()
    table = set(re.findall(r"^\| ([\d, ]+) \|", readme, re.MULTILINE))
    codes = {code for cell in table for code in re.findall(r"\d+", cell)}
    help_text = (ROOT / "tests" / "cli" / "help.txt").read_text()
    assert codes == set(re.findall(r"^ +(\d+)  ", help_text, re.MULTILINE))


async def test_tour_of_the_library_runs() -> None:
    """The function that shows every way to wait works as it is."""
    space = run_block(blocks("docs/library.md", "python")[0])
    async with Simulator() as dds, ddswait.Waiter(**settings_of(dds)) as waiter:
        ids = [dds.add_job(), dds.add_job()]
        job, other, outcomes = await space["provision"](waiter, ids)
    assert (job.id, other.id) == tuple(ids)
    assert [outcome.ok for outcome in outcomes] == [True, True]


def test_script_without_asyncio_runs(
    shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function prints the name of each job, and raises for one that failed."""
    for name, value in shared_cloud.env.items():
        monkeypatch.setenv(name, value)
    restart = run_block("import ddswait\n" + blocks("docs/library.md", "python")[1])["restart"]
    good, bad = shared_cloud.job(name="Restart"), shared_cloud.job(fails="no quota")
    with pytest.raises(ddswait.JobFailed):
        restart([good, bad])
    assert capsys.readouterr().out == "Restart\n"


async def test_jobs_and_instances_are_waited_for_together() -> None:
    """One outcome each, in the order of the futures; cancelled together."""
    space = run_block("import asyncio\n" + blocks("docs/library.md", "python")[2])
    async with Simulator() as dds, ddswait.Waiter(**settings_of(dds)) as waiter:
        busy = "a" * 32 + "in02"
        ids = [dds.add_job(seconds=5, instance_id=busy), dds.add_job(seconds=5, fails="no quota")]
        outcomes = await space["everything"](waiter, ids, [busy, "nobody"])
        task = asyncio.ensure_future(space["everything"](waiter, [], [busy]))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        assert waiter.pending() == []
    assert [str(each.kind) for each in outcomes] == [
        "completed",
        "failed",
        "completed",
        "not_found",
    ]
    assert [each.job_id for each in outcomes] == [*ids, "", ""]


async def test_wait_is_handed_over() -> None:
    """A second call goes on with what the first one kept."""

    class Store:
        kept: Any = None

        def load(self) -> Any:
            return self.kept

        def save(self, document: Any) -> None:
            self.kept = json.loads(json.dumps(document))

    wait_durably = run_block("import ddswait\n" + blocks("docs/library.md", "python")[3])[
        "wait_durably"
    ]
    store = Store()
    async with Simulator() as dds, ddswait.Waiter(**settings_of(dds)) as waiter:
        ids = [dds.add_job(seconds=5), dds.add_job(seconds=1000)]
        task = asyncio.ensure_future(wait_durably(waiter, store, ids))
        await asyncio.sleep(500)
        task.cancel()
        await asyncio.wait([task])
        polls = dds.polls[ids[0]]
        outcomes = await wait_durably(waiter, store, [])
        assert dds.polls[ids[0]] == polls
    assert [each.ok for each in outcomes] == [True, True]


async def test_progress_of_one_job_is_followed(capsys: pytest.CaptureFixture[str]) -> None:
    """The function prints what is known, and then each event up to the end."""
    follow = run_block(blocks("docs/library.md", "python")[4])["follow"]
    async with Simulator() as dds, ddswait.Waiter(**settings_of(dds)) as waiter:
        job_id = dds.add_job(seconds=100)
        waiter.track(job_id)
        await follow(waiter, job_id)
    first, *events, last = capsys.readouterr().out.splitlines()
    assert (first, events[0], last) == ("not visible yet", "Visible", "Ended")


async def test_history_is_kept_in_the_file(tmp_path: Path) -> None:
    """The function that keeps durations between runs writes the file."""
    space = run_block("import ddswait\n" + blocks("docs/library.md", "python")[5])
    path = tmp_path / "history.json"
    async with Simulator() as dds:
        job_id = dds.add_job(seconds=60)
        job = await space["wait_with_history"](settings_of(dds), job_id, path)
    assert job.id in path.read_text()


def test_event_handler_reads_the_records(capsys: pytest.CaptureFixture[str]) -> None:
    """The handler takes the records of `ddswait.events` apart."""
    handle = run_block(blocks("docs/library.md", "python")[6])["on_event"]
    handle(events.Progressed("a", Job("a", progress=20), Job("a", progress=10)))
    handle(events.PollFailed("a", "HTTP 502", 4.0))
    handle(events.Tracked("a"))
    assert capsys.readouterr().out == "a 10 -> 20\na HTTP 502 next poll in 4 s\n"


def test_library_page_lists_every_kind_and_event() -> None:
    """The tables of outcome kinds and of events are complete, exceptions included."""
    text = (ROOT / "docs" / "library.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)?", text, re.MULTILINE)
    for kind in ddswait.OutcomeKind:
        error = type(ddswait.Outcome("a", kind).error()).__name__
        assert (kind.value, error if error != "WaitError" else "") in rows
    names = {event.__name__ for event in get_args(events.Event)}
    assert names <= {name for name, _ in rows}


def test_library_page_shows_the_tree_of_exceptions() -> None:
    """As `help(ddswait.errors)` does."""
    tree = textwrap.dedent((ddswait.errors.__doc__ or "").split("\n\n")[1])
    assert tree in blocks("docs/library.md", "text")[1]


def test_library_page_states_the_defaults() -> None:
    """The table of settings gives the defaults of `Waiter`."""
    text = (ROOT / "docs" / "library.md").read_text()
    table = re.findall(r'^\| `(\w+)` \| `?"?([\w/]+)"?`? \| ', text, re.MULTILINE)
    stated = {name: value for name, value in table if value[0].isdigit() or value == "None"}
    parameters = inspect.signature(ddswait.Waiter).parameters
    actual = {name: str(parameters[name].default).removesuffix(".0") for name in stated}
    assert stated == actual
    assert len(stated) == 7


@pytest.mark.parametrize("number", [0, 2])
def test_commands_of_the_command_line_page_run(
    number: int, shared_cloud: Cloud, tmp_path: Path
) -> None:
    """Each command runs as it is and succeeds."""
    ids = {"ID1": shared_cloud.job(), "ID2": shared_cloud.job()}
    done = run_shell(blocks("docs/command-line.md", "sh")[number], shared_cloud, tmp_path, **ids)
    assert done.returncode == 0, done.stderr


def test_command_for_several_services_runs(shared_cloud: Cloud, tmp_path: Path) -> None:
    """With the variables that lead to each service."""
    services = {"ID1": "rds", "ID2": "dds", "ID3": "geminidb"}
    ids = {name: shared_cloud.job(service=services[name]) for name in services}
    hosts = {"RDS": "rds", "DDS": "", "GAUSSDBFORNOSQL": "geminidb"}
    variables = {
        f"HUAWEICLOUD_SDK_REGION_{name}_XX_SIM_1": f"{shared_cloud.endpoint}/{path}".rstrip("/")
        for name, path in hosts.items()
    }
    variables["HW_REGION_NAME"] = "xx-sim-1"
    block = blocks("docs/command-line.md", "sh")[1]
    done = run_shell(block, shared_cloud, tmp_path, **ids, **variables)
    assert done.returncode == 0, done.stderr


def test_other_clouds_endpoint_is_what_the_comment_says() -> None:
    """The exported variables lead to the endpoint that the comment names."""
    export, check = blocks("docs/credentials.md", "sh")[1].splitlines()
    assert check.startswith("ddswait --check ")
    settings = dict(word.split("=") for word in export.split()[1:])
    keys = {"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK"}
    assert check.endswith(credentials.resolve({**settings, **keys}).endpoint)


async def test_credential_provider_of_your_own_serves() -> None:
    """The vault of the page provides keys that the service accepts."""
    space = run_block(blocks("docs/credentials.md", "python")[0])
    async with Simulator(epoch=datetime.now(UTC)) as dds:

        async def read_from_my_vault() -> tuple[str, str]:
            return dds.access_key, dds.secret_key

        space["read_from_my_vault"] = read_from_my_vault
        settings = {**settings_of(dds), "auth": space["Vault"]()}
        async with ddswait.Waiter(**settings) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=60))).status == "Completed"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_virtual_time_example_runs(number: int) -> None:
    """The program passes its own assertion."""
    run_block(blocks("docs/testing.md", "python")[number])


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("service", ["dds", "rds"])
async def test_control_paths_of_the_simulator_work(tmp_path: Path, service: str) -> None:
    """The curl commands add a job and a failure, and show what was replied."""
    block = blocks("docs/testing.md", "sh")[0]
    async with Simulator(service=service) as dds:
        cloud = Cloud(dds.endpoint, {"DDSWAIT_ENDPOINT": dds.endpoint})
        done = await asyncio.to_thread(run_shell, f"set -e\n{block}", cloud, tmp_path)
        assert done.returncode == 0, done.stderr
        (job_id,) = re.findall(r'"job_id": "([\w-]+)"', done.stdout)
        async with ddswait.Waiter(service=service, **settings_of(dds)) as waiter:
            assert (await waiter.wait(job_id)).is_final
        assert dds.statuses[502] == 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_fault_of_one_service_leaves_the_others_alone(tmp_path: Path) -> None:
    """The curl command lets RDS refuse polls; those of DDS go on."""
    block = blocks("docs/testing.md", "sh")[1]
    async with Simulator() as dds:
        environment = {"DDSWAIT_ENDPOINT": dds.endpoint, "HW_PROJECT_ID": dds.project_id}
        cloud = Cloud(dds.endpoint, environment)
        done = await asyncio.to_thread(run_shell, f"set -e\n{block}", cloud, tmp_path)
        assert (done.returncode, done.stdout) == (0, "{}"), done.stderr
        async with ddswait.Waiter(**settings_of(dds)) as waiter:
            assert (await waiter.wait(dds.add_job(seconds=0, visible_after=0))).is_final
        rds = {**settings_of(dds), "endpoint": dds.endpoint_of("rds")}
        async with ddswait.Waiter(service="rds", **rds) as waiter:
            with pytest.raises(ddswait.Refused):
                await waiter.wait(dds.add_job(service="rds", seconds=0, visible_after=0))
