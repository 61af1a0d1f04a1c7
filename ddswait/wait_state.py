"""What is known about a set of waits, as a value: another process can go on from it.

    state = WaitState.begin({"orders": job_id}, timeout=3600)
    ...                                # a process waits, and keeps `group.state.to_dict()`
    state = WaitState.from_dict(kept)  # another one goes on: `waiter.track_all(state)`

Times are seconds since 1970 (UTC), so they mean the same on every machine. The plain form holds no
secret. Pure, except that `begin` and `resumed` read the clock if they are given no time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Self

from ddswait.arguments import seconds
from ddswait.errors import InputError
from ddswait.job import EarlierWait, Instance, Job
from ddswait.outcome import Outcome, OutcomeKind, class_of
from ddswait.service import DEFAULT, service_named
from ddswait.service.job_groups import check_job_ids, check_label
from ddswait.service.job_ids import INSTANCE, check_instance_id, check_job_id, instance_of
from ddswait.service.registry import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FORM = "ddswait state, version 1"  # this version of ddswait reads no other form


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known about one job, or about one instance that is waited for without a job.

    Attributes:
        job_id: the job; "" for an instance without a job.
        instance_id: the instance that is waited for without a job, or "".
        label: the user's name for it, or "".
        tracked_at: when the first process began to wait for it.
        created_at: when the job was created, by the server's clock; None until it is visible.
        job: the last record; None if the job was never visible.
        outcome: how its wait ended; None while it goes on.
        ended_at: when its wait ended.
        ready: whether that wait included the instance of the job.
        service: the name of the service that has it.
    """

    job_id: str = ""
    instance_id: str = ""
    label: str = ""
    tracked_at: float = 0.0
    created_at: float | None = None
    job: Job | None = None
    outcome: Outcome | None = None
    ended_at: float | None = None
    ready: bool = False
    service: str = DEFAULT

    @property
    def key(self) -> str:
        """What tells it from the others: the job ID, or `instance:` and the instance ID."""
        return self.job_id or f"{INSTANCE}{self.instance_id}"

    def earlier(self, now: float) -> EarlierWait:
        """Return what a wait that is resumed knows of the earlier one."""
        age = None if self.created_at is None else max(now - self.created_at, 0.0)
        return EarlierWait(max(now - self.tracked_at, 0.0), self.job, age)

    def ended(self, kind: OutcomeKind, message: str, **details: Any) -> Outcome:  # noqa: ANN401 - fields
        """Return an outcome of this job or instance.

        Args:
            kind: the way in which the wait ended.
            message: one sentence for people.
            **details: other fields of the outcome.
        """
        if self.instance_id:
            instance = Instance(self.instance_id, "")
            return Outcome("", kind, None, message, instance=instance, label=self.label, **details)
        found = class_of(kind)
        return found(self.job_id, kind, self.job, message, label=self.label, **details)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON.

        An outcome that another wait may change, such as `timed_out`, is left out: it is waited for
        again.
        """
        outcome = self.outcome if self.outcome and self.outcome.facts.is_final else None
        return {
            "id": self.key,
            "service": self.service,
            "label": self.label,
            "tracked_at": round(self.tracked_at, 3),
            "born_at": None if self.created_at is None else round(self.created_at, 3),
            "ended_at": round(self.ended_at, 3) if outcome and self.ended_at else None,
            "outcome": outcome and _outcome_record(outcome, ready=self.ready),
            "record": dict(self.job.raw) if self.job else None,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return what to_dict() returned plain data of.

        Raises:
            InputError: an ID or a label is invalid.
            ValueError, KeyError, TypeError: the data has another form.
        """
        key, label = record["id"], check_label(record["label"])
        service = canonical(record.get("service", DEFAULT))  # older states are of DDS
        instance_id = instance_of(key)
        seen = record["record"]
        state = cls(
            "" if instance_id else check_job_id(key),
            check_instance_id(instance_id) if instance_id else "",
            label,
            _finite(record["tracked_at"]),
            _optional(record["born_at"]),
            None if seen is None else service_named(service).read_record(dict(seen)),
            service=service,
        )
        if (ended := record["outcome"]) is None:
            return state
        outcome = state.ended(
            OutcomeKind(ended["kind"]),
            str(ended["message"]),
            waited=_finite(ended["waited"]),
            polls=int(ended["polls"]),
        )
        ended_at = _optional(record["ended_at"]) or state.tracked_at
        return replace(state, outcome=outcome, ended_at=ended_at, ready=bool(ended["ready"]))

    def resumed(self, now: float, *, ready: bool) -> JobState:
        """Return what a wait from now on believes; see `WaitState.resumed`."""
        state = self
        if max(self.tracked_at, self.created_at or 0.0) > now:
            created_at = None if self.created_at is None else min(self.created_at, now)
            state = replace(self, tracked_at=min(self.tracked_at, now), created_at=created_at)
        if ready and self.outcome is not None and self.outcome.ok and not self.ready:
            return replace(state, outcome=None, ended_at=None)
        return state


@dataclass(frozen=True, slots=True)
class WaitState:
    """A set of waits, and everything that is needed to go on with them.

    Attributes:
        jobs: each job once, in the order in which they were given.
        deadline: when the waits time out; it stays when another process goes on.
        timeout: the seconds that the deadline came from; None if they are not known.
        ready: whether the instance of each job must be ready too.
    """

    jobs: tuple[JobState, ...]
    deadline: float
    timeout: float | None = None
    ready: bool = False

    @classmethod
    def begin(  # noqa: PLR0913 - each is one that the documents name
        cls,
        jobs: Iterable[str] | Mapping[str, str],
        *,
        instances: Iterable[str] = (),
        timeout: float = 3600.0,
        ready: bool = False,
        service: str = DEFAULT,
        now: float | None = None,
    ) -> Self:
        """Return the state of waits that begin now.

        Args:
            jobs: job IDs, of which duplicates collapse; a mapping gives each a label.
            instances: IDs of instances that are waited for without a job.
            timeout: seconds until the waits time out.
            ready: whether the instance of each job must be ready too.
            service: the name of the service that has them, or an alias.
            now: the time, in seconds since 1970; None for that of the clock.

        Raises:
            InputError: one of the IDs, a label, the timeout or the service is invalid.
        """
        service = canonical(service)
        now = time.time() if now is None else now
        timeout = seconds("timeout", timeout)
        labels = check_job_ids(jobs)
        found = [
            JobState(job_id, label=label, tracked_at=now, service=service)
            for job_id, label in labels.items()
        ]
        ids = dict.fromkeys(check_instance_id(each) for each in instances)
        found += [JobState(instance_id=each, tracked_at=now, service=service) for each in ids]
        return cls(tuple(found), now + timeout, timeout, ready)

    def resumed(
        self, now: float | None = None, *, timeout: float | None = None, ready: bool | None = None
    ) -> WaitState:
        """Return the state that a wait from now on begins with.

        The deadline stays, even if it has passed: then there is time for one last poll. What a
        clock wrote that was ahead makes no wait longer than its timeout.

        Args:
            now: the time, in seconds since 1970; None for that of the clock.
            timeout: the seconds until a new deadline, if the old one has passed; None for none.
            ready: whether instances must be ready from now on; a job that completed in a wait
                without this is then waited for again. None changes nothing.
        """
        now = time.time() if now is None else now
        deadline, before = self.deadline, self.timeout
        if deadline <= now and timeout is not None:
            deadline, before = now + timeout, timeout
        if before is not None:
            deadline = min(deadline, now + before)
        is_ready = self.ready if ready is None else ready
        jobs = tuple(each.resumed(now, ready=is_ready) for each in self.jobs)
        return WaitState(jobs, deadline, before, is_ready)

    @property
    def open(self) -> list[JobState]:
        """The jobs and instances whose waits have not ended."""
        return [each for each in self.jobs if each.outcome is None]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, with the version of its form; it holds no secret."""
        return {
            "form": _FORM,
            "deadline": self.deadline,
            "timeout": self.timeout,
            "ready": self.ready,
            "jobs": [each.to_dict() for each in self.jobs],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the state that to_dict() returned plain data of, in this process or another.

        Raises:
            InputError: the data has another form, or another version.
        """
        try:
            return cls._read(document)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise InputError(f"invalid state: {str(error) or type(error).__name__}") from None

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> Self:
        if document.get("form") != _FORM:
            raise ValueError("it was not written by this version of ddswait")
        jobs = tuple(JobState.from_dict(each) for each in document["jobs"])
        if len({each.key for each in jobs}) < len(jobs):
            raise ValueError("it lists a job twice")
        # Previews of 0.1.0 wrote neither `timeout` nor `ready`.
        timeout, ready = _optional(document.get("timeout")), bool(document.get("ready"))
        return cls(jobs, _finite(document["deadline"]), timeout, ready)


def _outcome_record(outcome: Outcome, *, ready: bool) -> dict[str, Any]:
    return {
        "kind": str(outcome.kind),
        "message": outcome.message,
        "waited": round(outcome.waited, 3),
        "polls": outcome.polls,
        "ready": ready,
    }


def _optional(value: object) -> float | None:
    return None if value is None else _finite(value)


def _finite(value: object) -> float:
    number = float(str(value))
    if not isfinite(number):
        raise ValueError(f"{number} is not a time")
    return number
