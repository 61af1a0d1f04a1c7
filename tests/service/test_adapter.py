"""ddswait.service.adapter: a service of the family is a table, and nothing else."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ddswait.errors import InputError
from ddswait.job import Instance, Job, JobPhase
from ddswait.outcome import Refusal, Scope
from ddswait.service import DEFAULT, service_named
from ddswait.service.adapter import Adapter, _request_of_job
from ddswait.service.replies import (
    InstanceState,
    JobPage,
    JobSeen,
    Request,
    TransientFailure,
    UnknownJob,
)
from ddswait.service.table import ServiceTable

# Everything that may differ does: the ID in the path, a list of one record, other words.
MADE_UP = Adapter(
    ServiceTable(
        name="madeup",
        job_path="/v9/{project}/tasks/{id}",
        job_key="tasks",
        phases={
            "RUN": JobPhase.RUNNING,
            "DONE": JobPhase.COMPLETED,
            "BROKEN": JobPhase.FAILED,
        },
        list_path="/v9/{project}/tasks?from={start}&limit={limit}&skip={offset}&state={status}&to={end}",
        list_key="tasks",
        list_permission="madeup:task:list",
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


def test_requests_are_remembered_up_to_a_bound() -> None:
    """The same request for the same job, not for another endpoint or project; a thousand of all."""
    first = MADE_UP.poll_job("https://m.test", "p", "x")
    assert MADE_UP.poll_job("https://m.test", "p", "x") is first
    for endpoint, project_id in (("https://n.test", "p"), ("https://m.test", "q")):
        url = MADE_UP.poll_job(endpoint, project_id, "x").url
        assert url == f"{endpoint}/v9/{project_id}/tasks/x"
    for number in range(1100):
        MADE_UP.poll_job("https://m.test", "p", f"{number}")
    assert _request_of_job.cache_info().currsize == 1000


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


def seen(record: object, known: Job | None = None, digest: int = 0) -> JobSeen:
    reply = MADE_UP.read_job("x", 200, {}, body({"tasks": record}), known=known, digest=digest)
    assert isinstance(reply, JobSeen)
    return reply


def test_reply_that_repeats_the_last_one_is_not_read_again() -> None:
    """The job that is known is returned, the very same object, again and again."""
    first = seen(RECORD)
    second = seen(RECORD, first.job, first.digest)
    assert second.job is first.job
    assert seen(RECORD, second.job, second.digest).job is first.job


def test_reply_is_read_when_the_last_one_is_not_known() -> None:
    """A list or an earlier run may have told of the job: that has no digest."""
    known = MADE_UP.read_record({**RECORD, "status": "DONE"})
    assert seen(RECORD, known).job == MADE_UP.read_record(RECORD)
    assert seen(RECORD, None, seen(RECORD).digest).job == MADE_UP.read_record(RECORD)


@pytest.mark.parametrize("digest", [0, 1])
def test_empty_reply_repeats_nothing(digest: int) -> None:
    """The digest of no bytes is that of no reply."""
    known = MADE_UP.read_record(RECORD)
    reply = MADE_UP.read_job("x", 200, {}, b"", known=known, digest=digest)
    assert isinstance(reply, TransientFailure)


@pytest.mark.parametrize("field", ["status", "process", "start_time", "name", "fail_reason"])
def test_record_with_one_change_is_read(field: str) -> None:
    """Whatever field changes, the new record is believed."""
    record = {**RECORD, field: "2026-01-02T00:00:00+0000"}
    before = seen(RECORD)
    after = seen(record, before.job, before.digest)
    assert after.job == MADE_UP.read_record(record)
    assert after.digest != before.digest


def test_reply_of_another_status_repeats_nothing() -> None:
    """The same bytes with a status of an error are an error."""
    before = seen(RECORD)
    full, known, digest = body({"tasks": RECORD}), before.job, before.digest
    reply = MADE_UP.read_job("x", 502, {}, full, known=known, digest=digest)
    assert isinstance(reply, TransientFailure)


def test_job_of_another_spelling_is_known_by_the_id_that_was_asked_for() -> None:
    """Whoever waits knows the job by that."""
    assert seen({**RECORD, "id": "X"}).job.id == "x"


def test_empty_job_is_unknown_whatever_a_list_said() -> None:
    """A record without a status is no record, although a list shows the same."""
    record = {"id": "x", "status": ""}
    known = MADE_UP.read_record(record)
    assert isinstance(
        MADE_UP.read_job("x", 200, {}, body({"tasks": record}), known=known), UnknownJob
    )


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
    with pytest.raises(InputError, match="unknown service 'xyz': use one of dds"):
        service_named("xyz")


DATE = "Fri, 01 Jan 2021 00:00:30 GMT"
HEADERS = {"Date": DATE}


def test_reply_tells_the_time_of_the_server() -> None:
    """With a new job, one that is known, and without it; "" when the reply has no date."""
    full, empty = body({"tasks": RECORD}), body({"tasks": []})
    first = seen(RECORD)
    for headers, date in ((HEADERS, DATE), ({}, "")):
        for digest in (0, first.digest):
            reply = MADE_UP.read_job("x", 200, headers, full, known=first.job, digest=digest)
            assert reply == JobSeen(first.job, date, first.digest)
        unknown = MADE_UP.read_job("x", 200, headers, empty)
        assert unknown == UnknownJob("the reply's job is empty", date)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"<html>", "the reply holds no job: <html>"),
        (b'{"tasks": 7}', 'the reply\'s job is not a record: {"tasks": 7}'),
        (b'{"tasks": [{"id": "y", "status": "RUN"}]}', "the reply is about another job: 'y'"),
        (
            b'{"tasks": [{"id": "' + b"y" * 300 + b'", "status": "RUN"}]}',
            f"the reply is about another job: '{'y' * 199}",
        ),
    ],
)
def test_reply_without_the_job_is_quoted(content: bytes, cause: str) -> None:
    """The cause says what is wrong, and what came instead."""
    assert MADE_UP.read_job("x", 200, {}, content) == TransientFailure(cause)


def test_reply_without_a_list_is_quoted() -> None:
    """Neither for jobs nor for instances is anything guessed."""
    assert MADE_UP.read_list(200, {}, b'{"tasks": 7}') == TransientFailure(
        'the reply lists no jobs: {"tasks": 7}'
    )
    assert MADE_UP.read_list(200, {}, b"[7]") == TransientFailure("the reply lists no jobs: [7]")
    assert MADE_UP.read_instance("i", 200, {}, b"{}") == TransientFailure(
        "the reply holds no instances: {}"
    )


@pytest.mark.parametrize("status", [199, 300, 301])
def test_only_a_success_is_read(status: int) -> None:
    """The body of any other reply is not taken for a job."""
    assert not isinstance(MADE_UP.read_job("x", status, {}, body({"tasks": [RECORD]})), JobSeen)


@pytest.mark.parametrize(
    ("record", "reason", "is_deletion", "instance"),
    [
        ({"fail_reason": "no quota"}, "no quota", False, None),
        ({"fail_reason": ""}, None, False, None),
        ({"name": "Delete_MongoDB"}, None, True, None),
        ({"name": "UnDelete"}, None, False, None),
        ({"instance_id": "i"}, None, False, Instance("i", "")),
        ({"instance_name": "n"}, None, False, Instance("", "n")),
        ({"instance": {"id": "i", "name": "n"}}, None, False, Instance("i", "n")),
    ],
)
def test_what_a_record_may_leave_out(
    record: dict[str, Any], reason: str | None, is_deletion: bool, instance: Instance | None
) -> None:
    """A reason, a deletion and an instance are there only if the record names them."""
    job = MADE_UP.read_record(record)
    assert (job.fail_reason, job.is_deletion, job.instance) == (reason, is_deletion, instance)


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
def test_list_request_covers_a_month_and_a_minute_ahead() -> None:
    """In UTC, whatever the time zone of this machine; the longest span that the API accepts."""
    request = MADE_UP.list_jobs("https://m.test", "p", running=True, moment=2e9, offset=7)
    assert request == Request(
        "GET",
        "https://m.test/v9/p/tasks?from=2033-04-18T03%3A35%3A20%2B0000&limit=7&skip=7&state=RUN"
        "&to=2033-05-18T03%3A34%3A20%2B0000",
    )


@pytest.mark.parametrize(
    ("wanted", "asked"), [(1, 10), (10, 10), (11, 20), (20, 20), (50, 50), (51, 50)]
)
def test_page_has_a_size_that_the_service_accepts(wanted: int, asked: int) -> None:
    """The smallest one that holds as many as are wanted, or the largest one."""
    picky = Adapter(MADE_UP._table._replace(page_sizes=(10, 20, 50)))
    request = picky.list_jobs(
        "https://m.test", "p", running=True, moment=2e9, offset=0, limit=wanted
    )
    assert f"&limit={asked}&" in request.url


def test_page_counts_all_jobs() -> None:
    """By the reply's own total, within bounds; without one, there is this page only."""
    entries = [RECORD, "rubbish", RECORD]
    for document, total in (
        ({"tasks": entries, "total_count": 9}, 9),
        ({"tasks": entries, "total_count": 0}, 0),
        ({"tasks": entries, "total_count": -7}, 0),
        ({"tasks": entries, "total_count": 10**9}, 10**9),
        ({"tasks": entries, "total_count": 10**400}, 10**9),
        ({"tasks": entries}, 3),
        ({"tasks": entries, "total_count": "9"}, 3),
    ):
        page = MADE_UP.read_list(200, {}, body(document))
        assert isinstance(page, JobPage)
        assert ([job.id for job in page.jobs], page.total) == (["x", "x"], total)


def test_each_request_is_a_get() -> None:
    """A poll changes nothing; every ID is escaped as a signature wants it."""
    assert MADE_UP.poll_job("https://m.test", "p", "x") == Request(
        "GET", "https://m.test/v9/p/tasks/x"
    )
    assert MADE_UP.poll_instance("https://m.test", "p", "i/X~") == Request(
        "GET", "https://m.test/v9/p/databases/i%2FX~"
    )


def test_list_that_is_not_known_is_refused_in_the_words_of_the_reply() -> None:
    """A partner cloud that does not know the list refuses it, and only it."""
    content = body({"error_code": "DBS.200543", "error_msg": "not here"})
    refusal = MADE_UP.read_list(404, {}, content)
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.scope) == (404, Scope.OPERATION)
    assert "not here" in refusal.error_msg


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "ask for the permission madeup:task:list"), (400, "")]
)
def test_list_that_is_denied_names_its_permission(status: int, hint: str) -> None:
    """Another refusal has no hint: nothing that the user can do is known."""
    code = {401: "DBS.280064", 400: "DBS.200001"}[status]
    refusal = MADE_UP.read_list(status, {}, body({"error_code": code, "error_msg": "no"}))
    assert isinstance(refusal, Refusal)
    assert (refusal.scope, refusal.hint) == (Scope.OPERATION, hint)


def test_table_is_read_when_a_service_is_made() -> None:
    """The words of the table are those of the service."""
    again = Adapter(MADE_UP._table)
    assert (again.name, again.page_size) == ("madeup", 7)
    assert again.poll_job("https://m.test", "p", "x") == MADE_UP.poll_job(
        "https://m.test", "p", "x"
    )
    assert again.list_jobs("e", "p", running=False, moment=2e9, offset=0) == MADE_UP.list_jobs(
        "e", "p", running=False, moment=2e9, offset=0
    )
    for status in ("RUN", "DONE", "active", "LOST"):
        record = {**RECORD, "status": status}
        for reply in ("read_job", "read_instance"):
            content = body({"tasks": [record], "databases": [record]})
            assert getattr(again, reply)("x", 200, {}, content) == getattr(MADE_UP, reply)(
                "x", 200, {}, content
            )


def test_progress_may_have_blanks_before_its_percent_sign() -> None:
    """`60 %` is 60 percent."""
    assert MADE_UP.read_record({"process": " 60 % "}).progress == 60


@pytest.mark.parametrize("own", ["x", "X", " x "])
@pytest.mark.parametrize("status", ["DONE", "done", " Done "])
def test_row_with_the_id_decides(own: str, status: str) -> None:
    """Others may stand before it, and its ID and its status may be written in another case."""
    rows = [
        "rubbish",
        {"id": "y", "status": "RUN"},
        {"status": "RUN"},
        {"id": own, "status": status},
    ]
    reply = MADE_UP.read_job("x", 200, {}, body({"tasks": rows}))
    assert isinstance(reply, JobSeen)
    assert (reply.job.id, reply.job.phase) == ("x", JobPhase.COMPLETED)
    again = MADE_UP.read_job("X", 200, {}, body({"tasks": rows[-1]}))
    assert isinstance(again, JobSeen)
    assert again.job.id == "X"  # whoever waits knows it so
    page = MADE_UP.read_list(200, {}, body({"tasks": rows[-1:]}))
    assert isinstance(page, JobPage)
    assert page.jobs[0].id == own.strip()


def test_list_without_the_job_says_nothing_about_it() -> None:
    """The rows of other jobs are not taken for it."""
    rows = [{"id": "y", "status": "DONE"}, {"id": "z", "status": "RUN"}]
    assert MADE_UP.read_job("x", 200, {}, body({"tasks": rows})) == TransientFailure(
        "the reply is about another job: 'y'"
    )
