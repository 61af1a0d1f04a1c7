"""ddswait.airflow without a deployment: what is stored, what is shown, what is bounded."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from airflow.providers_manager import ProvidersManager
from airflow.sdk.definitions.connection import Connection
from airflow.sdk.serde import deserialize, serialize
from hypothesis import given
from hypothesis import strategies as st

import ddswait.airflow
from ddswait import ConfigurationError, InputError, Job, Outcome, OutcomeKind, Policy, Token
from ddswait.airflow import DdsHook, DdsJobSensor, DdsJobTrigger
from ddswait.airflow.batch import Batch, check_retry_on, flattened
from ddswait.airflow.connection import settings_of
from ddswait.airflow.event import LARGEST, MOST_OUTCOMES, event_of
from ddswait.airflow.kept_state import packed_outcomes, packed_state, unpacked_state
from ddswait.airflow.task_log import TaskLog, changes
from ddswait.credentials.keys import AccessKey
from ddswait.events import Polled, PollFailed, Progressed, Visible
from ddswait.outcome import class_of
from ddswait.policy import Decision, decide
from ddswait.scheduler.durations import Durations
from tests.cloud_process import serving

_ids = st.integers(0, 10**9).map(lambda number: f"{number:08d}-c209-4cac-629f-6fbed82c07cd")
_labels = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
_positive = st.floats(1e-3, 1e6)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    labelled = draw(st.booleans())
    job_ids = draw(st.lists(_ids, min_size=1, max_size=5, unique=True))
    names = draw(st.lists(_labels, min_size=5, max_size=5, unique=True))
    jobs = dict(zip(names, job_ids, strict=False)) if labelled else job_ids
    assert "job_id" not in names
    ready = draw(st.booleans())
    return Batch.begin(
        jobs,
        ["i1in02"] if ready else [],
        timeout=draw(_positive),
        wait_for=draw(st.sampled_from(["all", "any", "1"])),
        fail_fast=draw(st.booleans()),
        ready=ready,
        grace=draw(_positive),
        interval=draw(_positive),
        unreachable_after=draw(st.none() | _positive),
        service=draw(st.sampled_from(["dds", "rds", "opengauss"])),
        tracked_at=draw(st.floats(0, 4e9)),
    )


@given(batches())
def test_trigger_survives_the_database(batch: Batch) -> None:
    """What serialize() returns makes the same trigger, as Airflow encodes it and as JSON."""
    path, arguments = DdsJobTrigger(batch.to_dict(), "other").serialize()
    assert path == "ddswait.airflow.trigger.DdsJobTrigger"
    for kept in (deserialize(serialize(arguments)), json.loads(json.dumps(arguments))):
        again = DdsJobTrigger(**kept)
        assert again.serialize() == (path, arguments)
        assert Batch(**again.batch) == batch
        state = Batch(**again.batch).state()
        assert {each.job_id: each.label for each in state.jobs if each.job_id} == batch.jobs
        assert (state.deadline, state.ready) == (batch.deadline, batch.ready)
        assert {each.service for each in state.jobs} == {batch.service} <= {"dds", "rds", "gaussdb"}
        assert unpacked_state(packed_state(state)).to_dict() == state.to_dict()


def outcomes_of(kinds: list[OutcomeKind], text: str) -> list[Outcome]:
    found: list[Outcome] = []
    for number, kind in enumerate(kinds):
        job_id = f"{number:08d}-c209-4cac-629f-6fbed82c07cd"
        job = Job(job_id, text, text, fail_reason=text)
        found.append(class_of(kind)(job_id, kind, job, text, text, label=text[:20]))
    return found


@given(st.lists(st.sampled_from(OutcomeKind), max_size=300), st.text(max_size=5000))
def test_event_is_bounded(kinds: list[OutcomeKind], text: str) -> None:
    """However many jobs there are, and however long the service's words; counts are exact."""
    outcomes = outcomes_of(kinds, text)
    tally = {kind: kinds.count(kind) for kind in kinds}
    event = event_of(outcomes, decide(tally, len(kinds), Policy()))
    assert len(json.dumps(event)) <= LARGEST + 20_000  # the message is bounded apart
    assert event["counts"] == {str(kind): count for kind, count in tally.items()}
    assert len(event["outcomes"]) <= MOST_OUTCOMES
    assert event["complete"] == (len(event["outcomes"]) == len(kinds))
    assert (event["status"] == "completed") == (set(kinds) <= {OutcomeKind.COMPLETED})


def test_event_has_a_hundred_outcomes_and_then_failures_only() -> None:
    """101 jobs of which one failed: the failure, and the counts."""
    kinds = [OutcomeKind.COMPLETED] * 100
    assert len(event_of(outcomes_of(kinds, "x"), Decision(over=True, ok=True))["outcomes"]) == 100
    event = event_of(outcomes_of([*kinds, OutcomeKind.FAILED], "x"), Decision(over=True, ok=False))
    assert [each["outcome"] for each in event["outcomes"]] == ["failed"]
    assert (event["status"], event["complete"]) == ("failed", False)
    assert "101 waits: 100 completed, 1 failed" in event["message"]


@pytest.mark.parametrize(
    ("value", "jobs"),
    [
        ("a", ["a"]),
        (" a, b\nc ", ["a", "b", "c"]),
        (["a", "b"], ["a", "b"]),
        (("a", {"job_id": "b", "instance": {}}), ["a", "b"]),
        ({"job_id": "a"}, ["a"]),
        ({"orders": "a"}, {"orders": "a"}),
        ("['a', 'b']", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ('{"orders": "a"}', {"orders": "a"}),
        ("[{'job_id': 'a'}]", ["a"]),
        (None, []),
        ([], []),
        ("", []),
    ],
)
def test_job_ids_come_as_tasks_return_them(value: object, jobs: object) -> None:
    """IDs, replies, labels, and any of that as a template renders it."""
    assert flattened(value) == jobs


@pytest.mark.parametrize("value", ["[1", 7, [["a"], {"b": "c"}], "[7]"])
def test_other_job_ids_are_refused(value: object) -> None:
    """Before anything is polled."""
    with pytest.raises(InputError):
        flattened(value)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"job_ids": []}, "no job ID"),
        ({"job_ids": ["None"]}, "stands for a missing value"),
        ({"job_ids": ["a"], "wait_for": 2}, "there is 1 job only"),
        ({"job_ids": ["a"], "wait_for": "some"}, "use 'all', 'any' or a number"),
        ({"job_ids": ["a"], "retry_on": ["failed"]}, "invalid retry_on 'failed'"),
        ({"job_ids": ["a"], "service": "s3"}, "unknown service 's3'"),
        ({"instance_ids": ["i1in02"]}, "needs ready=True"),
        ({"job_ids": ["a"], "interval": 0}, "invalid interval"),
        ({"job_ids": ["a"], "timeout": 0}, "invalid timeout"),
    ],
)
def test_invalid_arguments_fail_the_task_for_good(arguments: dict[str, Any], error: str) -> None:
    """With what is wrong; a retry cannot help, and nothing is polled."""
    sensor = DdsJobSensor(task_id="wait", deferrable=True, **arguments)
    with pytest.raises(AirflowFailException, match=error):
        sensor.execute({})


@pytest.mark.parametrize(
    ("kinds", "retry_on", "raised"),
    [
        (["failed"], ["timed_out"], AirflowFailException),
        (["not_found", "completed"], [], AirflowFailException),
        (["refused"], ["unreachable"], AirflowFailException),
        (["timed_out"], [], AirflowFailException),
        (["timed_out"], ["timed_out"], AirflowException),
        (["unreachable"], ["timed_out"], AirflowFailException),
        (["unreachable", "timed_out", "completed"], ["timed_out", "unreachable"], AirflowException),
        (["timed_out", "failed"], ["timed_out"], AirflowFailException),
    ],
)
def test_only_what_the_user_names_is_retried(
    kinds: list[str], retry_on: list[str], raised: type[Exception]
) -> None:
    """The error says how each wait ended, with the reason of a failed job."""
    outcomes = outcomes_of([OutcomeKind(kind) for kind in kinds], "no quota in az2")
    event = event_of(outcomes, Decision(over=True, ok=False))
    sensor = DdsJobSensor(task_id="wait", job_ids=["a"], retry_on=retry_on, deferrable=True)
    with pytest.raises(AirflowException, match="no quota in az2") as caught:
        sensor.execute_complete({"ti": Pushes()}, event)
    assert type(caught.value) is raised


async def test_no_event_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds, in which the scheduler notes that the task is deferred."""
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "aws"}))
    clock = asyncio.get_running_loop().time
    began = clock()
    trigger = DdsJobTrigger(Batch.begin(["a"], timeout=60).to_dict(), "other")
    event = await anext(aiter(trigger.run()))
    assert clock() - began == 5.0
    assert event.payload["status"] == "unusable"
    assert "has the type 'aws'" in event.payload["message"]


def test_unusable_connection_fails_a_poke_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the connection, and nothing is polled."""
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "aws"}))
    sensor = DdsJobSensor(
        task_id="wait", job_ids=["a"], ddswait_conn_id="other", deferrable=False, timeout=60
    )
    with pytest.raises(AirflowFailException, match="wait: connection 'other' has the type 'aws'"):
        sensor.execute({"ti": Pushes()})


class Pushes:
    """A task instance that keeps what is pushed."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    map_index = 3

    def xcom_pull(self, key: str, map_indexes: int) -> Any:
        assert map_indexes == self.map_index
        return self.pushed.get(key)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def test_outcomes_are_returned_and_pushed() -> None:
    """The next task gets the records, as JSON."""
    outcomes = outcomes_of([OutcomeKind.COMPLETED] * 2, "x")
    event = json.loads(json.dumps(event_of(outcomes, Decision(over=True, ok=True))))
    sensor, pushes = DdsJobSensor(task_id="wait", job_ids=["a"], deferrable=True), Pushes()
    returned = sensor.execute_complete({"ti": pushes}, event)
    assert returned["counts"] == {"completed": 2}
    assert (
        returned["outcomes"] == pushes.pushed["outcomes"] == [each.to_dict() for each in outcomes]
    )


def test_outcomes_beyond_an_event_are_pushed_too() -> None:
    """The next task gets those of all jobs."""
    outcomes, pushes = outcomes_of([OutcomeKind.COMPLETED] * 101, "x"), Pushes()
    pushes.pushed["ddswait_outcomes"] = packed_outcomes(outcomes)
    sensor = DdsJobSensor(task_id="wait", job_ids=["a"], deferrable=True)
    event = event_of(outcomes, Decision(over=True, ok=True))
    returned = sensor.execute_complete({"ti": pushes}, event)
    assert (returned["counts"], returned["outcomes"]) == ({"completed": 101}, [])
    assert pushes.pushed["outcomes"] == [each.to_dict() for each in outcomes]


def test_retry_on_names_kinds_that_may_still_complete() -> None:
    """Each of them, and no other."""
    assert check_retry_on(["timed_out", "unreachable", "not_ready"])
    for kind in set(OutcomeKind) - {"timed_out", "unreachable", "not_ready"}:
        with pytest.raises(InputError, match="use timed_out, unreachable, not_ready"):
            check_retry_on([str(kind)])


def connection(**fields: Any) -> Connection:
    extra = fields.pop("extra", None)
    text = extra if isinstance(extra, str) else extra and json.dumps(extra)
    return Connection(**{"conn_id": "c", "conn_type": "ddswait", "extra": text, **fields})


def test_connection_has_the_settings() -> None:
    """Endpoint or region, project, AK and SK or token, security token, rate."""
    extra = {"region": "ap-southeast-1", "project_id": "p", "security_token": "s", "rate": "5/s"}
    found = settings_of(connection(login="AK", password="SK", extra=extra))
    assert isinstance(found["auth"], AccessKey)
    assert (found["region"], found["project_id"], found["rate"]) == ("ap-southeast-1", "p", "5/s")
    assert found["endpoint"] == ""
    other = settings_of(connection(host="dds.test", port=8443, extra={"token": "t"}))
    assert other["auth"] == Token("t")
    assert other["endpoint"] == "https://dds.test:8443"
    assert settings_of(connection(host="http://127.0.0.1:9"))["endpoint"] == "http://127.0.0.1:9"
    assert settings_of(connection(conn_type="huaweicloud"))["auth"] is None


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"conn_type": "aws"}, "has the type 'aws': use one of type ddswait or huaweicloud"),
        ({"login": "AK"}, r"a login \(AK\) without a password \(SK\)"),
        ({"password": "hunter2"}, r"a password \(SK\) without a login \(AK\)"),
        ({"login": "AK", "password": "hunter2", "extra": {"token": "hunter2"}}, "set one of them"),
        ({"extra": "hunter2"}, "its extra is not JSON"),
        ({"extra": "[1]"}, "its extra is not a JSON object"),
        ({"extra": {"token": "hun\nter2"}}, "connection 'c': "),
    ],
)
def test_unusable_connection_is_named_without_its_secrets(
    fields: dict[str, Any], error: str
) -> None:
    """The message says what to do."""
    with pytest.raises(ConfigurationError, match=error) as caught:
        settings_of(connection(**fields))
    assert "hunter2" not in str(caught.value)


def test_provider_is_found_with_its_form() -> None:
    """Airflow's manager of providers shows the connection type, its hook and its fields."""
    manager = ProvidersManager()
    assert "ddswait" in manager.providers
    hook = manager.hooks["ddswait"]
    assert hook is not None
    assert hook.hook_class_name == "ddswait.airflow.hook.DdsHook"
    assert hook.connection_testable
    fields = {name for name in manager.connection_form_widgets if "ddswait" in name}
    names = {"region", "project_id", "token", "security_token", "rate"}
    assert {name.rpartition("__")[2] for name in fields} == names


def test_hook_tests_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """True with what was found; False with what is wrong."""
    with serving() as cloud:
        settings = {"project_id": cloud.env["HW_PROJECT_ID"], "token": cloud.env["HW_AUTH_TOKEN"]}
        good = {"conn_type": "ddswait", "host": cloud.endpoint, "extra": settings}
        tried = {
            "good": good,
            "bad": {**good, "extra": {**settings, "token": "other"}},
            "none": {"conn_type": "aws"},
        }
        for name, fields in tried.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
        found = {name: DdsHook(name).test_connection() for name in tried}
    assert {name: ok for name, (ok, _) in found.items()} == {
        "good": True,
        "bad": False,
        "none": False,
    }
    assert "accepted" in found["good"][1]
    assert "refused" in found["bad"][1]
    assert cloud.env["HW_AUTH_TOKEN"] not in str(found)


def job(progress: int, status: str = "Running") -> Job:
    return Job("00000001-c209-4cac-629f-6fbed82c07cd", "Create_MongoDB", status, progress=progress)


def test_log_of_a_few_jobs_has_a_line_for_each_change() -> None:
    """With the ID in the message; none for a poll, and a failure of polls is told once."""
    lines: list[str] = []
    state = Batch.begin({"orders": job(0).id}, timeout=60).state()
    log = TaskLog(lines.append, state, Durations())
    log.event(Visible(job(0).id, job(0)))
    for progress in range(1, 100):
        log.event(Polled(job(0).id, "interval", 5.0))
        log.event(Progressed(job(0).id, job(progress), job(progress - 1)))
    for _ in range(50):
        log.event(PollFailed(job(0).id, "HTTP 502", 5.0))
    log.outcome(outcomes_of([OutcomeKind.COMPLETED] * 2, "x")[1])
    assert 10 < len(lines) < 16
    assert all(job(0).id in line for line in lines[1:])
    assert lines[-1] == f"orders ({job(0).id})  completed"


def test_log_of_many_jobs_has_no_line_for_each() -> None:
    """Eleven jobs: only what fails, once for each reason."""
    lines: list[str] = []
    ids = [f"{number:08d}-c209-4cac-629f-6fbed82c07cd" for number in range(11)]
    log = TaskLog(lines.append, Batch.begin(ids, timeout=60).state(), Durations())
    for outcome in outcomes_of([OutcomeKind.FAILED] * 11, "no quota"):
        log.event(Visible(outcome.job_id, job(5)))
        log.outcome(outcome)
    assert len(lines) == 2


@pytest.mark.parametrize("count", [2, 11])
def test_log_of_a_sensor_that_pokes_tells_what_ended(count: int) -> None:
    """A line for each of a few jobs, one line for many, and none for a poke without news."""
    ids = [f"{number:08d}-c209-4cac-629f-6fbed82c07cd" for number in range(count)]
    before = Batch.begin(ids, timeout=60).state()
    jobs = [replace(each, outcome=each.ended(OutcomeKind.FAILED, "why")) for each in before.jobs]
    after = replace(before, jobs=(*jobs[:-1], before.jobs[-1]))
    lines = changes(before, after)
    if count == 2:
        assert lines == [f"{ids[0]}  failed: why"]
    else:
        assert lines == ["10 of 11 waits have ended"]
    assert changes(after, after) == []


# A DAG has imported what a sensor needs of Airflow already.
IMPORT = """
import time
from airflow.providers.common.compat.sdk import (
    AirflowException, AirflowFailException, AirflowSensorTimeout, BaseSensorOperator,
    PokeReturnValue, conf,
)
from airflow.sdk import DAG
began = time.process_time()
from ddswait.airflow import DdsJobSensor
print("seconds", time.process_time() - began)
import sys
print("modules", *sorted(name for name in sys.modules if name.startswith(("ddswait", "aiohttp"))))
"""


def test_dag_imports_nothing_that_waits() -> None:
    """Less than 50 ms of the processor over Airflow's own imports, as few files are imported."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    print(f"ms to import the sensor: {1000 * float(lines['seconds']):.1f}")
    assert float(lines["seconds"]) < 0.05
    # Airflow itself imports the provider's information.
    assert set(lines["modules"].split()) <= {
        "ddswait",
        "ddswait.airflow",
        "ddswait.airflow.provider",
        "ddswait.airflow.sensor",
        "ddswait.version",
    }


def test_public_names_have_docstrings() -> None:
    """Each can be imported from `ddswait.airflow`."""
    for name in ddswait.airflow.__all__:
        assert getattr(ddswait.airflow, name).__doc__, name


def test_first_poke_of_a_rescheduled_sensor_counts() -> None:
    """Grace and deadline begin with the first poke, in another process hours ago."""

    class Rescheduled(Pushes):
        def get_first_reschedule_date(self, _: object) -> datetime:
            return datetime(2026, 1, 1, tzinfo=UTC)

    sensor = DdsJobSensor(
        task_id="wait", job_ids=["a"], mode="reschedule", timeout=60, deferrable=False
    )
    batch = sensor._batch({"ti": Rescheduled()})
    assert batch.tracked_at == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert batch.deadline == batch.tracked_at + 60
