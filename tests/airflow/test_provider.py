"""ddswait.airflow without a deployment: what is stored, what is shown, what is bounded."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    TaskDeferred,
)
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
from ddswait.airflow.event import LARGEST, MOST_OUTCOMES, event_of, unusable_event
from ddswait.airflow.kept_state import packed_outcomes, packed_state, unpacked_state
from ddswait.airflow.provider import get_provider_info
from ddswait.airflow.task_log import TaskLog, changes
from ddswait.credentials.keys import AccessKey
from ddswait.events import Polled, PollFailed, Progressed, Visible
from ddswait.outcome import class_of
from ddswait.policy import Decision, decide
from ddswait.scheduler.durations import Durations
from ddswait.wait_state import JobState
from tests.cloud_process import serving

if TYPE_CHECKING:
    from ddswait.simulator import Simulator

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
    assert arguments["ddswait_conn_id"] == "other"
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


def test_failures_come_first_in_an_event() -> None:
    """Of 202 jobs of which most are pending, the two that ended badly are shown, and named."""
    kinds = [OutcomeKind.PENDING] * 200 + [OutcomeKind.TIMED_OUT, OutcomeKind.NOT_FOUND]
    event = event_of(outcomes_of(kinds, "why"), Decision(over=True, ok=False))
    assert [each["outcome"] for each in event["outcomes"]][:3] == [
        "timed_out",
        "not_found",
        "pending",
    ]
    assert (event["status"], len(event["outcomes"])) == ("not_found", 100)
    message = event["message"].splitlines()
    assert message[0] == "202 waits: 200 pending, 1 timed out, 1 not found"
    assert message[1].endswith("timed out: why")
    assert message[11:] == ["... and 192 more"]
    late = event_of(outcomes_of(kinds[1:-1], "why"), Decision(over=True, ok=False))
    assert late["status"] == "timed_out"


@pytest.mark.parametrize("count", [1, 10, 11])
def test_message_names_ten_jobs(count: int) -> None:
    """And says how many more there are, if there are more."""
    event = event_of(
        outcomes_of([OutcomeKind.FAILED] * count, "why"), Decision(over=True, ok=False)
    )
    message = event["message"].splitlines()
    assert [line.endswith("failed: why") for line in message[1:11]] == [True] * min(count, 10)
    assert message[11:] == ["... and 1 more"] * (count - 10)


def test_policy_that_is_met_is_a_success_whatever_else_failed() -> None:
    """One of two jobs was enough."""
    kinds = [OutcomeKind.COMPLETED, OutcomeKind.FAILED]
    assert event_of(outcomes_of(kinds, "x"), Decision(over=True, ok=True))["status"] == "completed"


def test_long_words_are_cut_in_an_event() -> None:
    """A text to 1000 characters, wherever it is; the outcomes by half, until they fit."""
    text = "額" * 5000
    (outcome,) = event_of(outcomes_of([OutcomeKind.FAILED], text), Decision(over=True, ok=False))[
        "outcomes"
    ]
    assert outcome["job"]["fail_reason"] == outcome["message"] == "額" * 1000 + "..."
    many = event_of(outcomes_of([OutcomeKind.FAILED] * 100, text), Decision(over=True, ok=False))
    assert len(json.dumps(many)) <= LARGEST
    assert 0 < len(many["outcomes"]) < 100
    assert (many["complete"], many["counts"]) == (False, {"failed": 100})
    assert len(unusable_event(ConfigurationError(text))["message"]) == 1003
    assert unusable_event(ConfigurationError(text))["complete"]


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
        ("('a', 'b')", ["a", "b"]),
        (None, []),
        ([], []),
        ("", []),
    ],
)
def test_job_ids_come_as_tasks_return_them(value: object, jobs: object) -> None:
    """IDs, replies, labels, and any of that as a template renders it."""
    assert flattened(value) == jobs


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("[1", "'[1' is neither a job ID nor a list of them"),
        ("[" * 10**5, "is neither a job ID nor a list of them"),
        ("{[1]: 2}", "is neither a job ID nor a list of them"),
        ("[" + "x" * 10**5, "is neither a job ID nor a list of them"),
        (7, "7 is not a list of IDs"),
        ([["a"], {"b": "c"}], "{'b': 'c'} is a reply without 'job_id'"),
        ("[{'b': 'c'}]", "{'b': 'c'} is a reply without 'job_id'"),
        ("[7]", "7 is not a list of IDs"),
    ],
)
def test_other_job_ids_are_refused(value: object, error: str) -> None:
    """Before anything is polled; the message quotes the beginning of what is wrong."""
    with pytest.raises(InputError, match=re.escape(error)) as caught:
        flattened(value)
    assert len(str(caught.value)) < 110


def test_instances_come_as_replies_too() -> None:
    """IDs, and replies with the ID of an instance; labels are refused, for they are no IDs."""
    for value in ("i1in02", ["i1in02"], {"id": "i1in02"}, "[{'id': 'i1in02'}]"):
        assert Batch.begin([], value, timeout=60, ready=True).instances == ["i1in02"]
    with pytest.raises(InputError, match="instance_ids cannot have labels: use a list of IDs"):
        Batch.begin([], {"orders": "i1in02"}, timeout=60, ready=True)


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
        ({"job_ids": ["a"], "grace": -1}, "invalid grace"),
        ({"job_ids": ["a"], "unreachable_after": 0}, "invalid unreachable_after"),
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
        (["pending", "timed_out"], ["timed_out"], AirflowException),
        (["pending"], ["timed_out"], AirflowFailException),
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


def test_trigger_gets_all_arguments_of_the_sensor() -> None:
    """Each of them reaches the policy, the state and the settings of the wait."""
    sensor = DdsJobSensor(
        task_id="wait",
        job_ids={"orders": "a"},
        instance_ids="i1in02",
        ready=True,
        wait_for="any",
        fail_fast=True,
        grace=1,
        interval=2,
        unreachable_after=3,
        service="opengauss",
        ddswait_conn_id="other",
        timeout=4,
        deferrable=True,
    )
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute({})
    deferred = caught.value
    assert deferred.method_name == "execute_complete"
    assert deferred.timeout == timedelta(seconds=604)  # a triggerer may be late
    assert isinstance(deferred.trigger, DdsJobTrigger)
    assert deferred.trigger.ddswait_conn_id == "other"
    batch = Batch(**deferred.trigger.batch)
    assert batch.policy == Policy(1, fail_fast=True)
    assert batch.settings == {
        "service": "gaussdb",
        "grace": 1,
        "interval": 2,
        "unreachable_after": 3,
    }
    assert "unreachable_after" not in batch._replace(unreachable_after=None).settings
    state = batch.state()
    assert (state.ready, state.deadline) == (True, batch.tracked_at + 4)
    assert state.timeout == pytest.approx(4)
    common: dict[str, Any] = {"tracked_at": batch.tracked_at, "service": "gaussdb"}
    job, instance = JobState("a", label="orders", **common), JobState("", "i1in02", **common)
    assert state.jobs == (job, instance)


def test_without_further_arguments_a_sensor_waits_for_all_jobs() -> None:
    """With the defaults of the command line, and of the Waiter where it has its own."""
    batch = DdsJobSensor(task_id="wait", job_ids="a", timeout=60)._batch({})
    assert batch == Batch({"a": ""}, [], batch.tracked_at, batch.tracked_at + 60)
    assert (batch.policy, batch.settings["grace"]) == (Policy(), 60.0)
    assert set(DdsJobSensor.template_fields) == {
        "job_ids",
        "instance_ids",
        "service",
        "ddswait_conn_id",
    }


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
    sensor = DdsJobSensor(task_id="wait", job_ids="a", deferrable=True)
    with pytest.raises(AirflowFailException, match="has the type 'aws'"):
        sensor.execute_complete({"ti": Pushes()}, event.payload)


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


def test_outcomes_that_could_not_be_kept_are_those_of_the_event() -> None:
    """If the triggerer could not write the XCom."""
    event = event_of(outcomes_of([OutcomeKind.COMPLETED] * 101, "x"), Decision(over=True, ok=True))
    event["outcomes"] = [{"job_id": "a"}]
    sensor, pushes = DdsJobSensor(task_id="wait", job_ids=["a"], deferrable=True), Pushes()
    sensor.execute_complete({"ti": pushes}, event)
    assert pushes.pushed["outcomes"] == [{"job_id": "a"}]


def test_retry_on_names_kinds_that_may_still_complete() -> None:
    """Each of them, and no other."""
    assert check_retry_on(["timed_out"]) == {OutcomeKind.TIMED_OUT}
    assert len(check_retry_on(["timed_out", "unreachable", "not_ready"])) == 3
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
    assert settings_of(connection(host=" https://h ", port=9))["endpoint"] == "https://h:9"
    assert settings_of(connection(conn_type="huaweicloud"))["auth"] is None
    assert found["auth"] == AccessKey("AK", "SK", "s")
    more = {"iam_endpoint": " iam ", "ca_file": "ca.pem", "rate": None, "region": ""}
    last = settings_of(connection(extra=more))
    assert (last["iam_endpoint"], last["ca_file"], last["region"]) == ("iam", "ca.pem", "")
    assert "rate" not in last


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


async def test_hook_tests_its_connection_beside_an_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Airflow may call it from a thread that runs one; the message says what is wrong."""
    fields = {"conn_type": "ddswait", "host": "ftp://h", "extra": {"project_id": "p", "token": "t"}}
    monkeypatch.setenv("AIRFLOW_CONN_DDSWAIT_DEFAULT", json.dumps(fields))
    ok, message = DdsHook().test_connection()
    assert not ok
    assert "'ftp://h' is not an http(s) URL" in message


async def test_hook_makes_a_waiter_of_its_connection(
    virtual_dds_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the endpoint, the project and the credentials; a wrong argument is refused."""
    dds = virtual_dds_simulator
    extra = {"project_id": dds.project_id, "token": dds.token}
    fields = {"conn_type": "ddswait", "host": dds.endpoint, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_DDSWAIT_DEFAULT", json.dumps(fields))
    async with DdsHook(logger_name="dds").get_conn() as waiter:
        assert (await waiter.wait(dds.add_job(seconds=60))).status == "Completed"
    with pytest.raises(TypeError, match="ddswait_conn"):
        DdsHook(ddswait_conn="dds")


async def test_hook_reads_its_connection_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend for secrets may take its time, and would block the event loop of a triggerer."""
    threads = []

    def get_connection(_: DdsHook, conn_id: str) -> Connection:
        threads.append(threading.current_thread())
        return connection(conn_id=conn_id)

    monkeypatch.setattr(DdsHook, "get_connection", get_connection)
    await DdsHook("other").settings_async()
    assert threads != [threading.main_thread()]


def test_provider_names_what_exists() -> None:
    """The modules can be imported, and the hook is shown as it names itself."""
    info = get_provider_info()
    for kind, base in (("hooks", DdsHook), ("sensors", DdsJobSensor), ("triggers", DdsJobTrigger)):
        (group,) = info[kind]
        assert group["python-modules"] == [base.__module__]
        assert group["integration-name"] == info["integrations"][0]["integration-name"]
    (form,) = info["connection-types"]
    assert form["connection-type"] == DdsHook.conn_type == "ddswait"
    assert form["hook-name"] == DdsHook.hook_name
    assert info["versions"] == [ddswait.__version__]
    for name, field in form["conn-fields"].items():
        assert field["schema"]["type"] == ["string", "null"]  # each may be left out
        is_masked = field["schema"].get("format") == "password"
        assert is_masked == (name in {"token", "security_token"}), name
    behaviour = form["ui-field-behaviour"]
    assert behaviour["relabeling"] == {
        "host": "Endpoint",
        "login": "Access key (AK)",
        "password": "Secret key (SK)",
    }
    assert not set(behaviour["hidden-fields"]) & set(behaviour["relabeling"])


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


def test_log_of_ten_jobs_has_a_line_for_each() -> None:
    """However it ended, and without the escape sequences that a service may send."""
    lines: list[str] = []
    kinds = [OutcomeKind.COMPLETED, OutcomeKind.TIMED_OUT] * 5
    outcomes = outcomes_of(kinds, "late \x1b[31m")
    ids = [each.job_id for each in outcomes]
    log = TaskLog(lines.append, Batch.begin(ids, timeout=60).state(), Durations())
    for outcome in outcomes:
        log.outcome(outcome)
    assert len(lines) == 11
    assert [line.split("  ")[1].split(":")[0] for line in lines[1:]] == [
        "completed",
        "timed out",
    ] * 5
    assert "\x1b" not in "".join(lines)


def test_log_of_many_jobs_has_no_line_for_what_ends_at_the_deadline() -> None:
    """Eleven jobs that time out."""
    lines: list[str] = []
    outcomes = outcomes_of([OutcomeKind.TIMED_OUT] * 11, "x")
    ids = [each.job_id for each in outcomes]
    log = TaskLog(lines.append, Batch.begin(ids, timeout=60).state(), Durations())
    for outcome in outcomes:
        log.outcome(outcome)
    assert len(lines) == 1


def test_log_begins_with_what_is_left() -> None:
    """How many jobs ended before, and how long is left, or that one poll is."""
    lines: list[str] = []
    state = Batch.begin(["a", "b", "c"], timeout=60).state()
    first = replace(state.jobs[0], outcome=state.jobs[0].ended(OutcomeKind.COMPLETED, ""))
    state = replace(state, jobs=(first, *state.jobs[1:]))
    TaskLog(lines.append, state, Durations())
    TaskLog(lines.append, replace(state, deadline=1.0), Durations())
    assert lines[0].startswith("waiting for 3 jobs, of which 1 ended before, for up to ")
    assert len(lines[0].rpartition("up to ")[2]) <= len("1m00s")
    assert lines[1] == "waiting for 3 jobs, of which 1 ended before, for one last poll"


@pytest.mark.parametrize("count", [10, 11])
def test_log_of_pokes_has_only_what_is_new(count: int) -> None:
    """Two had ended before, and three more have now, of which one failed."""
    ids = [f"{number:08d}-c209-4cac-629f-6fbed82c07cd" for number in range(count)]
    state = Batch.begin(ids, timeout=60).state()
    kinds = [OutcomeKind.COMPLETED] * 4 + [OutcomeKind.FAILED]
    ended = [
        replace(each, outcome=each.ended(kind, "no \x1b[31m"))
        for each, kind in zip(state.jobs, kinds, strict=False)
    ]
    before = replace(state, jobs=(*ended[:2], *state.jobs[2:]))
    after = replace(state, jobs=(*ended, *state.jobs[5:]))
    lines = changes(before, after)
    if count == 10:
        assert lines[:2] == [f"{each}  completed" for each in ids[2:4]]
        assert lines[2].startswith(f"{ids[4]}  failed: no ")
        assert "\x1b" not in lines[2]
    else:
        assert lines == ["5 of 11 waits have ended"]


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
