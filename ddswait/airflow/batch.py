"""What one task waits for, as plain data: the arguments of a trigger.

No secret is in it: the waiter gets those from the connection, where it runs.
"""

from __future__ import annotations

import json
import time
from ast import literal_eval
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

from ddswait.arguments import seconds
from ddswait.errors import InputError
from ddswait.outcome_kinds import OutcomeKind, facts_of
from ddswait.policy import Policy, parse_wait_for
from ddswait.service.registry import DEFAULT, canonical
from ddswait.wait_state import JobState, WaitState

if TYPE_CHECKING:
    from ddswait.discovery import EnvSettings

_SHOWN = 60


class Batch(NamedTuple):
    """What one task waits for.

    Attributes:
        jobs: the label of each job, or "", by its ID.
        instances: IDs of instances that are waited for without a job.
        tracked_at: when the task began to wait, in seconds since 1970.
        deadline: when it times out, in seconds since 1970.
        ready: whether the instance of each job must be ready too.
        needed: how many jobs must complete; None for all.
        fail_fast: whether to end as soon as so many jobs cannot complete any more.
        grace: seconds for which an unknown job ID is tolerated.
        interval: seconds, about how often a visible job is polled.
        unreachable_after: seconds without a successful poll after which a wait ends, or None.
        service: the name of the service that has the jobs.
    """

    jobs: dict[str, str]
    instances: list[str]
    tracked_at: float
    deadline: float
    ready: bool = False
    needed: int | None = None
    fail_fast: bool = False
    grace: float = 60.0
    interval: float = 10.0
    unreachable_after: float | None = None
    service: str = DEFAULT

    @classmethod
    def begin(  # noqa: PLR0913 - the arguments of the sensor
        cls,
        job_ids: object,
        instance_ids: object = (),
        *,
        timeout: float,
        wait_for: str | int = "all",
        fail_fast: bool = False,
        ready: bool = False,
        grace: float = 60.0,
        interval: float = 10.0,
        unreachable_after: float | None = None,
        service: str = DEFAULT,
        tracked_at: float | None = None,
    ) -> Self:
        """Return the batch of a task that begins to wait.

        Args:
            job_ids: see `flattened`.
            instance_ids: likewise, for instances without a job.
            timeout: seconds until it times out.
            wait_for: `all`, `any`, or how many jobs must complete.
            fail_fast: see the attributes, as the arguments below.
            ready: see above.
            grace: see above.
            interval: see above.
            unreachable_after: see above.
            service: see above; an alias will do.
            tracked_at: see above; None for now.

        Raises:
            InputError: one of the values is invalid, or there is nothing to wait for.
        """
        now = time.time() if tracked_at is None else tracked_at
        jobs, instances = flattened(job_ids), flattened(instance_ids, "id")
        if isinstance(instances, dict):
            raise InputError("instance_ids cannot have labels: use a list of IDs")
        state = WaitState.begin(jobs, instances=instances, timeout=timeout, now=now)
        if not state.jobs:
            raise InputError("no job ID: the task before this one returned none")
        if instances and not ready:
            raise InputError("instance_ids needs ready=True: it waits until they are ready")
        policy = Policy(parse_wait_for(wait_for), fail_fast)
        policy.check(len(state.jobs))
        labels = {each.job_id: each.label for each in state.jobs if each.job_id}
        return cls(
            labels,
            instances,
            now,
            state.deadline,
            ready,
            *policy,
            seconds("grace", grace),
            seconds("interval", interval),
            None if unreachable_after is None else seconds("unreachable_after", unreachable_after),
            canonical(service),
        )

    @property
    def policy(self) -> Policy:
        """When the task is decided."""
        return Policy(self.needed, self.fail_fast)

    @property
    def settings(self) -> EnvSettings:
        """The arguments of the waiter that do not come from the connection."""
        settings: EnvSettings = {
            "service": self.service,
            "grace": self.grace,
            "interval": self.interval,
        }
        if self.unreachable_after is not None:
            settings["unreachable_after"] = self.unreachable_after
        return settings

    def state(self) -> WaitState:
        """Return the state that its wait begins with."""
        common: dict[str, Any] = {"tracked_at": self.tracked_at, "service": self.service}
        jobs = [JobState(job_id, label=label, **common) for job_id, label in self.jobs.items()]
        jobs += [JobState(instance_id=each, **common) for each in self.instances]
        timeout = self.deadline - self.tracked_at
        return WaitState(tuple(jobs), self.deadline, timeout, self.ready)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return self._asdict()


def flattened(value: object, field: str = "job_id") -> Any:  # noqa: ANN401 - see below
    """Return job IDs as a list, or as a mapping of labels to job IDs.

    Args:
        value: a job ID; several in one text, apart by commas or white space; a reply with a
            `job_id`; a list of these; a mapping of labels to job IDs; or any of that as text, as
            a template renders it.
        field: of a reply that holds the ID.

    Raises:
        InputError: it is something else; the message quotes it.
    """
    if isinstance(value, str):
        return _from_text(value.strip(), field)
    if isinstance(value, Mapping):
        return [value[field]] if field in value else dict(value)
    if value is None:
        return []
    if not isinstance(value, Iterable):
        raise InputError(f"{value!r:.{_SHOWN}} is not a list of IDs")
    found: list[str] = []
    for each in value:
        part = flattened(each, field)
        if isinstance(part, dict):
            raise InputError(f"{each!r:.{_SHOWN}} is a reply without {field!r}")
        found += cast("list[str]", part)
    return found


def _from_text(text: str, field: str) -> Any:  # noqa: ANN401 - as flattened
    if text[:1] not in {"[", "{", "("}:
        return text.replace(",", " ").split()
    for read in (json.loads, literal_eval):  # Jinja renders a list as Python writes it
        try:
            return flattened(read(text), field)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
            if isinstance(error, InputError):
                raise
    raise InputError(f"{text!r:.{_SHOWN}} is neither a job ID nor a list of them")


def check_retry_on(kinds: Iterable[str]) -> frozenset[OutcomeKind]:
    """Return the kinds of outcome after which a task is to be retried.

    Raises:
        InputError: one is unknown, or another wait would end the same way.
    """
    open_kinds = [kind for kind in OutcomeKind if facts_of(kind).may_still_complete]
    usable = [str(kind) for kind in open_kinds if kind is not OutcomeKind.PENDING]
    for kind in kinds:
        if kind not in usable:
            raise InputError(f"invalid retry_on {kind!r}: use {', '.join(usable)}")
    return frozenset(OutcomeKind(kind) for kind in kinds)
