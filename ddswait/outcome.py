"""How a wait ended: a value inside, an exception only at the edge."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

from ddswait import errors
from ddswait.job import Job  # noqa: TC001 - dataclass fields are looked up by users' tools


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
    """The job completed, but its instance does not take the next operation yet."""
    PENDING = "pending"
    """Let go before the job ended (`fail_fast`, a signal): the job may still go on."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that says: do not ask again.

    Attributes:
        http_status: such as 401; 0 when it was no HTTP reply that refused.
        error_code: such as `APIGW.0301`, or "".
        error_msg: the server's words; without an error body, the start of what came instead.
        request_id: the `X-Request-Id` to give to support, or "".
        concerns_all: whether the credentials, the project or the endpoint were refused, so that
            no other question can fare better.
        date: the time of the reply by the server's clock, as its `Date` header says, or "".
        accepted_ago: seconds since the same credentials were last accepted; None for never.
        refused: what a 401 refused, as far as the request tells: `clock`, `access_key`,
            `temporary_key`, `token`, `password`; or "".
    """

    http_status: int
    error_code: str = ""
    error_msg: str = ""
    request_id: str = ""
    concerns_all: bool = False
    date: str = field(default="", compare=False)
    accepted_ago: float | None = field(default=None, compare=False)
    refused: str = field(default="", compare=False)

    def for_all(self) -> Refusal:
        """Return the same refusal, as one that concerns every question."""
        return replace(self, concerns_all=True)

    @property
    def mend(self) -> str:
        """What the user can do about it, "" when only the server's own words tell.

        Source: error codes of the API Gateway reference.
        """
        by_code = next((mend for end, mend in _MENDS if self.error_code.endswith(end)), "")
        if self.refused == "clock" or by_code == _CLOCK:
            return f"{_CLOCK}; the server's says {self.date}" if self.date else _CLOCK
        by_kind = _MENDS_OF.get(self.refused, "")
        if self.accepted_ago is not None:
            at = f" at {self.date}" if self.date else ""
            return (
                f"these credentials were accepted until {self.accepted_ago:.0f} s before, and "
                f"refused{at}: they have ended; {by_kind or _RENEW}"
            )
        return by_kind or by_code

    def __str__(self) -> str:
        if not self.http_status:
            return self.error_msg
        named = f" {self.error_code}" if self.error_code else ""
        told = f": {self.error_msg}" if self.error_msg else ""
        asked = f" (request ID {self.request_id})" if self.request_id else ""
        return f"HTTP {self.http_status}{named}{told}{asked}"


_CLOCK = "this machine's clock is off by more than 15 minutes: set it"
_RENEW = (
    "take a new token, or use what renews by itself: an access key (AK/SK), user name and "
    "password, or an ECS agency"
)
_LOCKED = "after more than five refusals in a row a key is locked for five minutes"
_MENDS_OF = {
    "access_key": f"check AK and SK; {_LOCKED}",
    "temporary_key": f"check AK, SK and security token: temporary keys end; {_LOCKED}",
    "password": "check user, password, domain",
}
_MENDS = (
    (".0301", f"if a token has expired, {_RENEW}"),
    (".0307", _RENEW),
    (".0303", _CLOCK),
    (".0305", _CLOCK),
    (".0101", "this host does not offer the API: check endpoint and region"),
    ("DBS.280408", "check the project ID"),
    ("DBS.280032", "ask for the permission dds:task:getDetail"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the wait for one job ended.

    Attributes:
        job_id: the job that was waited for.
        kind: the way in which the wait ended.
        job: the final record, or the last one seen, or None when the job was never seen.
        message: one sentence for people.
        cause: what went wrong with the last look, when it went wrong.
        refusal: the refusing reply, for `refused`.
        waited: seconds from tracking to the end.
        polls: how many questions about this job were answered meanwhile.
    """

    job_id: str
    kind: OutcomeKind
    job: Job | None = None
    message: str = ""
    cause: str | None = None
    refusal: Refusal | None = None
    waited: float = 0.0
    polls: int = 0

    @property
    def ok(self) -> bool:
        """Whether the job completed."""
        return self.kind is OutcomeKind.COMPLETED

    def result(self) -> Job:
        """Return the final record.

        Raises:
            WaitError: the wait ended otherwise; each kind has its own class.
        """
        if self.kind is OutcomeKind.COMPLETED and self.job is not None:
            return self.job
        raise self.error()

    def error(self) -> errors.WaitError:
        """Return the exception that says what `kind` says, without raising it."""
        job_id, job = self.job_id, self.job
        if self.kind is OutcomeKind.UNREACHABLE:
            return errors.Unreachable(self.message, job_id=job_id, job=job, cause=self.cause or "")
        if self.refusal is not None:
            return errors.Refused(
                self.message,
                job_id=job_id,
                job=job,
                http_status=self.refusal.http_status,
                error_code=self.refusal.error_code,
                error_msg=self.refusal.error_msg,
                request_id=self.refusal.request_id,
            )
        return _ERROR_OF.get(self.kind, errors.WaitError)(self.message, job_id=job_id, job=job)


_ERROR_OF = {
    OutcomeKind.FAILED: errors.JobFailed,
    OutcomeKind.NOT_FOUND: errors.JobNotFound,
    OutcomeKind.VANISHED: errors.JobVanished,
    OutcomeKind.TIMED_OUT: errors.WaitTimedOut,
    OutcomeKind.NOT_READY: errors.InstanceNotReady,
}
