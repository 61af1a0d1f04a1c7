"""Targets that read a reply: whatever a server sends, it is read and nothing is raised.

An input is written as a reply is: a line with the status, lines with headers, an empty line, and
the body.
"""

from __future__ import annotations

import json
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from multidict import CIMultiDict

from ddswait.credentials.iam import read_token
from ddswait.credentials.keys import StaticHeaders
from ddswait.credentials.metadata import read_key, read_metadata_token
from ddswait.credentials.project import read_projects
from ddswait.credentials.provider import Lease
from ddswait.outcome import Refusal
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.service.dds import SERVICE
from ddswait.service.problems import read_problem
from ddswait.service.replies import (
    InstanceState,
    JobPage,
    JobReply,
    JobSeen,
    Problem,
    Request,
    Throttled,
    TransientFailure,
    UnknownJob,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddswait.job import Job

JOB_ID = "x"
"""The job, and the instance, that every input is read for."""

DAY = 86400.0
_NOW = 1e6
_REQUEST = Request("GET", "https://dds.test/v3/p/jobs?id=x")


class Reply(NamedTuple):
    """What the transport passes on."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def reply_of(data: bytes) -> Reply:
    """Return the reply that an input describes; any bytes describe one."""
    head, _, body = data.partition(b"\n\n")
    # aiohttp decodes headers like this.
    status, *lines = head.decode("utf-8", "surrogateescape").split("\n")
    headers = CIMultiDict(line.partition(": ")[::2] for line in lines)
    is_status = len(status) == len("200") and status.isascii() and status.isdecimal()
    return Reply(int(status) if is_status else 200, headers, body)


def read_service(data: bytes) -> None:
    """Any status, headers and bytes are one of the documented replies of the service."""
    reply = reply_of(data)
    seen = SERVICE.read_job(JOB_ID, *reply)
    assert isinstance(seen, (*get_args(JobReply), *get_args(Problem)))
    _check_problem(seen)
    if isinstance(seen, JobSeen):
        assert seen.job.id.casefold().strip() == JOB_ID
        _check_job(seen.job)
    state = SERVICE.read_instance(JOB_ID, *reply)
    assert isinstance(state, (InstanceState, *get_args(Problem)))
    _check_problem(state)
    page = SERVICE.read_list(*reply)
    assert isinstance(page, (JobPage, *get_args(Problem)))
    _check_problem(page)
    if isinstance(page, JobPage):
        for job in page.jobs:
            _check_job(job)
    _check_problem(read_problem(*reply))


def _check_job(job: Job) -> None:
    """What a record says can be used: for requests, for durations, and in a file."""
    for time in (job.created, job.ended):
        assert time is None or isfinite(time.timestamp())
    assert job.progress is None or 0 <= job.progress < 1000
    if job.instance:
        url = SERVICE.poll_instance("https://dds.test", "p", job.instance.id).url
        assert url.isascii()
    assert job.phase in type(job.phase)
    Durations().learn(job)
    json.dumps(job.raw, default=str)
    repr(job)


def _check_problem(problem: object) -> None:
    match problem:
        case TransientFailure(cause, wait) | Throttled(cause, wait):
            assert cause
            assert 0 <= wait <= DAY
        case Refusal() | UnknownJob():
            assert str(problem)


def read_throttling(data: bytes) -> None:
    """Whatever a 429 states, requests go on to leave, sooner or later."""
    reply = reply_of(data)
    problem = read_problem(429, reply.headers, reply.body)
    assert isinstance(problem, Throttled)
    _check_problem(problem)
    limiter = RateLimiter(10, 1.0)
    for sent in range(3):
        limiter.sent(_NOW + sent)
        limiter.throttled(
            problem.limit, problem.window, problem.retry_after, _NOW + sent, _NOW + sent,
            problem.policy,
        )  # fmt: skip
    wait = limiter.next_at(_NOW + 2) - (_NOW + 2)
    assert wait < inf
    assert limiter.spacing(_NOW + 2) > 0
    assert limiter.room(_NOW + 2) >= 0


def read_credentials(data: bytes) -> None:
    """Any reply of IAM or of a metadata service is a lease, a list of projects, or a reason."""
    reply = reply_of(data)
    reads: tuple[Any, ...] = (read_token, read_key)
    for read in reads:
        lease = read(*reply)
        assert isinstance(lease, (Lease, *get_args(Problem)))
        _check_problem(lease)
        if isinstance(lease, Lease):
            _check_lease(lease)
    projects = read_projects(*reply)
    assert isinstance(projects, (list, *get_args(Problem)))
    token = read_metadata_token(*reply)
    assert isinstance(token, (StaticHeaders, *get_args(Problem)))
    if isinstance(token, StaticHeaders):
        _check_headers(token.headers())


def _check_lease(lease: Lease) -> None:
    assert lease.renew_in is not None
    assert 0 < lease.renew_in < inf
    headers = lease.key.headers()
    _check_headers({**headers, **lease.key.sign(_REQUEST, headers)})


def _check_headers(headers: Mapping[str, str]) -> None:
    """A header carries one line of visible ASCII; any other would break the request."""
    for value in headers.values():
        assert value.isascii()
        assert value.isprintable()
