"""The tables of the services beside DDS: each reads its own replies, and asks in its own words."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait import Instance
from ddswait.credentials import signer
from ddswait.job import JobPhase
from ddswait.outcome import Refusal, Scope
from ddswait.service import NAMES, Service, service_named
from ddswait.service.replies import (
    InstanceState,
    JobPage,
    JobReply,
    JobSeen,
    Problem,
    TransientFailure,
    UnknownJob,
)

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
ENDPOINT = "https://service.test"
LONGEST = 80  # lines of the file of a service
MOMENT = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()
# A month less two minutes before that, and a minute after it.
START, END = "2026-03-02T12%3A02%3A00%2B0000", "2026-04-01T12%3A01%3A00%2B0000"
START_MS, END_MS = "1772452920000", "1775044860000"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Facts(NamedTuple):
    """What the samples of a service say, and the words of its requests."""

    job_id: str
    name: str
    instance: Instance
    progress: int
    created: datetime | None
    took: float
    fail_reason: str | None
    unknown: int
    job_path: str
    list_path: str
    total: int
    ready: str
    busy: str
    hopeless: str


FACTS = {
    "rds": Facts(
        "5d0f3c1e-7a42-4c7b-8e0e-2f6c9b1a4d88",
        "CreatePostgreSQLHAInstance",
        Instance("c7d1be0a44f84b6f9b0e5a2d63f190abin03", "billing-pg"),
        35,
        at("2026-03-04T08:15:00+00:00"),
        570.0,
        "no free address in the subnet",
        400,
        "/v3/p/jobs?id=",
        f"/v3/p/tasklist?end_time={END_MS}&limit=50&offset=7&start_time={START_MS}&status=Running",
        61,
        "ACTIVE",
        "BACKING UP",
        "STORAGE FULL",
    ),
    "taurusdb": Facts(
        "e8a1c3d5-2b4f-4a6c-9d8e-7f6a5b4c3d2e",
        "CreateGaussDBforMySQLInstance",
        Instance("1f3e5d7c9b8a4f6e8d0c2b4a69788796in07", "shop-core"),
        72,
        None,
        1260.0,
        "the flavor is sold out",
        400,
        "/v3/p/jobs?id=",
        f"/v3/p/immediate-jobs?end_time={END}&limit=50&offset=7&start_time={START}&status=Running",
        13,
        "normal",
        "createing",
        "createfail",
    ),
    "gaussdb": Facts(
        "47c2e9b1-6d3a-4f85-b0c7-d9e8f7a6b5c4",
        "CreateGaussDBV5Instance",
        Instance("8b6d4f2a0c9e47538f1d3b5c7e9a1c3ein14", "ledger"),
        18,
        at("2026-03-06T20:00:00+08:00"),
        1860.0,
        "a node did not start",
        400,
        "/v3/p/jobs?id=",
        f"/v3/p/tasks?end_time={END_MS}&limit=100&offset=7&start_time={START_MS}&status=Running",
        3,
        "ACTIVE",
        "BUILD",
        "FAILED",
    ),
    "geminidb": Facts(
        "b3d5f7a9-1c2e-4d6f-8a0b-2c4e6a8d0f1b",
        "CreateInstance",
        Instance("6a5c4e3d2f1b40a98e7c6d5b4f3a2918in12", "sessions"),
        44,
        at("2026-03-07T03:30:00+00:00"),
        660.0,
        "the disk could not be attached",
        200,
        "/v3/p/jobs?id=",
        f"/v3/p/jobs?end_time={END}&limit=50&offset=7&start_time={START}&status=Running",
        21,
        "normal",
        "creating",
        "frozen",
    ),
    "ddm": Facts(
        "0c1d2e3f-4a5b-4c6d-8e7f-9a8b7c6d5e4f",
        "CreateInstance",
        Instance("f0e1d2c3b4a5968778695a4b3c2d1e0fin09", "router"),
        90,
        at("2026-03-08T11:00:00+00:00"),
        360.0,
        None,
        200,
        "/v3/p/jobs/",
        f"/v3/p/jobs?end_time={END_MS}&limit=128&offset=7&start_time={START_MS}",
        4,
        "RUNNING",
        "CREATING",
        "CREATEFAILED",
    ),
}
family = pytest.mark.parametrize("name", FACTS)


def sample(name: str, file: str) -> bytes:
    return (SAMPLES / name / f"{file}.json").read_bytes()


def read(name: str, file: str) -> JobReply | Problem:
    body, facts = sample(name, file), FACTS[name]
    status = facts.unknown if file == "unknown-job" else 200
    return service_named(name).read_job(facts.job_id, status, {}, body)


def job(name: str, file: str) -> Any:
    reply = read(name, file)
    assert isinstance(reply, JobSeen)
    return reply.job


def instance(service: Service, instance_id: str, **record: object) -> InstanceState:
    body = json.dumps({"instances": [{"id": instance_id, **record}]}).encode()
    state = service.read_instance(instance_id, 200, {}, body)
    assert isinstance(state, InstanceState)
    return state


def test_every_service_has_samples() -> None:
    """No service of the registry is left out of this file; DDS has a file of its own."""
    assert {"dds", *FACTS} == set(NAMES)


@family
def test_running_job_is_read(name: str) -> None:
    """ID, name, progress, times and instance are found under the words of the service."""
    facts, seen = FACTS[name], job(name, "job-running")
    assert (seen.id, seen.name, seen.instance) == (facts.job_id, facts.name, facts.instance)
    assert (seen.phase, seen.progress) == (JobPhase.RUNNING, facts.progress)
    assert (seen.created, seen.ended, seen.fail_reason) == (facts.created, None, None)


@family
def test_ended_job_is_read(name: str) -> None:
    """A completed job says how long it took, and a failed one why, where the service says it."""
    facts, done, failed = FACTS[name], job(name, "job-completed"), job(name, "job-failed")
    assert (done.phase, failed.phase) == (JobPhase.COMPLETED, JobPhase.FAILED)
    assert (done.ended - done.created).total_seconds() == facts.took
    assert (done.progress, done.fail_reason) == (None, None)
    assert failed.fail_reason == facts.fail_reason


@family
def test_job_that_a_service_does_not_know(name: str) -> None:
    """Each service says it in its own way, and the wait tolerates it for the grace."""
    assert isinstance(read(name, "unknown-job"), UnknownJob)


@family
@pytest.mark.parametrize("empty", [None, {}, [], {"status": ""}, [{"status": None}]])
def test_empty_job_is_unknown(name: str, empty: object) -> None:
    """An unknown ID may also come as 200 with an empty job, in the wrapper of the service."""
    key = next(iter(json.loads(sample(name, "job-running"))))
    body = json.dumps({key: empty}).encode()
    assert isinstance(service_named(name).read_job("x", 200, {}, body), UnknownJob)


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("pending", JobPhase.RUNNING),
        ("unauthorized", JobPhase.RUNNING),
        ("canceled", JobPhase.FAILED),
    ],
)
def test_words_of_taurusdb(word: str, phase: JobPhase) -> None:
    """A job that waits for approval has not ended, and a cancelled one did not complete."""
    assert job("taurusdb", f"job-{word}").phase is phase


@family
def test_requests_of_a_service(name: str) -> None:
    """The ID is in the query or the path, and the list has the service's path, times and page."""
    service, facts = service_named(name), FACTS[name]
    assert service.poll_job(ENDPOINT, "p", "x").url == f"{ENDPOINT}{facts.job_path}x"
    request = service.list_jobs(ENDPOINT, "p", running=True, moment=MOMENT, offset=7)
    assert request.url == ENDPOINT + facts.list_path
    query = request.url.partition("?")[2]
    assert signer.canonical_query(query) == query


@pytest.mark.parametrize(("name", "limit"), [("rds", 1), ("taurusdb", 10), ("geminidb", 10)])
def test_small_page_has_a_size_that_the_service_allows(name: str, limit: int) -> None:
    """Where a service allows some sizes only, a request for one job asks for the smallest."""
    service = service_named(name)
    url = service.list_jobs(ENDPOINT, "p", running=True, moment=MOMENT, offset=0, limit=1).url
    assert f"&limit={limit}&" in url


@family
def test_list_shows_the_same_job(name: str) -> None:
    """A row of a list has the same job as a poll, and the page the number of all jobs."""
    facts = FACTS[name]
    page = service_named(name).read_list(200, {}, sample(name, "list"))
    assert isinstance(page, JobPage)
    (seen,) = page.jobs
    assert page.total == facts.total
    assert (seen.name, seen.instance) == (facts.name, facts.instance)
    assert (seen.phase, seen.progress) == (JobPhase.RUNNING, facts.progress)
    assert seen.created is not None
    assert seen.ended is None  # that of RDS is the planned end, from which nothing is learned
    assert seen.id == (facts.job_id if name != "rds" else "0b9a7d5c3e1f42869acfe07d1b3c5e72")


@family
def test_instance_is_ready_by_the_words_of_the_service(name: str) -> None:
    """One word means ready, one means that no wait helps, and any other that it is busy."""
    service, facts = service_named(name), FACTS[name]
    for word, is_ready, is_hopeless in (
        (facts.ready, True, False),
        (facts.ready.swapcase(), True, False),
        (facts.busy, False, False),
        (facts.hopeless, False, True),
    ):
        state = instance(service, facts.instance.id, status=word)
        assert (state.is_ready, state.is_hopeless) == (is_ready, is_hopeless)
        assert state.description == f"it is {word}"


@pytest.mark.parametrize(
    ("name", "counts"),
    [("rds", False), ("gaussdb", False), ("ddm", False), ("taurusdb", True), ("geminidb", True)],
)
def test_pending_actions_count_where_the_service_has_them(name: str, counts: bool) -> None:
    """TaurusDB and GeminiDB are busy with them, as DDS is; the others have no such field."""
    facts = FACTS[name]
    state = instance(
        service_named(name), facts.instance.id, status=facts.ready, actions=["GROWING"]
    )
    assert state.is_ready is not counts


@family
def test_creation_may_be_followed_by_a_backup(name: str) -> None:
    """An instance flaps from ready to backing up, so two polls must find it ready."""
    assert job(name, "job-completed").backup_follows


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        ("dds", ["dds:task:getDetail", "dds:task:listAll", "dds:instance:list"]),
        ("rds", ["rds:task:list", "rds:task:list", "to query instances"]),
        ("taurusdb", ["gaussdbformysql:task:list"] * 2 + ["to query instances"]),
        ("geminidb", ["gaussdbfornosql:task:list"] * 2 + ["to query instances"]),
        ("gaussdb", ["to poll jobs", "to list jobs", "to query instances"]),
        ("ddm", ["to poll jobs", "to list jobs", "to query instances"]),
    ],
)
def test_refusal_names_the_permission_of_the_service(name: str, hints: list[str]) -> None:
    """Where the name of the permission is known, the hint has it, and never that of another."""
    service = service_named(name)
    body = b'{"error_code": "DBS.280032", "error_msg": "no"}'
    refusals = [
        service.read_job("x", 403, {}, body),
        service.read_list(403, {}, body),
        service.read_instance("i", 403, {}, body),
    ]
    for refusal, hint in zip(refusals, hints, strict=True):
        assert isinstance(refusal, Refusal)
        assert refusal.hint == f"ask for the permission {hint}"
    assert isinstance(refusals[0], Refusal)
    assert refusals[0].scope is Scope.EVERYTHING


@pytest.mark.parametrize("name", NAMES)
def test_file_of_a_service_is_short(name: str) -> None:
    """A service is one file of 80 lines at most, which is mostly a table."""
    lines = (ROOT / "ddswait" / "service" / f"{name}.py").read_text().splitlines()
    assert len(lines) <= LONGEST


BODIES = st.one_of(
    st.binary(),
    st.sampled_from(sorted(SAMPLES.rglob("*.json"))).map(Path.read_bytes),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "job",
                        "jobs",
                        "tasks",
                        "instances",
                        "instance",
                        "instance_info",
                        "id",
                        "job_id",
                        "status",
                        "process",
                        "progress",
                        "created",
                        "start_time",
                        "end_time",
                        "total",
                        "total_count",
                        "actions",
                        "error_code",
                    ]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    ).map(lambda document: json.dumps(document).encode("utf-8", "replace")),
)
HEADERS = st.dictionaries(st.sampled_from(["Date", "Retry-After", "Location"]), st.text())


@given(
    name=st.sampled_from(NAMES),
    status=st.integers(min_value=100, max_value=599),
    headers=HEADERS,
    body=BODIES,
    job_id=st.sampled_from(["x", *(facts.job_id for facts in FACTS.values())]),
)
def test_any_bytes_are_a_reply(
    name: str, status: int, headers: dict[str, str], body: bytes, job_id: str
) -> None:
    """Whatever a host sends, each service reads a reply from it, and raises nothing."""
    service = service_named(name)
    assert isinstance(
        service.read_job(job_id, status, headers, body), get_args(JobReply) + get_args(Problem)
    )
    assert isinstance(service.read_list(status, headers, body), (JobPage, *get_args(Problem)))
    state = service.read_instance(job_id, status, headers, body)
    assert isinstance(state, (InstanceState, *get_args(Problem)))


@family
def test_reply_without_the_wrapper_says_nothing(name: str) -> None:
    """A page of a proxy, or the reply of another service, is neither a job nor an unknown one."""
    reply = service_named(name).read_job("x", 200, {}, b'{"something": "else"}')
    assert isinstance(reply, TransientFailure)
