"""What a history consists of, as seen from outside: callers, what they wait for, and requests."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ddswait.scheduler.actions import ListJobs
from tests.simulation.response import FAILURES, REFUSALS, Response, Says

if TYPE_CHECKING:
    from tests.simulation.plan import JobPlan, WaitPlan


class Wait:
    """One caller that waits; see `WaitPlan`. Times on the caller's clock.

    Attributes:
        number: which one, in the order of the plan.
        job_id: what it waits for.
        deadline: when it times out.
        joined_at: when it began.
        ready: whether it waits for the instance as well.
        target: what it waits for at present.
        over: whether it has ended, or its caller has left.
    """

    __slots__ = ("deadline", "job_id", "joined_at", "number", "over", "plan", "ready", "target")

    def __init__(self, number: int, plan: WaitPlan, start: float) -> None:
        self.number = number
        self.plan = plan
        self.job_id = f"job-{plan.job}"
        self.begin(start + plan.at)
        self.ready = plan.ready
        self.target: Target | None = None
        self.over = False

    def begin(self, now: float) -> None:
        """Note when the wait really begins, which is later if the process does nothing then."""
        self.joined_at = now
        self.deadline = now + self.plan.timeout

    def __repr__(self) -> str:
        return f"wait {self.number} for {self.job_id}"


class Target:
    """What is polled, while somebody waits for it: a job, or an instance for one caller.

    Attributes:
        job_id: the job.
        plan: its life.
        is_instance: whether its instance is polled.
        since: when the first of the present callers began.
        waits: who waits.
        seen: whether a poll has shown it.
        unknown_in_a_row: how many polls in a row did not know it, failures left out.
        ready_since: when the first of the latest replies in a row came that said it is ready.
        said: the last thing that the service said in reply to a poll; None before that.
        replied_at: when the service last replied to a poll, if only with a 429.
        failing_since: when the first poll left that failed after that; inf for none, and after a
            list has shown it.
        unanswered_since: the same, whatever lists have shown.
        closed_at: when the last poll was answered or cut, or `since`.
        shown_at: when a list last showed it.
        throttled_at: when the last reply came, if it was a 429; inf if it was another.
        held_until: when the service allows the next request, as its Retry-After says.
        flight: the last poll.
        finals: the bytes that said that the job has ended.
        refused: whether a poll was refused.
    """

    __slots__ = (
        "closed_at",
        "failing_since",
        "finals",
        "flight",
        "held_until",
        "is_instance",
        "job_id",
        "plan",
        "ready_since",
        "refused",
        "replied_at",
        "said",
        "seen",
        "shown_at",
        "since",
        "throttled_at",
        "unanswered_since",
        "unknown_in_a_row",
        "waits",
    )

    def __init__(self, job_id: str, plan: JobPlan, since: float, *, is_instance: bool) -> None:
        self.job_id = job_id
        self.plan = plan
        self.is_instance = is_instance
        self.since = self.closed_at = since
        self.waits: dict[Wait, None] = {}
        self.seen = False
        self.unknown_in_a_row = 0
        self.ready_since = inf
        self.said: Says | None = None
        self.replied_at = self.shown_at = self.held_until = -inf
        self.failing_since = self.unanswered_since = self.throttled_at = inf
        self.flight: Flight | None = None
        self.finals: list[bytes] = []
        self.refused = False

    def __repr__(self) -> str:
        return f"{'instance of ' if self.is_instance else ''}{self.job_id}"

    def take(self, flight: Flight, now: float) -> None:
        """Note the response to a poll."""
        response = flight.response
        says = response.says
        self.closed_at = now
        if says in FAILURES:
            self.failing_since = min(self.failing_since, flight.sent_at)
            self.unanswered_since = min(self.unanswered_since, flight.sent_at)
            self.held_until = max(self.held_until, now + 1.1 * response.retry_after)
            return
        if says is Says.BAD_CREDENTIALS:
            return
        self.replied_at, self.throttled_at = now, inf
        self.failing_since = self.unanswered_since = inf
        if says is Says.THROTTLED:
            self.throttled_at = now
            self.held_until = max(self.held_until, now + 1.1 * response.retry_after)
            return
        self.said = says
        if says is not Says.READY:
            self.ready_since = inf
        elif self.ready_since == inf:
            self.ready_since = now
        if says is Says.UNKNOWN:
            self.unknown_in_a_row += 1
        elif says is Says.RUNNING or says is Says.ENDED:
            self.seen, self.unknown_in_a_row = True, 0
            if says is Says.ENDED:
                self.finals.append(response.body)
        elif says in REFUSALS:
            self.refused = True


class Flight:
    """One request under way.

    Attributes:
        action: what the scheduler wants.
        target: what is polled; None for lists and renewals.
        sent_at: when it left.
        credentials: the number of those that it carries; -1 for a renewal.
        is_last: whether it is a last poll: at a deadline, or before a wait is given up because
            the service has not replied for so long.
        shared: whether several callers waited for it.
        overlaps: whether the poll before it was still under way.
        doubted: whether the credentials were in doubt when it left.
        response: what comes back, if it is not cut before.
        arrives_at: when that comes.
        closed_at: when it came, or was cut; inf while it is under way.
        was_cut: whether it was cut.
    """

    __slots__ = (
        "action",
        "arrives_at",
        "closed_at",
        "credentials",
        "doubted",
        "is_last",
        "overlaps",
        "response",
        "sent_at",
        "shared",
        "target",
        "was_cut",
    )

    def __init__(
        self,
        action: Any,
        target: Target | None,
        sent_at: float,
        credentials: int,
        patience: float = inf,
    ) -> None:
        self.action = action
        self.target = target
        self.sent_at = sent_at
        self.credentials = credentials
        self.is_last = target is not None and (
            any(sent_at >= wait.deadline for wait in target.waits)
            or sent_at >= min(target.failing_since, target.throttled_at) + patience
            or any(
                sent_at >= max(target.unanswered_since, wait.joined_at) + patience
                for wait in target.waits
            )
        )
        self.shared = target is not None and len(target.waits) > 1
        previous = None if target is None else target.flight
        self.overlaps = previous is not None and previous.closed_at == inf
        self.doubted = False
        self.response: Response
        self.arrives_at = inf
        self.closed_at: float = inf
        self.was_cut = False

    @property
    def is_renewal(self) -> bool:
        """Whether it asks for credentials, and so another host."""
        return self.credentials < 0

    def __repr__(self) -> str:
        if self.is_renewal:
            return "renew the credentials"
        if self.target is not None:
            return f"poll {self.target}"
        if isinstance(self.action, ListJobs):
            kind = "running" if self.action.running else "past"
            return f"list {kind} jobs from {self.action.offset}"
        return "poll a job that nobody waits for"
