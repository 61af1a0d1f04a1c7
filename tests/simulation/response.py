"""What the model of the service sends back, and what it means by it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Says(enum.Enum):
    """What a response means, in the words of the service's documents."""

    RUNNING = "the job has not ended"
    ENDED = "the job has ended"
    UNKNOWN = "no job has this ID"
    PAGE = "a page of a list"
    READY = "the instance is ready"
    BUSY = "the instance is busy"
    GONE = "no instance has this ID"
    HOPELESS = "the instance needs help"
    THROTTLED = "too many requests"
    BROKEN = "nothing about what was requested"
    SILENCE = "nothing at all"
    BAD_CREDENTIALS = "these credentials do not serve"
    REFUSED_JOB = "this request is wrong, for this job or instance"
    REFUSED_KIND = "requests of this kind are not allowed"
    REFUSED_ALL = "no request is allowed"
    RENEWED = "new credentials"


CONTENT = frozenset(
    {Says.RUNNING, Says.ENDED, Says.UNKNOWN, Says.PAGE, Says.READY, Says.BUSY, Says.GONE}
    | {Says.HOPELESS}
)
"""What was requested came: so the credentials were accepted."""

FAILURES = frozenset({Says.BROKEN, Says.SILENCE})
"""The request brought nothing, which may pass."""

REFUSALS = frozenset({Says.REFUSED_JOB, Says.REFUSED_KIND, Says.REFUSED_ALL, Says.BAD_CREDENTIALS})


class Stated(NamedTuple):
    """A rate limit as a 429 states it: so many requests in so many seconds."""

    policy: str
    limit: int
    window: float


class Response(NamedTuple):
    """One HTTP response, or the lack of it.

    Attributes:
        says: what the service means by it.
        status: the HTTP status; 0 for a connection that breaks.
        headers: by name.
        body: the bytes.
        retry_after: seconds that it asks to wait.
        stated: the rate limit that it states.
        shows: the IDs of the jobs that a page shows as not ended.
        renew_in: seconds after which new credentials should be renewed.
        same: whether they are the ones in use.
        resolved: whether the name of the host resolved; None if the caller cannot tell.
    """

    says: Says
    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    retry_after: float = 0.0
    stated: Stated | None = None
    shows: tuple[str, ...] = ()
    renew_in: float | None = None
    same: bool = False
    resolved: bool | None = True


SILENCE = Response(Says.SILENCE, 0, resolved=None)
