"""What happens to tracked jobs, as frozen records; all durations are in seconds.

The `label` of an event of a job is that of the wait with the earliest deadline.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from ddswait.failure_kinds import UNUSABLE_REPLY
from ddswait.job import Job
from ddswait.outcome import Outcome

__all__ = [
    "Ended",
    "Event",
    "ListRefused",
    "PollFailed",
    "Polled",
    "Progressed",
    "RenewalFailed",
    "Tracked",
    "UnknownStatus",
    "Visible",
]


_LONGEST = 120  # characters of a message


def _short(event: Any) -> str:  # noqa: ANN401 - any of the records below
    """Return an event in one line, without futures and without fields that have their defaults."""
    shown = [
        f"{name}={_value(value)}"
        for name, value in zip(event._fields, event, strict=True)
        if name != "subscribers" and (name, value) not in event._field_defaults.items()
    ]
    return f"{type(event).__name__}({', '.join(shown)})"


def _value(value: object) -> str:
    match value:
        case Job():
            progress = "" if value.progress is None else f"{value.progress} %"
            return f"<{' '.join(filter(None, (value.task, value.status, progress)))}>"
        case Outcome():
            message = value.message
            is_long = len(message) > _LONGEST
            return f"<{value.kind}: {message[:_LONGEST]}{'...' if is_long else ''}>"
        case _:
            return repr(value)


class Tracked(NamedTuple):
    """Somebody began to wait for the job; its first poll is due at once.

    Created only if somebody listened to debug events when the waiter was entered.
    """

    job_id: str
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class Visible(NamedTuple):
    """The first reply that knew the job, which was `age` seconds old by the server's clock."""

    job_id: str
    job: Job
    age: float = 0.0
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class Progressed(NamedTuple):
    """Status or progress differ from the poll before, whose record is `previous`."""

    job_id: str
    job: Job
    previous: Job
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class PollFailed(NamedTuple):
    """A poll failed for `cause`; the next one is due in `retry_delay` seconds.

    If it was a poll of an instance, `instance_id` is that of the instance, `subscribers` the
    caller's future, and `job_id` the job that completed before, or "" for a wait without a job.
    `kind` is the cause in two or three words, such as `DNS`, `connection refused`, `TLS`,
    `HTTP 502` or `no reply`.
    """

    job_id: str
    cause: str
    retry_delay: float
    instance_id: str = ""
    subscribers: tuple[object, ...] = ()
    kind: str = UNUSABLE_REPLY
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class UnknownStatus(NamedTuple):
    """The service used a status that is not documented; reported once for each such status."""

    job_id: str
    status: str
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class Polled(NamedTuple):
    """A job or an instance was polled; created only as `Tracked` is.

    Attributes:
        job_id: the job; "" for an instance that is waited for without a job.
        reason: why it was polled: `first`, `grace` (its ID is not known yet), `interval`,
            `retry` (the last poll failed), `listed` (a list request showed it), `unlisted` (a
            list request should have shown it and did not) or `deadline` (the last poll).
        next_in: seconds until the next poll is due.
        instance_id: the instance, if one was polled.
        failed: whether the poll failed.
        subscribers: the caller's future, if an instance was polled.
        label: see above.
        unconfirmed: whether the next poll must confirm what this one found, before the wait ends:
            a job that has vanished, or an instance that is ready.
    """

    job_id: str
    reason: str
    next_in: float
    instance_id: str = ""
    failed: bool = False
    subscribers: tuple[object, ...] = ()
    label: str = ""
    unconfirmed: bool = False

    def __repr__(self) -> str:
        return _short(self)


class ListRefused(NamedTuple):
    """List requests are refused for `cause`: every job is polled individually from now on."""

    cause: str
    job_id: str = ""
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class RenewalFailed(NamedTuple):
    """Credentials could not be obtained or renewed, for `cause`.

    Attributes:
        cause: what went wrong.
        retry_delay: seconds until the next attempt. None: no attempt is made before the
            present credentials are refused, because this renewal was refused itself, and a user
            who is refused too often is locked.
        job_id: always "": the event concerns every job.
        kind: the cause in two or three words, as in `PollFailed`.
        label: always "".
    """

    cause: str
    retry_delay: float | None
    job_id: str = ""
    kind: str = UNUSABLE_REPLY
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


class Ended(NamedTuple):
    """The waits of `subscribers` (the callers' futures) for one job have ended alike.

    With `ready=True` a second one says how the wait for the job's instance ended: its `instance`
    is True.
    """

    job_id: str
    outcome: Outcome
    subscribers: tuple[object, ...] = ()
    instance: bool = False
    label: str = ""

    def __repr__(self) -> str:
        return _short(self)


Event = (
    Tracked
    | Visible
    | Progressed
    | PollFailed
    | UnknownStatus
    | Polled
    | ListRefused
    | RenewalFailed
    | Ended
)


def with_label(event: Event, label: str) -> Event:
    """Return an event, and the outcome in it, with the label of a wait."""
    if isinstance(event, Ended):
        event = event._replace(outcome=replace(event.outcome, label=label))
    return event._replace(label=label)
