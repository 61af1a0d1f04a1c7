"""ddswait.sync: waiting in a program that does not use asyncio, against a real process."""

import inspect
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ddswait
from ddswait.discovery import EnvSettings
from tests.cloud_process import Cloud, serving

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


@pytest.fixture
def cloud(shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name, value in shared_cloud.env.items():
        monkeypatch.setenv(name, value)
    return shared_cloud


def test_script_waits_without_asyncio(cloud: Cloud) -> None:
    """Every outcome comes in the order of the IDs, with settings of the environment."""
    ids = [cloud.job(seconds=0), cloud.job(seconds=0, fails="no quota")]
    good, bad = ddswait.wait_sync([*ids, ids[0]])
    assert [good.job_id, bad.job_id] == ids
    assert (good.result().status, str(bad.kind)) == ("Completed", "failed")
    with pytest.raises(ddswait.JobFailed, match="no quota"):
        bad.result()


def test_any_collection_and_labels_serve(cloud: Cloud) -> None:
    """A generator is read once; a mapping gives labels; settings are those of from_env()."""
    job_id = cloud.job(seconds=0)
    [one] = ddswait.wait_sync((each for each in [job_id]), interval=0.5)
    [other] = ddswait.wait_sync({"orders": job_id}, rate="5/s")
    assert (one.ok, other.ok, one.label, other.label) == (True, True, "", "orders")
    assert ddswait.wait_sync([]) == []


def test_first_failure_returns_when_asked(cloud: Cloud) -> None:
    """What has not ended by then is pending."""
    ids = [cloud.job(held=True), cloud.job(seconds=0, fails="no quota")]
    assert [str(each.kind) for each in ddswait.wait_sync(ids, fail_fast=True)] == [
        "pending",
        "failed",
    ]


def test_instance_is_waited_for_too(cloud: Cloud) -> None:
    """With ready=True."""
    [outcome] = ddswait.wait_sync([cloud.job(seconds=0, name="Restart_MongoDB")], ready=True)
    assert outcome.ok


def test_other_threads_may_wait_too(cloud: Cloud) -> None:
    """Only a loop in the same thread is in the way."""
    found: list[ddswait.Outcome] = []
    job_id = cloud.job(seconds=0)
    thread = threading.Thread(target=lambda: found.extend(ddswait.wait_sync([job_id])))
    thread.start()
    thread.join()
    assert [each.ok for each in found] == [True]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"timout": 5}, "'timout'. Did you mean 'timeout'?"),
        ({"failfast": True}, "'failfast'. Did you mean 'fail_fast'?"),
        ({"callback": print}, "'callback'"),
    ],
)
async def test_wrong_argument_is_named_with_what_is_near(wrong: Any, hint: str) -> None:
    """As Python names one, by the function that was called and before anything else is looked at.

    In a program without a configuration, the configuration would be the only complaint.
    """
    said = "got an unexpected keyword argument"
    with pytest.raises(TypeError, match=rf"^wait_sync\(\) {said} {re.escape(hint)}$"):
        ddswait.wait_sync("one-id", **wrong)
    wrong = {"timeouts": 5}
    hint = "'timeouts'. Did you mean 'timeout'?"
    with pytest.raises(TypeError, match=rf"^Waiter\.from_env\(\) {said} {re.escape(hint)}$"):
        ddswait.Waiter.from_env(**wrong)
    with pytest.raises(TypeError, match=rf"^Waiter\.from_env_async\(\) {said} {re.escape(hint)}$"):
        await ddswait.Waiter.from_env_async(**wrong)


async def test_running_loop_is_a_clear_error() -> None:
    """The message says what to call instead; nothing is begun, so nothing is left unawaited."""
    with pytest.raises(ddswait.WaiterInUse, match=r"await waiter\.wait_all\(job_ids\)") as caught:
        ddswait.wait_sync(["a"], endpoint="https://dds.test", project_id="p")
    assert isinstance(caught.value, RuntimeError)
    assert "wait_sync()" in str(caught.value)


@pytest.mark.parametrize("jobs", ["one-id", None, [None]])
def test_bad_ids_are_refused_before_credentials_are_looked_for(jobs: Any) -> None:
    """InputError, even without any configuration."""
    with pytest.raises(ddswait.InputError):
        ddswait.wait_sync(jobs)


SCRIPT = """
import sys
import ddswait

print("begun", flush=True)
try:
    ddswait.wait_sync(sys.argv[1:])
except KeyboardInterrupt:
    print("interrupted", flush=True)
    raise
"""


def test_ctrl_c_ends_the_wait_at_once(cloud: Cloud) -> None:
    """The program gets its KeyboardInterrupt alone, and dies of it as others do."""
    job_id = cloud.job(held=True, visible_after=0)
    before = cloud.stats()["statuses"]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, job_id],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    while cloud.stats()["statuses"] == before:  # until it has polled
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert out == "interrupted\n"
    assert process.returncode == -signal.SIGINT
    assert err.strip().endswith("KeyboardInterrupt")
    assert "never" not in err
    assert "CancelledError" not in err
    assert len(err.splitlines()) < 10


def test_settings_are_those_of_from_env() -> None:
    """No argument of its own has the name of a setting."""
    parameters = inspect.signature(ddswait.wait_sync).parameters
    assert not set(parameters) & EnvSettings.__optional_keys__
