"""How a wait ended: a value inside ddswait, an exception only at the edge."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ddswait.job import Instance, Job  # noqa: TC001 - dataclass fields are looked up by tools
from ddswait.outcome_kinds import OutcomeFacts, OutcomeKind, Severity
from ddswait.outcome_kinds import facts_of as facts_of  # noqa: PLC0414 - for those who import it from here

if TYPE_CHECKING:
    from ddswait import errors

__all__ = [
    "CompletedOutcome",
    "JobOutcome",
    "NotCompletedOutcome",
    "Outcome",
    "OutcomeFacts",
    "OutcomeKind",
    "Refusal",
    "Scope",
    "Severity",
]


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

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "http_status": self.http_status,
            "error_code": self.error_code,
            "error_msg": self.error_msg,
            "request_id": self.request_id,
        }

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

    That of a wait for a job is a `CompletedOutcome`, which has a `job`, or a `NotCompletedOutcome`.

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
        label: the caller's name for the job or the instance, or "".
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
    label: str = ""

    def __eq__(self, other: object) -> bool:
        # By value: `kind` says what the classes say.
        if not isinstance(other, Outcome):
            return NotImplemented
        return all(getattr(self, each.name) == getattr(other, each.name) for each in fields(self))

    def __hash__(self) -> int:
        return hash((self.job_id, self.kind, self.message))

    @property
    def ok(self) -> bool:
        """Whether the job completed, or the instance is ready."""
        return self.kind is OutcomeKind.COMPLETED

    @property
    def facts(self) -> OutcomeFacts:
        """What is true of every outcome of this kind."""
        return facts_of(self.kind)

    @property
    def full_name(self) -> str:
        """The label with the ID of the job or the instance; the ID alone without a label."""
        found = self.instance
        own_id = self.job_id or (found.id if found else "")
        return f"{self.label} ({own_id})" if self.label else own_id

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, as `ddswait --schema` describes it; durations in seconds."""
        return {
            "job_id": self.job_id,
            "label": self.label,
            "instance": self.instance.to_dict() if self.instance else None,
            "outcome": str(self.kind),
            "message": self.message,
            "waited_seconds": round(self.waited, 3),
            "polls": self.polls,
            "cause": self.cause,
            "refusal": self.refusal.to_dict() if self.refusal else None,
            "job": self.job.to_dict() if self.job else None,
        }

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
        """Return the exception that says what `kind` says, without raising it.

        Its message begins with the label, the task and the instance, as far as they are known:
        one of many that fail in an `asyncio.TaskGroup` says which it is.
        """
        message = f"{self._subject()}{self.message}"
        return self.facts.error(
            message, job_id=self.job_id, job=self.job, label=self.label, **self._details()
        )

    def _subject(self) -> str:
        """Return `orders (CreateMongoDB of orders-db): `, or what is known of that."""
        job = self.job
        instance = job.instance if job else None
        place = (instance.name or instance.id) if instance else ""
        task = job.task if job else ""
        work = " of ".join(filter(None, (task, "" if place == self.label else place)))
        name = f"{self.label} ({work})" if self.label and work else self.label or work
        return f"{name}: " if name else ""

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


class CompletedOutcome(Outcome):
    """The outcome of a wait for a job that completed: its `job` is the final record."""

    __slots__ = ()

    if TYPE_CHECKING:
        job: Job

    @property
    def ok(self) -> Literal[True]:
        """Whether the job completed: it did."""
        return True

    def result(self) -> Job:
        """Return the final record of the job."""
        return self.job


class NotCompletedOutcome(Outcome):
    """The outcome of a wait for a job that ended otherwise than in `completed`, or goes on."""

    __slots__ = ()

    @property
    def ok(self) -> Literal[False]:
        """Whether the job completed: it did not."""
        return False

    def result(self) -> NoReturn:
        """Raise the exception of this kind of outcome; see error()."""
        raise self.error()


JobOutcome = CompletedOutcome | NotCompletedOutcome
"""What a wait for a job ends with."""


def class_of(kind: OutcomeKind) -> type[JobOutcome]:
    """Return the class of the outcomes of one kind, for waits for jobs."""
    return CompletedOutcome if kind is OutcomeKind.COMPLETED else NotCompletedOutcome


def ended_as(begin: Outcome, kind: OutcomeKind, **changes: Any) -> Outcome:  # noqa: ANN401 - fields
    """Return an outcome that differs from another one, of the class that belongs to its kind.

    Args:
        begin: the other one.
        kind: the kind of the new one.
        **changes: its other fields that differ.
    """
    same = {each.name: getattr(begin, each.name) for each in fields(begin)}
    of_kind = class_of(kind) if begin.job_id else Outcome
    return of_kind(**{**same, "kind": kind, **changes})
