"""What is logged about each event: the level, the name and the values."""

from __future__ import annotations

import logging
from collections.abc import Mapping  # noqa: TC003 - a NamedTuple field
from typing import NamedTuple, assert_never

from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    Polled,
    PollFailed,
    Progressed,
    RenewalFailed,
    Tracked,
    UnknownStatus,
    Visible,
)

_FIRST = 20
_ROUND = frozenset(count * 10**zeros for count in (1, 2, 5) for zeros in range(10))


class Line(NamedTuple):
    """One line of the log."""

    name: str
    fields: Mapping[str, object]


class Levels:
    """At which level each event is logged.

    Progress is debugging information. So is a job that completes, when it is one of many: 5,000
    jobs that all go well write about 30 lines at INFO. The first _FIRST have a line each, then
    the 50th, the 100th, the 200th and so on, and the last one. The count begins again when
    nothing is waited for any more.
    """

    def __init__(self) -> None:
        self._completed = 0

    def of(self, event: Event, pending: int) -> int:
        """Return the level of an event; to be called once for each.

        Args:
            event: what happened.
            pending: how many waits still go on.
        """
        match event:
            case Ended(_, outcome):
                return self._of_completed(pending) if outcome.ok else logging.WARNING
            case PollFailed() | UnknownStatus() | RenewalFailed():
                return logging.WARNING
            case ListRefused():
                return logging.INFO
            case Tracked() | Visible() | Progressed() | Polled():
                return logging.DEBUG
            case _:
                assert_never(event)

    def _of_completed(self, pending: int) -> int:
        self._completed += 1
        count = self._completed
        if not pending:
            self._completed = 0
        is_shown = count <= _FIRST or count in _ROUND or not pending
        return logging.INFO if is_shown else logging.DEBUG


def line_of(event: Event, pending: int) -> Line:
    """Return what is logged about an event.

    Args:
        event: what happened.
        pending: how many waits still go on.
    """
    line = _line_of(event, pending)
    return Line(line.name, {"label": event.label, **line.fields}) if event.label else line


def _line_of(event: Event, pending: int) -> Line:  # noqa: PLR0911 - a row of the table each
    match event:
        case Tracked(job_id):
            return Line("ddswait.job_tracked", {"job_id": job_id})
        case Visible(job_id, job, _):
            return Line("ddswait.job_visible", {"job_id": job_id, "job_name": job.task})
        case Progressed(job_id, job, _):
            return Line(
                "ddswait.job_progressed",
                {"job_id": job_id, "status": job.status, "progress": job.progress},
            )
        case PollFailed():
            return _line_of_failure(event)
        case UnknownStatus(job_id, status):
            return Line("ddswait.unknown_status", {"job_id": job_id, "status": status})
        case Polled():
            return _line_of_poll(event)
        case ListRefused(cause):
            return Line("ddswait.list_refused", {"cause": cause})
        case RenewalFailed(cause, retry_delay):
            again = None if retry_delay is None else round(retry_delay, 3)
            return Line("ddswait.renewal_failed", {"cause": cause, "retry_delay": again})
        case Ended():
            return _line_of_end(event, pending)
        case _:
            assert_never(event)


def _line_of_poll(polled: Polled) -> Line:
    ids = {"instance_id": polled.instance_id, "job_id": polled.job_id}
    fields = {"reason": polled.reason, "next_in": round(polled.next_in, 3)}
    of = "instance" if polled.instance_id else "job"
    known = {name: id_ for name, id_ in ids.items() if id_}
    return Line(f"ddswait.{of}_polled", known | fields)


def _line_of_failure(failed: PollFailed) -> Line:
    """Return the line of a poll of a job, of an instance, or of both for the instance of a job."""
    ids = {"instance_id": failed.instance_id, "job_id": failed.job_id}
    fields = {"cause": failed.cause, "retry_delay": round(failed.retry_delay, 3)}
    return Line("ddswait.poll_failed", {name: id_ for name, id_ in ids.items() if id_} | fields)


def _line_of_end(ended: Ended, pending: int) -> Line:
    outcome = ended.outcome
    alone = outcome.instance
    is_ready = ended.instance and outcome.ok
    fields = {
        "job_id": ended.job_id,
        "job_name": outcome.job.task if outcome.job else None,
        "message_text": outcome.message,
        "waited": round(outcome.waited, 3),
        "polls": outcome.polls,
        "pending": pending,
    }
    if alone is not None:
        fields = {"instance_id": alone.id, **fields}
        del fields["job_id"], fields["job_name"]
    of = "job" if alone is None else "instance"
    return Line("ddswait.instance_ready" if is_ready else f"ddswait.{of}_{outcome.kind}", fields)
