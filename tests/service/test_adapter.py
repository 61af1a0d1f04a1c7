"""ddswait.service.adapter: a service of the family is a table, and nothing else."""

import json

import pytest

from ddswait.errors import InputError
from ddswait.job import JobPhase
from ddswait.service import DEFAULT, service_named
from ddswait.service.adapter import Adapter, ServiceTable
from ddswait.service.replies import InstanceState, JobPage, JobSeen, UnknownJob

# Everything that may differ does: the ID in the path, a list of one record, other words.
MADE_UP = Adapter(
    ServiceTable(
        name="madeup",
        job_path="/v9/{project}/tasks/{id}",
        job_key="tasks",
        job_in_list=True,
        phases={
            "RUN": JobPhase.RUNNING,
            "DONE": JobPhase.COMPLETED,
            "BROKEN": JobPhase.FAILED,
        },
        list_path="/v9/{project}/tasks?from={start}&limit={limit}&skip={offset}&state={status}&to={end}",
        list_key="tasks",
        page_size=7,
        instance_path="/v9/{project}/databases/{id}",
        instance_key="databases",
        ready_statuses=frozenset({"ACTIVE"}),
        hopeless_statuses=frozenset({"LOST"}),
        hopeless_actions=frozenset({"STUCK"}),
        instance_permission="madeup:database:list",
        created=("start_time",),
        ended=("end_time",),
        progress=("process",),
    )
)
RECORD = {"id": "x", "status": "RUN", "process": "7", "start_time": "2026-01-01T00:00:00+0000"}


def body(document: object) -> bytes:
    return json.dumps(document).encode()


def test_job_of_a_made_up_service() -> None:
    """Path, wrapper, field names and status words come from the table."""
    assert MADE_UP.poll_job("https://madeup.test", "p", "x").url == (
        "https://madeup.test/v9/p/tasks/x"
    )
    reply = MADE_UP.read_job("x", 200, {}, body({"tasks": [RECORD]}))
    assert isinstance(reply, JobSeen)
    assert (reply.job.phase, reply.job.progress) == (JobPhase.RUNNING, 7)
    assert reply.job.created is not None
    done = MADE_UP.read_job("x", 200, {}, body({"tasks": [{**RECORD, "status": "DONE"}]}))
    assert isinstance(done, JobSeen)
    assert done.job.is_final
    assert isinstance(MADE_UP.read_job("x", 200, {}, body({"tasks": []})), UnknownJob)


def test_word_of_another_service_is_unknown() -> None:
    """A status that the table does not list is waited for like a running one."""
    reply = MADE_UP.read_job("x", 200, {}, body({"tasks": [{**RECORD, "status": "Completed"}]}))
    assert isinstance(reply, JobSeen)
    assert reply.job.phase is JobPhase.UNKNOWN
    assert not reply.job.is_final


def test_list_and_instance_of_a_made_up_service() -> None:
    """A list request filters by the service's own word, and an instance is ready by its own."""
    url = MADE_UP.list_jobs("https://madeup.test", "p", running=False, moment=0.0, offset=14).url
    assert "skip=14&state=DONE" in url
    page = MADE_UP.read_list(200, {}, body({"tasks": [RECORD], "total_count": 1}))
    assert isinstance(page, JobPage)
    assert [job.id for job in page.jobs] == ["x"]
    for status, is_ready, is_hopeless in (("ACTIVE", True, False), ("LOST", False, True)):
        reply = MADE_UP.read_instance(
            "i", 200, {}, body({"databases": [{"id": "i", "status": status}]})
        )
        assert isinstance(reply, InstanceState)
        assert (reply.is_ready, reply.is_hopeless) == (is_ready, is_hopeless)


def test_services_are_found_by_name() -> None:
    """DDS is the default; an unknown name is an error that lists the known ones."""
    assert service_named().name == DEFAULT == "dds"
    with pytest.raises(InputError, match="unknown service 'css': use one of dds"):
        service_named("css")
