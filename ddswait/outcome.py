"""How a wait ended: a value inside ddswait, an exception only at the edge.

`facts_of` is the only table of what each kind of outcome means: its exit code, exception, label
and so on. A new kind without a row in it fails the type check.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, assert_never

from ddswait import errors
from ddswait.job import Instance, Job  # noqa: TC001 - dataclass fields are looked up by tools

__all__ = ["Outcome", "OutcomeFacts", "OutcomeKind", "Refusal", "Scope", "Severity"]


class OutcomeKind(enum.StrEnum):
    """The ways in which a wait can end."""

    COMPLETED = "completed"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    VANISHED = "vanished"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NOT_READY = "not_ready"
    """The instance does not take the next operation, and the job, if there is one, completed."""
    PENDING = "pending"
    """The wait was given up before the job ended (`fail_fast`, a signal): the job may go on."""


class Severity(enum.StrEnum):
    """How a kind of outcome is shown: as a success, as still open, or as an error."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class OutcomeFacts(NamedTuple):
    """What is true of every outcome of one kind.

    Attributes:
        label: the kind as people read it, such as `timed out`.
        severity: how it is shown.
        exit_code: what the command line returns when this is the worst outcome.
        error: the exception that `Outcome.result` raises.
        is_final: whether another wait for the same job would end the same way.
        may_still_complete: whether the job may still complete, so that waiting again helps.
        next_step: what the user can do now; "" for nothing.
    """

    label: str
    severity: Severity
    exit_code: int
    error: type[errors.WaitError]
    is_final: bool
    may_still_complete: bool
    next_step: str


_WAIT_AGAIN = "The job may still be running: wait for it again."


@cache
def facts_of(kind: OutcomeKind) -> OutcomeFacts:  # noqa: PLR0911 - a row of the table each
    """Return what is true of every outcome of a kind."""
    match kind:
        case OutcomeKind.COMPLETED:
            return OutcomeFacts(
                label="completed",
                severity=Severity.SUCCESS,
                exit_code=0,
                error=errors.WaitError,
                is_final=True,
                may_still_complete=False,
                next_step="",
            )
        case OutcomeKind.FAILED:
            return OutcomeFacts(
                label="failed",
                severity=Severity.ERROR,
                exit_code=1,
                error=errors.JobFailed,
                is_final=True,
                may_still_complete=False,
                next_step="Fix the cause, then submit the operation again.",
            )
        case OutcomeKind.NOT_FOUND:
            return OutcomeFacts(
                label="not found",
                severity=Severity.ERROR,
                exit_code=3,
                error=errors.JobNotFound,
                is_final=True,
                may_still_complete=False,
                next_step=(
                    "Check the ID, the region and the project. "
                    "If the job is new, set a longer --grace."
                ),
            )
        case OutcomeKind.VANISHED:
            return OutcomeFacts(
                label="vanished",
                severity=Severity.ERROR,
                exit_code=3,
                error=errors.JobVanished,
                is_final=True,
                may_still_complete=False,
                next_step=(
                    "Check the task list in the console. A deletion disappears when it is done."
                ),
            )
        case OutcomeKind.TIMED_OUT:
            return OutcomeFacts(
                label="timed out",
                severity=Severity.WARNING,
                exit_code=124,
                error=errors.WaitTimedOut,
                is_final=False,
                may_still_complete=True,
                next_step=_WAIT_AGAIN,
            )
        case OutcomeKind.UNREACHABLE:
            return OutcomeFacts(
                label="unreachable",
                severity=Severity.WARNING,
                exit_code=5,
                error=errors.Unreachable,
                is_final=False,
                may_still_complete=True,
                next_step=_WAIT_AGAIN,
            )
        case OutcomeKind.REFUSED:
            return OutcomeFacts(
                label="refused",
                severity=Severity.ERROR,
                exit_code=4,
                error=errors.Refused,
                is_final=False,
                may_still_complete=False,
                next_step="Run ddswait --check to see which credentials are used.",
            )
        case OutcomeKind.NOT_READY:
            return OutcomeFacts(
                label="not ready",
                severity=Severity.ERROR,
                exit_code=6,
                error=errors.InstanceNotReady,
                is_final=False,
                may_still_complete=True,
                next_step="Wait for the instance again.",
            )
        case OutcomeKind.PENDING:
            return OutcomeFacts(
                label="pending",
                severity=Severity.WARNING,
                # A signal or a closed output has an exit code of its own, which is used instead.
                exit_code=124,
                error=errors.WaitError,
                is_final=False,
                may_still_complete=True,
                next_step=_WAIT_AGAIN,
            )
        case _:
            assert_never(kind)


class Scope(enum.StrEnum):
    """What a refusal concerns."""

    JOB = "job"
    """This job only."""
    INSTANCE = "instance"
    """This instance only."""
    OPERATION = "operation"
    """Every request of the same kind, such as every list request."""
    EVERYTHING = "everything"
    """Every request: the credentials, the project or the endpoint were refused."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that says: repeating this request cannot help.

    Attributes:
        http_status: such as 401; 0 when no HTTP reply refused.
        error_code: such as `APIGW.0301`, or "".
        error_msg: the server's words; without an error body, the start of what came instead.
        request_id: the `X-Request-Id` to quote to support, or "".
        scope: what the refusal concerns.
        hint: what the user can do about it, or "".
        date: the time of the reply by the server's clock, as its `Date` header says, or "".
        refuses_credentials: whether other credentials may be accepted.
    """

    http_status: int
    error_code: str = ""
    error_msg: str = ""
    request_id: str = ""
    scope: Scope = Scope.JOB
    hint: str = field(default="", compare=False)
    date: str = field(default="", compare=False)
    refuses_credentials: bool = field(default=False, compare=False)

    @property
    def advice(self) -> str:
        """The refusal, followed by the hint if there is one."""
        return f"{self}; {self.hint}" if self.hint else str(self)

    def __str__(self) -> str:
        if not self.http_status:
            return self.error_msg
        code = f" {self.error_code}" if self.error_code else ""
        message = f": {self.error_msg}" if self.error_msg else ""
        request_id = f" (request ID {self.request_id})" if self.request_id else ""
        return f"HTTP {self.http_status}{code}{message}{request_id}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the wait for one job, or for one instance without a job, ended.

    Attributes:
        job_id: the job that was waited for; "" when an instance was waited for without a job.
        kind: the way in which the wait ended.
        job: the final record, or the last one seen, or None when the job was never seen.
        message: one sentence for people.
        cause: why the last poll failed, when it failed.
        refusal: the refusing reply, for `refused`.
        waited: seconds from tracking to the end.
        polls: how many requests about the job and its instance were answered meanwhile.
        instance: the instance that was waited for without a job; else None.
    """

    job_id: str
    kind: OutcomeKind
    job: Job | None = None
    message: str = ""
    cause: str | None = None
    refusal: Refusal | None = None
    waited: float = 0.0
    polls: int = 0
    instance: Instance | None = None

    @property
    def ok(self) -> bool:
        """Whether the job completed, or the instance is ready."""
        return self.kind is OutcomeKind.COMPLETED

    @property
    def facts(self) -> OutcomeFacts:
        """What is true of every outcome of this kind."""
        return facts_of(self.kind)

    def result(self) -> Job | Any:  # noqa: ANN401 - a Job for everybody who names a job
        """Return the final record of the job; the instance if one was waited for without a job.

        Raises:
            WaitError: the wait ended otherwise; each kind has its own class.
        """
        found = self.instance or self.job
        if self.kind is OutcomeKind.COMPLETED and found is not None:
            return found
        raise self.error()

    def error(self) -> errors.WaitError:
        """Return the exception that says what `kind` says, without raising it."""
        return self.facts.error(self.message, job_id=self.job_id, job=self.job, **self._details())

    def _details(self) -> dict[str, Any]:
        """Return what the exception of this kind tells beyond the job."""
        if self.kind is OutcomeKind.UNREACHABLE:
            return {"cause": self.cause or ""}
        if self.kind is OutcomeKind.REFUSED and self.refusal is not None:
            refusal = self.refusal
            return {
                "http_status": refusal.http_status,
                "error_code": refusal.error_code,
                "error_msg": refusal.error_msg,
                "request_id": refusal.request_id,
            }
        return {}
