"""Faults on request: which of the next requests go wrong, and how. Pure bookkeeping."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from ddswait.simulator.fields import check_fields

Break = Literal["reset", "garbage", "truncated"]
WrongReply = Literal[
    "throttle",
    "error",
    "not_json",
    "no_job",
    "redirect",
    "unauthorized",
    "forbidden",
    "unknown",
]
Kind = Literal[WrongReply, Break, "stall"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with some of the next requests.

    Attributes:
        kind: `throttle` (429), `error` (`status`, `code` and `message`), `stall` (replies after
            `seconds`), `reset` (closes the connection), `garbage` (bytes that are not HTTP),
            `not_json` (a proxy's HTML with status 200), `no_job` (JSON without a job),
            `truncated` (a body shorter than announced), `redirect` (to `location`),
            `unauthorized` (401), `forbidden` (403) or `unknown` (the job ID is unknown).
        count: how many requests go wrong; None means all until the faults are cleared.
        job_id: affects only requests about this ID; None means any.
        path: affects only requests to this path; None means any.
        status: the HTTP status of an `error`.
        code: the code in the body of an `error`.
        message: the message in the body of an `error`.
        seconds: how long a `stall` takes, in seconds of the event loop.
        retry_after: the value of the `Retry-After` header; None sends no such header. Digits are
            sent as a time if the dialect says so.
        limit: the text of a `throttle`; "" sends DDS's own 429, which names no limit.
        location: the address that a `redirect` names.
    """

    kind: Kind
    count: int | None = 1
    job_id: str | None = None
    path: str | None = None
    status: int = 503
    code: str = "DBS.280005"
    message: str = "Server error. Try again later."
    seconds: float = 3600.0
    retry_after: str | None = None
    limit: str = "policy user over ratelimit,limit:200,time:5 minute"
    location: str = "http://127.0.0.1:9/"

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Fault:
        """Read a fault that was sent to the control API.

        Raises:
            ValueError: a field or its value is unknown, or the kind is missing.
        """
        check_fields(document, cls)
        if "kind" not in document:
            raise ValueError(f"the kind of fault is missing: use one of {', '.join(KINDS)}")
        return cls(**document)


class Faults:
    """The faults that wait for a request to affect, in the order in which they were added."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault for the next requests."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()

    def take(self, job_id: str | None, path: str) -> Fault | None:
        """Return the fault that affects a request about `job_id` to `path`, and count it."""
        for place, fault in enumerate(self._waiting):
            if fault.job_id in {None, job_id} and fault.path in {None, path}:
                if fault.count is not None:
                    rest = replace(fault, count=fault.count - 1)
                    self._waiting[place : place + 1] = [rest] if rest.count else []
                return fault
        return None
