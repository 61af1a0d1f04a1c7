"""Faults on request: which of the next requests go wrong, and how. Pure bookkeeping."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Kind = Literal[
    "throttle",
    "error",
    "stall",
    "reset",
    "garbage",
    "not_json",
    "no_job",
    "truncated",
    "redirect",
    "unauthorized",
    "forbidden",
    "unknown",
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with some of the coming requests.

    Attributes:
        kind: throttle (429), error (a 5xx), stall (answers after `seconds`), reset (closes the
            connection), garbage (no HTTP), not_json (a proxy's HTML with status 200), no_job
            (JSON without a job), truncated (a body shorter than promised), redirect (to
            `location`), unauthorized (401), forbidden (403), unknown (the job ID is not known).
        count: how many requests; None for all until the faults are cleared.
        job_id: only requests about this job; None for any.
        path: only requests with this path; None for any.
        status: the HTTP status of an error.
        seconds: how long a stall takes, in the loop's seconds.
        retry_after: the value of a `Retry-After` header to send along; None for none.
        limit: the text of a throttle's limit; "" for DDS's own 429, which states none.
        location: where a redirect points.
    """

    kind: Kind
    count: int | None = 1
    job_id: str | None = None
    path: str | None = None
    status: int = 503
    seconds: float = 3600.0
    retry_after: str | None = None
    limit: str = "policy user over ratelimit,limit:200,time:5 minute"
    location: str = "http://127.0.0.1:9/"

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Fault:
        """Read a fault from the control API.

        Raises:
            ValueError: an unknown kind or field; the message names it.
        """
        if document.get("kind") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}: {document.get('kind')!r}")
        try:
            return cls(**document)
        except TypeError as error:
            raise ValueError(str(error)) from None


class Faults:
    """The faults in store, first come first served."""

    def __init__(self) -> None:
        self._stored: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Store a fault for the coming requests."""
        self._stored.append(fault)

    def clear(self) -> None:
        """Let everything go well again."""
        self._stored.clear()

    def take(self, job_id: str | None, path: str) -> Fault | None:
        """Return the fault that strikes a request about `job_id` at `path`, and count it."""
        for place, fault in enumerate(self._stored):
            if fault.job_id in {None, job_id} and fault.path in {None, path}:
                if fault.count is not None:
                    left = replace(fault, count=fault.count - 1)
                    self._stored[place : place + 1] = [left] if left.count else []
                return fault
        return None
