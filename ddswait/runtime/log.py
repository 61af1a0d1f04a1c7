"""Events to structlog, on the stdlib logger `ddswait`; silent until the application configures it.

The library configures nothing: it wraps the stdlib logger locally. Levels are checked before
structlog is imported, so that a program that logs nothing pays nothing.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, assert_never

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
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

_logger = logging.getLogger("ddswait")
_logger.addHandler(logging.NullHandler())


@cache
def _structured() -> Any:  # noqa: ANN401 - structlog's own loggers are typed as Any
    import structlog  # 30 ms, paid only by a program that logs

    return structlog.wrap_logger(
        _logger,
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def log(level: int, event: str, /, **fields: object) -> None:
    """Log one event.

    Args:
        level: of the stdlib's `logging`.
        event: its name, such as `ddswait.job_completed`.
        **fields: its values; never a credential, and never the key `name`, which the stdlib's
            records reserve.
    """
    if _logger.isEnabledFor(level):
        _structured().log(level, event, **fields)


def is_verbose() -> bool:
    """Whether debug events are listened to."""
    return _logger.isEnabledFor(logging.DEBUG)


def log_events(events: Sequence[Event]) -> None:
    """Log what happened, oldest first."""
    is_informing = _logger.isEnabledFor(logging.INFO)  # asked once, because it mostly says no
    for event in events:
        if is_informing or _is_warning(event):
            log_event(event)


def _is_warning(event: Event) -> bool:
    match event:
        case PollFailed() | UnknownStatus() | RenewalFailed():
            return True
        case Ended(_, outcome):
            return outcome.kind is not OutcomeKind.COMPLETED
        case _:
            return False


def log_event(event: Event) -> None:
    """Log what happened to a job."""
    match event:
        case Tracked(job_id):
            log(logging.DEBUG, "ddswait.job_tracked", job_id=job_id)
        case Visible(job_id, job, _):
            log(logging.INFO, "ddswait.job_visible", job_id=job_id, job_name=job.name)
        case Progressed(job_id, job, _):
            status, progress = job.status, job.progress
            log(
                logging.INFO,
                "ddswait.job_progressed",
                job_id=job_id,
                status=status,
                progress=progress,
            )
        case PollFailed(job_id, cause, retry_delay):
            log(
                logging.WARNING,
                "ddswait.poll_failed",
                job_id=job_id,
                cause=cause,
                retry_delay=round(retry_delay, 3),
            )
        case UnknownStatus(job_id, status):
            log(logging.WARNING, "ddswait.unknown_status", job_id=job_id, status=status)
        case Polled(job_id, reason, next_in):
            log(logging.DEBUG, "ddswait.job_polled", job_id=job_id, reason=reason, next_in=next_in)
        case ListRefused(cause, _):
            log(logging.INFO, "ddswait.list_refused", cause=cause)
        case RenewalFailed(cause, retry_delay, _):
            again = None if retry_delay is None else round(retry_delay, 3)
            log(logging.WARNING, "ddswait.renewal_failed", cause=cause, retry_delay=again)
        case Ended():
            _log_end(event)
        case _:
            assert_never(event)


def _log_end(ended: Ended) -> None:
    outcome = ended.outcome
    level = logging.INFO if outcome.ok else logging.WARNING
    is_ready = ended.instance and outcome.ok
    log(
        level,
        "ddswait.instance_ready" if is_ready else f"ddswait.job_{outcome.kind}",
        job_id=ended.job_id,
        job_name=outcome.job.name if outcome.job else None,
        message_text=outcome.message,
        waited=round(outcome.waited, 3),
        polls=outcome.polls,
    )
