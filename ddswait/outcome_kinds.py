"""The ways in which a wait can end, and what each of them means.

`facts_of` is the only table of that: exit code, exception, label and so on. A new kind without a
row in it fails the type check.
"""

from __future__ import annotations

import enum
from functools import cache
from typing import NamedTuple, assert_never

from ddswait import errors


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
                    "Check the ID, the service, the region and the project. "
                    "If the ID is new, set a longer --grace."
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
