"""Requests, and what their replies can mean: the words that every package shares.

A service turns status, headers and bytes into one of these records. The scheduler decides by
them, and never sees a status code, an error code or a field name of a service.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - NamedTuple fields are looked up by tools
from typing import NamedTuple

from ddswait import failure_kinds
from ddswait.job import Job  # noqa: TC001
from ddswait.outcome import Refusal


class Request(NamedTuple):
    """One HTTP request, complete except for the common headers and its authentication.

    Attributes:
        method: `GET`, `POST`, ...
        url: exactly as it is sent.
        body: exactly as it is sent.
        secrets: what `body` and `url` contain that no message may show, should the reply
            repeat it.
    """

    method: str
    url: str
    body: bytes = b""
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # The body may hold a password.
        return f"Request({self.method!r}, {self.url!r}, {len(self.body)} bytes)"


class JobSeen(NamedTuple):
    """The service knows the job.

    Attributes:
        job: the record; `job.phase` says whether the job has ended.
        date: the `Date` header, which is the server's own clock; "" without one.
        digest: of the reply's body: a reply with the same one says the same; 0 for none.
    """

    job: Job
    date: str = ""
    digest: int = 0


class UnknownJob(NamedTuple):
    """The service does not know the job ID: not yet, no longer, or not at all."""

    message: str
    date: str = ""


class InstanceState(NamedTuple):
    """What a service says about one instance.

    Attributes:
        is_found: whether the instance exists.
        is_ready: whether it takes the next operation.
        is_hopeless: whether it will not become ready without help.
        description: its state in words, such as `it is creating`.
        hint: what else to try for an instance that was not found, or "".
    """

    is_found: bool
    is_ready: bool = False
    is_hopeless: bool = False
    description: str = ""
    hint: str = ""


class JobPage(NamedTuple):
    """One page of a list of jobs, and how many there are on all pages."""

    jobs: Sequence[Job]
    total: int


class TransientFailure(NamedTuple):
    """The request failed for a reason that may pass by itself and says nothing about the job.

    Attributes:
        cause: what went wrong.
        retry_after: seconds that the reply asks to wait; 0 for none.
        kind: the cause in two or three words; see `failure_kinds`.
    """

    cause: str
    retry_after: float = 0.0
    kind: str = failure_kinds.UNUSABLE_REPLY

    @property
    def resolved(self) -> bool | None:
        """Whether the name of the host resolved; None if that is not known."""
        return failure_kinds.shows_name(self.kind)


class Throttled(NamedTuple):
    """There were too many requests.

    Attributes:
        cause: the reply in words.
        retry_after: seconds that the reply asks to wait; 0 for none.
        limit: how many requests are allowed in `window` seconds; None when not stated.
        window: seconds; None when not stated.
        policy: what the limit counts by, `user`, `ip` or `api`; "" when not stated.
        kind: the cause in two or three words; see `failure_kinds`.
    """

    cause: str
    retry_after: float = 0.0
    limit: int | None = None
    window: float | None = None
    policy: str = ""
    kind: str = failure_kinds.THROTTLED


Failure = TransientFailure | Throttled
"""The request failed; it is worth sending again later."""

Problem = TransientFailure | Throttled | Refusal
"""What any request can come to instead of what it asked for."""

JobReply = JobSeen | UnknownJob
"""What a poll of a job asks for."""
