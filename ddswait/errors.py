"""What ddswait raises.

    DdswaitError
     ├── InputError (ValueError)          a value that cannot be used; nothing was polled
     ├── ConfigurationError               endpoint, project or credentials missing or unusable
     ├── WaiterClosed (RuntimeError)      the waiter has been left
     ├── WaiterInUse (RuntimeError)       the waiter has been entered already, or elsewhere
     └── WaitError                        a wait that ended otherwise than in `Completed`
          ├── JobFailed                   the service says `Failed`; `job` is the final record
          ├── JobNotFound                 never seen within the grace
          ├── JobVanished                 seen, then unknown; `job` is the last record seen
          ├── WaitTimedOut (TimeoutError) still running at the deadline
          ├── InstanceNotReady            the job completed, its instance is not ready
          ├── Unreachable                 could not poll for too long; says nothing about the job
          └── Refused                     credentials, permission or request refused

Every error carries plain values only, and survives pickling, so that it may cross processes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ddswait.job import Job

__all__ = [
    "ConfigurationError",
    "DdswaitError",
    "InputError",
    "InstanceNotReady",
    "JobFailed",
    "JobNotFound",
    "JobVanished",
    "Refused",
    "Unreachable",
    "WaitError",
    "WaitTimedOut",
    "WaiterClosed",
    "WaiterInUse",
]


class DdswaitError(Exception):
    """The root of everything that ddswait raises on purpose."""


class InputError(DdswaitError, ValueError):
    """An invalid value; the message quotes it and says what to do."""


class ConfigurationError(DdswaitError):
    """Endpoint, project or credentials are missing or invalid; the message says what to do."""


class WaiterClosed(DdswaitError, RuntimeError):  # noqa: N818 - says what happened, as trio does
    """The waiter's `async with` block has been left, so it can track nothing more."""


class WaiterInUse(DdswaitError, RuntimeError):  # noqa: N818
    """The waiter is in an `async with` block already, or in one of another event loop.

    Also: `wait_sync()` is called where an event loop runs already.
    """


class WaitError(DdswaitError):
    """A wait that ended otherwise than in `Completed`.

    Attributes:
        job_id: the job that was waited for.
        job: its final record (`JobFailed`), or the last one seen, or None when never seen.
        label: the caller's name for the job or the instance, or "".
    """

    def __init__(
        self, message: str, *, job_id: str = "", job: Job | None = None, label: str = ""
    ) -> None:
        super().__init__(message)
        self.job = job
        self.label = label
        self.job_id = job_id or (job.id if job else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, vars(self))


class JobFailed(WaitError):  # noqa: N818 - the outcome's own word
    """The service reported the job as `Failed`; `job.fail_reason` is its reason."""


class JobNotFound(WaitError):  # noqa: N818
    """The ID of the job, or of the instance, was never known within the grace."""


class JobVanished(WaitError):  # noqa: N818
    """The job, or the instance, was seen and then unknown; `job` is the last record seen."""


class WaitTimedOut(WaitError, TimeoutError):  # noqa: N818
    """The deadline passed while the job had not ended, or the instance was not ready."""


class InstanceNotReady(WaitError):  # noqa: N818
    """The job completed, but its instance was not `normal` and idle by the deadline.

    Also: an instance that will not become ready without help, after a job or without one.
    """


class Unreachable(WaitError):  # noqa: N818
    """No poll succeeded for so long that the wait was given up; the job itself may still run.

    Attributes:
        cause: why the last poll failed.
    """

    def __init__(
        self,
        message: str,
        *,
        job_id: str = "",
        job: Job | None = None,
        label: str = "",
        cause: str = "",
    ) -> None:
        super().__init__(message, job_id=job_id, job=job, label=label)
        self.cause = cause


class Refused(WaitError):  # noqa: N818
    """The API refused the request, and repeating it cannot help.

    Attributes:
        http_status: the status of the refusing reply.
        error_code: its `error_code`, such as `APIGW.0301`; "" when it had none.
        error_msg: its `error_msg`, or the start of its body.
        request_id: its `X-Request-Id`; "" when it had none.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each documented part of the refusal
        self,
        message: str,
        *,
        job_id: str = "",
        job: Job | None = None,
        label: str = "",
        http_status: int = 0,
        error_code: str = "",
        error_msg: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, job_id=job_id, job=job, label=label)
        self.http_status = http_status
        self.error_code = error_code
        self.error_msg = error_msg
        self.request_id = request_id


def _rebuild(kind: type[WaitError], args: tuple[Any, ...], state: dict[str, Any]) -> WaitError:
    error = kind(*args)
    vars(error).update(state)
    return error
