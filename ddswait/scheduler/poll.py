"""What every poll has in common: when it is due, and when the request under way is cut. Pure.

The job poll (job_poll.py) and the instance poll (instance_poll.py) share one delay queue, one
rate limit and one order of urgency.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from ddswait.scheduler import retry_delay

if TYPE_CHECKING:
    from random import Random

    from ddswait.outcome import Outcome, Refusal
    from ddswait.scheduler.durations import Durations
    from ddswait.scheduler.server_clock import ServerClock
    from ddswait.service.replies import Failure

LAST_POLL = 2.0
"""Seconds that the last poll at the deadline has to be answered: a fresh TLS connection across
the world and its reply take about one."""

TRUST = 30.0
"""Poll intervals for which lists are believed that a job is running, without a single poll."""

_SHORTEST_POLL = 1.0  # seconds: nearer to the deadline, a poll is put off to the last one


class PollSettings(NamedTuple):
    """What holds for every poll of a scheduler; times in seconds.

    `location` names endpoint and project, for messages; `list_page_size` is how many jobs a list
    request returns at most.
    """

    interval: float = 10.0
    grace: float = 60.0
    unreachable_after: float = 600.0
    request_timeout: float = 30.0
    location: str = ""
    list_page_size: int = 100

    @property
    def trust(self) -> float:
        """For how long lists are believed that a job is running."""
        return TRUST * self.interval


class PollContext(NamedTuple):
    """What the polls of one scheduler share.

    Attributes:
        settings: intervals and bounds.
        random: the source of all jitter; a seeded one makes every history repeatable.
        durations: how long past jobs took.
        clock: the server's.
    """

    settings: PollSettings
    random: Random
    durations: Durations
    clock: ServerClock


class Poll:
    """Polls of one thing, of which at most one is under way. Times on the caller's clock.

    Not an ABC: looking up its type in each poll would go through ABCMeta, a tenth of the cost.

    Attributes:
        job_id: the job that is waited for.
        since: when the wait began.
        deadline: when it times out.
        subscriber: who waits; the scheduler only passes it on.
        due: when the next poll is due; inf when nobody waits any more.
        cut_at: when the request under way is cut; None while no request is.
        succeeded_at: when a poll last succeeded, or the wait began.
        unreachable_since: when the last poll left that did not follow a failed one, later by
            the time for which polls had to wait for the rate limiter since: the service counts
            as unreachable from then on, if that poll failed.
        failures: polls in a row that failed.
        polls: polls answered in all.
        cause: why the last poll failed, when it failed.
    """

    __slots__ = (
        "cause",
        "cut_at",
        "deadline",
        "due",
        "failures",
        "job_id",
        "polls",
        "since",
        "subscriber",
        "succeeded_at",
        "unreachable_since",
    )

    is_of_instance = False

    def __init__(self, job_id: str, since: float, deadline: float, subscriber: object) -> None:
        self.job_id = job_id
        self.since = self.succeeded_at = self.due = self.unreachable_since = since
        self.deadline = deadline
        self.subscriber = subscriber
        self.cut_at: float | None = None
        self.failures = self.polls = 0
        self.cause: str | None = None

    def __lt__(self, other: Poll) -> bool:
        # Two queue entries of one job at one time, one of them outdated: any order will do.
        return False

    @property
    def key(self) -> object:
        """What tells this poll from the others of its kind."""
        return self.job_id

    def sent(self, now: float, settings: PollSettings, heard_at: float = -inf) -> None:
        """Note that a poll is sent now, and when it must be answered.

        Args:
            now: the time.
            settings: intervals and bounds.
            heard_at: when the service last replied to any request.
        """
        if not self.failures:
            self.unreachable_since = now
        elif heard_at >= self.due:
            # Waiting for the rate limiter while others are answered is not being unreachable.
            late = max(0.0, now - self.due)
            self.unreachable_since = min(now, self.unreachable_since + late)
        if now >= self.deadline:
            # Only a poll that could not leave in time gets more than the usual allowance.
            self.cut_at = max(self.deadline + LAST_POLL, now + _SHORTEST_POLL)
            return
        give_up_at = self.unreachable_since + settings.unreachable_after
        latest = now + settings.request_timeout
        self.cut_at = min(latest, self.deadline, give_up_at if give_up_at > now else latest)

    def schedule(self, delay: float, now: float) -> None:
        """Set when the next poll is due, but not beyond the deadline."""
        due = now + delay
        if due > self.deadline - _SHORTEST_POLL and now < self.deadline:
            due = self.deadline
        self.due = due

    def delay_after(self, failure: Failure, random: Random) -> float:
        """Return the seconds to wait after a failed poll."""
        return retry_delay.after_failure(failure, self.failures, random)

    def wanted_interval(self, now: float, context: PollContext) -> float:  # noqa: ARG002 - job polls differ
        """Return the interval that would suit this poll now, which ranks polls that are due."""
        # The first polls of a thousand jobs must not push all others aside.
        return context.settings.interval / 4

    # What to say when the wait ends for a reason that is not a reply to this poll.

    def refused(self, refusal: Refusal, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a refusal, of this poll or of everything."""
        raise NotImplementedError

    def unreachable(self, cause: str, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a service that was unreachable for too long."""
        raise NotImplementedError

    def timed_out(self, deadline: float, now: float) -> Outcome:
        """Return the outcome of a wait whose deadline has passed."""
        raise NotImplementedError

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        raise NotImplementedError
