"""ddswait.service.dds: requests out, replies and records in."""

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait import Instance, Job, JobPhase, JobStatus
from ddswait.credentials import signer
from ddswait.outcome import Refusal, Scope
from ddswait.service import HEADERS
from ddswait.service.dds import SERVICE
from ddswait.service.replies import (
    InstanceState,
    JobPage,
    JobReply,
    JobSeen,
    Problem,
    TransientFailure,
)

SAMPLES = Path(__file__).parents[1] / "samples"
BUSY = {"id": "i", "status": "normal", "actions": ["RESTARTING"]}


def body(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read(status: int, content: bytes, job_id: str = "x", **headers: str) -> JobReply | Problem:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SERVICE.read_job(job_id, status, named, content)


def coded(code: str, message: str = "m") -> bytes:
    return json.dumps({"error_code": code, "error_msg": message}).encode()


def test_request_is_the_documented_one() -> None:
    """The request about a job is the URL of the API reference, with English messages asked for."""
    project, job_id = "0549b4a43100d4f32f51c01c2fe4acdb", "a9767ede-fe0f-4888-9003-e843a4c90514"
    endpoint = "https://dds.ap-southeast-1.myhuaweicloud.com"
    request = SERVICE.poll_job(endpoint, project, job_id)
    assert request.url == f"{endpoint}/v3/{project}/jobs?id={job_id}"
    assert (request.method, HEADERS["X-Language"]) == ("GET", "en-us")
    assert SERVICE.poll_job(endpoint, "p", "a&b=/c~").url.endswith("?id=a%26b%3D%2Fc~")


def test_instance_of_any_name_can_be_polled() -> None:
    """The ID comes from a reply: even half a surrogate pair becomes a URL."""
    url = SERVICE.poll_instance("https://dds.test", "p", "in/02 \ud800").url
    assert url == "https://dds.test/v3/p/instances?id=in%2F02%20%3F"


@pytest.mark.parametrize(
    ("file", "job_id", "phase"),
    [
        ("job-running.json", "9d10bfd1-affb-49c3-b977-298950a8d6fa", JobPhase.RUNNING),
        ("job-completed.json", "f85104b5-4a9c-4e0f-9505-fc5409d8f7ae", JobPhase.COMPLETED),
        ("job-failed.json", "a03b1b8a-b756-467c-8a49-38720c3d23ec", JobPhase.FAILED),
    ],
)
def test_recorded_jobs(file: str, job_id: str, phase: JobPhase) -> None:
    """The recorded replies mean what they say, for the job that was polled."""
    reply = read(200, body(file), job_id)
    assert isinstance(reply, JobSeen)
    assert reply.job.phase is phase
    assert isinstance(read(200, body(file), "another"), TransientFailure)


def test_query_of_a_list_is_written_as_it_is_signed() -> None:
    """Sorted and strictly escaped: a verifier that does not sort comes to the same."""
    request = SERVICE.list_jobs("https://dds.test", "p", running=True, moment=0.0, offset=7)
    query = request.url.partition("?")[2]
    assert "status=Running" in query
    assert query == signer.canonical_query(query)


@pytest.mark.parametrize(
    ("status", "content", "state"),
    [
        (200, {"instances": []}, (False, False, False)),
        (200, {"instances": [{"id": "i", "status": "normal"}]}, (True, True, False)),
        (
            200,
            {"instances": [{"id": "i", "status": "normal", "actions": ["RESTARTING"]}]},
            (True, False, False),
        ),
        (200, {"instances": [{"id": "i", "status": "creating"}]}, (True, False, False)),
        (200, {"instances": [{"id": "i", "status": "createfail"}]}, (True, False, True)),
        (404, {"error_code": "DBS.200011"}, (False, False, False)),
    ],
)
def test_instance_is_ready_when_it_is_normal_and_idle(
    status: int, content: object, state: tuple[bool, bool, bool]
) -> None:
    """Pending actions keep an instance busy; an empty list, and 404 of DDS, mean not found."""
    reply = SERVICE.read_instance("i", status, {}, json.dumps(content).encode())
    assert isinstance(reply, InstanceState)
    assert (reply.is_found, reply.is_ready, reply.is_hopeless) == state


def test_instance_that_may_not_be_polled_concerns_instances_only() -> None:
    """A missing permission says nothing about jobs; HTML says nothing at all."""
    assert isinstance(SERVICE.read_instance("i", 200, {}, b"<html>"), TransientFailure)
    reply = SERVICE.read_instance("i", 403, {}, b"{}")
    assert isinstance(reply, Refusal)
    assert reply.scope is Scope.OPERATION
    assert "dds:instance:list" in reply.hint
    bad = SERVICE.read_instance("i", 400, {}, coded("DBS.200001"))
    assert isinstance(bad, Refusal)
    assert bad.scope is Scope.INSTANCE


@pytest.mark.parametrize("status", [400, 403, 404])
def test_refused_list_concerns_lists_only(status: int) -> None:
    """Partner clouds do not publish lists, and say so with several codes; a 401 is not one."""
    for code in ("APIGW.0101", "DBS.280032", "DBS.200543"):
        reply = SERVICE.read_list(status, {}, coded(code))
        assert isinstance(reply, Refusal)
        assert reply.scope is Scope.OPERATION
    refused = SERVICE.read_list(401, {}, coded("APIGW.0301"))
    assert isinstance(refused, Refusal)
    assert refused.scope is Scope.EVERYTHING


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("code", ["DBS.280110", "DBS.200002", "DBS.201501", "DBS.201502"])
def test_missing_instance_is_not_found_in_both_regional_forms(status: int, code: str) -> None:
    """An error that says that the instance does not exist means the same as an empty list."""
    reply = SERVICE.read_instance("i", status, {}, coded(code))
    assert reply == SERVICE.read_instance("i", 200, {}, b'{"instances": []}')


@pytest.mark.parametrize("code", ["DBS.201028", "DBS.200604"])
def test_instance_of_somebody_else_concerns_that_instance_only(code: str) -> None:
    """A 403 about one instance does not end the waits for the others."""
    reply = SERVICE.read_instance("i", 403, {}, coded(code))
    assert isinstance(reply, Refusal)
    assert reply.scope is Scope.INSTANCE


def test_denied_authorization_is_not_a_bad_key() -> None:
    """401 DBS.280064 denies an operation: other credentials are not asked for."""
    reply = SERVICE.read_job("x", 401, {}, coded("DBS.280064"))
    assert isinstance(reply, Refusal)
    assert not reply.refuses_credentials
    assert "permission" in reply.hint


def test_instance_with_the_requested_id_decides() -> None:
    """A reply may list other instances first, and may spell the ID in another case."""
    rows = [{"id": "other", "status": "normal"}, {"id": "I ", "status": "creating"}]
    reply = SERVICE.read_instance("i", 200, {}, json.dumps({"instances": rows}).encode())
    assert isinstance(reply, InstanceState)
    assert (reply.is_found, reply.is_ready) == (True, False)
    only_other = json.dumps({"instances": rows[:1]}).encode()
    assert SERVICE.read_instance("i", 200, {}, only_other) == SERVICE.read_instance(
        "i", 200, {}, b'{"instances": []}'
    )


@pytest.mark.parametrize(
    "row",
    [
        {"status": "frozen"},
        {"status": " Frozen"},
        {"status": "normal", "actions": ["FROZEN"]},
        {"status": "abnormal", "actions": ["BACKUP", "restore_failed_hangup"]},
    ],
)
def test_state_that_no_wait_changes_is_hopeless(row: dict[str, object]) -> None:
    """A frozen instance and a hung restoration end the wait, with the word of the service."""
    content = json.dumps({"instances": [{"id": "i", **row}]}).encode()
    reply = SERVICE.read_instance("i", 200, {}, content)
    assert isinstance(reply, InstanceState)
    assert (reply.is_ready, reply.is_hopeless) == (False, True)
    assert "frozen" in reply.description.lower() or "hangup" in reply.description


def test_ids_status_words_and_progress_are_read_without_case_and_spaces() -> None:
    """The job keeps the ID that was asked for, so whoever waits for it finds it."""
    record = {"id": "AB", "status": "completed ", "progress": "60% "}
    reply = SERVICE.read_job("ab", 200, {}, json.dumps({"job": record}).encode())
    assert isinstance(reply, JobSeen)
    assert (reply.job.id, reply.job.progress, reply.job.is_final) == ("ab", 60, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["job", "id", "status", "error", "code", "x"]), inner)
    ),
)


@given(
    st.integers(100, 599),
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["Retry-After", "Date", "Location"]), st.text()),
)
def test_no_reply_breaks_the_reader(status: int, content: bytes, headers: dict[str, str]) -> None:
    """Whatever comes back is one of the replies."""
    for read_reply in (
        SERVICE.read_list,
        partial(SERVICE.read_instance, "x"),
        partial(SERVICE.read_job, "x"),
    ):
        reply = read_reply(status, headers, content)
        assert isinstance(reply, (*get_args(JobReply), *get_args(Problem), JobPage, InstanceState))


def test_every_documented_field_is_read() -> None:
    """The recorded running job comes out with its types, and its raw record."""
    record = json.loads((SAMPLES / "job-running.json").read_text())["job"]
    assert SERVICE.read_record(record) == Job(
        id="9d10bfd1-affb-49c3-b977-298950a8d6fa",
        name="Create_MongoDB",
        status="Running",
        created=datetime(2021, 7, 13, 7, 28, 43, tzinfo=UTC),
        ended=datetime(2021, 7, 13, 7, 28, 53, tzinfo=UTC),
        progress=9,
        instance=Instance("cf538a2dd8ec4b26860b27060902712fin02", "dds-3a98-wcc"),
        fail_reason=None,
        raw=record,
        phase=JobPhase.RUNNING,
        backup_follows=True,
    )


def test_list_entries_have_other_names() -> None:
    """An entry of the v3.1 list gives the same record."""
    record = json.loads((SAMPLES / "tasks-page.json").read_text())["jobs"][0]
    job = SERVICE.read_record(record)
    assert job.created == datetime(2022, 9, 5, 6, 24, 14, tzinfo=UTC)
    assert job.ended == datetime(2022, 9, 5, 6, 25, 43, tzinfo=UTC)
    assert job.instance == Instance("1f31a8f0d0c94e7aa3a4bb0d5f9e2c11in02", "dds-restart")
    assert (job.progress, job.fail_reason) == (None, None)


@pytest.mark.parametrize(
    ("status", "final", "known"),
    [
        ("Running", False, True),
        ("Completed", True, True),
        ("Failed", True, True),
        ("Canceled", False, False),
    ],
)
def test_only_two_statuses_are_final(status: str, final: bool, known: bool) -> None:
    """An unknown status survives, and is not final."""
    job = SERVICE.read_record({"id": "x", "status": status, "ended": "2021-07-13T07:28:53+0000"})
    assert (job.status, job.is_final, job.phase is not JobPhase.UNKNOWN) == (status, final, known)
    assert str(JobStatus.COMPLETED) == "Completed"


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("60%", 60),
        ("60", 60),
        ("0%", 0),
        ("", None),
        ("x%", None),
        ("٣%", None),
        ("9999%", None),
        (60, None),
    ],
)
def test_progress(text: object, progress: int | None) -> None:
    """Progress is a percentage or None."""
    assert SERVICE.read_record({"progress": text}).progress == progress


def test_unknown_fields_survive() -> None:
    """What this class does not know is in `raw`."""
    assert SERVICE.read_record({"id": "x", "new_field": [1]}).raw["new_field"] == [1]


@given(
    st.dictionaries(
        st.sampled_from(
            ["id", "name", "status", "created", "ended", "progress", "instance", "fail_reason"]
        ),
        st.none()
        | st.text()
        | st.integers()
        | st.lists(st.text())
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_no_record_breaks_the_reader(record: dict[str, Any]) -> None:
    """Fields of any type are read or left out."""
    assert SERVICE.read_record(record).raw is record
