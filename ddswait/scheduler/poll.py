"""What every poll has in common: when it is due, and when the request under way is cut. Pure.

The job poll (job_poll.py) and the instance poll (instance_poll.py) share one delay queue, one
rate limit and one order of urgency.
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, NamedTuple

from ddswait.scheduler import retry_delay
from ddswait.scheduler.poll_settings import LAST_POLL, SHORTEST_POLL
from ddswait.service.replies import Throttled

if TYPE_CHECKING:
    from random import Random

    from ddswait.outcome import Outcome, Refusal
    from ddswait.scheduler.durations import Durations
    from ddswait.scheduler.patience import Patience
    from ddswait.scheduler.poll_settings import PollSettings
    from ddswait.scheduler.server_clock import ServerClock
    from ddswait.service.replies import Failure


class PollContext(NamedTuple):
    """What the polls of one scheduler share.

    Attributes:
        settings: intervals and bounds.
        random: the source of all jitter; a seeded one makes every history repeatable.
        durations: how long past jobs took.
        clock: the server's.
        patience: with the host of the service.
    """

    settings: PollSettings
    random: Random
    durations: Durations
    clock: ServerClock
    patience: Patience


class Trouble(NamedTuple):
    """What has gone wrong since a poll last brought what was asked for.

    Most polls never have any, and share NO_TROUBLE.

    Attributes:
        failures: polls in a row that failed.
        misses: polls in a row that did not know the ID; those that failed do not count.
        throttled: whether the last reply was a 429.
        cause: why the last poll failed, when it failed.
        kind: the kind of that failure; see `ddswait.failure_kinds`.
    """

    failures: int = 0
    misses: int = 0
    throttled: bool = False
    cause: str | None = None
    kind: str = ""


NO_TROUBLE = Trouble()


class Ranking(NamedTuple):
    """How a poll waits that is due and cannot leave.

    Attributes:
        since: when its urgency was 0, in seconds.
        wanted: the interval that it wants, in seconds.
        at: when it reaches the urgency by which it waits.
        doubling: the exponent of that urgency.
    """

    since: float
    wanted: float
    at: float
    doubling: int


class Poll:
    """Polls of one thing, of which at most one is under way. Times on the caller's clock.

    Not an ABC: looking up its type in each poll would go through ABCMeta, a tenth of the cost.

    Attributes:
        job_id: the job that is waited for.
        since: when the wait began.
        deadline: when it times out.
        subscriber: who waits; the scheduler only passes it on.
        last_at: when the last poll is due: at the deadline, or when the service will have been
            unreachable for too long. That one goes before all others.
        entered_at: the `last_at` at which it is in the queue of last polls; nan if it is not.
        due: when the next poll is due, or when the one under way left; inf when nobody waits any
            more.
        cut_at: when the request under way is cut; None while no request is.
        succeeded_at: when a poll last succeeded, or the wait began.
        unreachable_since: when the last poll left that followed a reply, later by the time for
            which polls had to wait for the rate limiter since: the service counts as unreachable
            from then on, if that poll failed. A 429 is a reply.
        trouble: what has gone wrong lately.
        polls: polls answered in all.
        ranking: how it waits in the ready queue; None if it does not.
    """

    __slots__ = (
        "cut_at",
        "deadline",
        "due",
        "entered_at",
        "job_id",
        "last_at",
        "polls",
        "ranking",
        "since",
        "subscriber",
        "succeeded_at",
        "trouble",
        "unreachable_since",
    )

    is_of_instance = False

    def __init__(self, job_id: str, since: float, deadline: float, subscriber: object) -> None:
        self.job_id = job_id
        self.since = self.succeeded_at = self.unreachable_since = since
        self.due = min(since, deadline)
        self.deadline = self.last_at = deadline
        self.entered_at = nan
        self.subscriber = subscriber
        self.cut_at: float | None = None
        self.polls = 0
        self.ranking: Ranking | None = None
        self.trouble = NO_TROUBLE

    def __lt__(self, other: Poll) -> bool:
        # Two queue entries of one job at one time, one of them outdated: any order will do.
        return False

    @property
    def key(self) -> object:
        """What tells this poll from the others of its kind."""
        return self.job_id

    @property
    def failures(self) -> int:
        """How many polls in a row failed."""
        return self.trouble.failures

    @property
    def throttled(self) -> bool:
        """Whether the last reply was a 429."""
        return self.trouble.throttled

    def heard_at(self) -> float:
        """Return a time until which the service has replied about this, or nobody tried it."""
        return max(self.succeeded_at, self.unreachable_since)

    def waited_for_room(self, now: float, heard_at: float) -> float:
        """Return for how long a poll that is due has waited while others were answered.

        Waiting for the rate limiter is not being unreachable.

        Args:
            now: the time.
            heard_at: when the service last replied to any request.
        """
        return max(0.0, now - self.due) if heard_at >= self.due else 0.0

    def sent(self, now: float, settings: PollSettings, heard_at: float = -inf) -> None:
        """Note that a poll is sent now, and when it must be answered.

        Args:
            now: the time.
            settings: intervals and bounds.
            heard_at: when the service last replied to any request.
        """
        trouble = self.trouble
        if not trouble.failures or trouble.throttled:
            self.unreachable_since = now
        else:
            late = self.waited_for_room(now, heard_at)
            self.unreachable_since = min(now, self.unreachable_since + late)
        self.due = now
        self.set_cut(settings)

    def set_cut(self, settings: PollSettings) -> None:
        """Set when the poll that left at `due` must be answered.

        The last poll has LAST_POLL seconds. If it could not leave in time, it has at least
        SHORTEST_POLL. A poll that left earlier is cut at the deadline, and a last one follows.
        """
        left, deadline = self.due, self.deadline
        if left >= deadline - SHORTEST_POLL:
            allowance = max(left, deadline) + LAST_POLL
            self.cut_at = min(allowance, deadline + LAST_POLL + SHORTEST_POLL)
            return
        latest = left + settings.request_timeout
        give_up_at = self.unreachable_since + settings.unreachable_after
        if left < give_up_at < latest:
            latest = min(latest, max(give_up_at, left + LAST_POLL))
        self.cut_at = min(latest, deadline)

    def schedule(self, delay: float, now: float, give_up_at: float = inf) -> None:
        """Set when the next poll is due, but not later than the last one.

        Args:
            delay: seconds from now.
            now: the time.
            give_up_at: when the service will have been unreachable for too long.
        """
        # Whoever waits on after giving up has one last poll more, at the deadline.
        last_at = give_up_at if now < give_up_at < self.deadline else self.deadline
        self.last_at = last_at
        due = now + delay
        if due > last_at - SHORTEST_POLL and now < last_at:
            due = last_at
        self.due = due

    def note_failure(self, failure: Failure, now: float, context: PollContext) -> bool:
        """Note a failed poll, and when the next one is due.

        Returns:
            Whether the service has been unreachable for too long.
        """
        failures, misses = self.trouble.failures, self.trouble.misses
        throttled = isinstance(failure, Throttled)
        self.trouble = Trouble(failures + 1, misses, throttled, failure.cause, failure.kind)
        if throttled:
            self.unreachable_since = now
        settings = context.settings
        give_up_at = context.patience.give_up_at(self.unreachable_since)
        delay = retry_delay.after_failure(
            failure, failures + 1, settings.longest_retry_delay, context.random
        )
        self.schedule(delay, now, give_up_at)
        return now >= give_up_at

    def wanted_interval(self, now: float, context: PollContext) -> float:  # noqa: ARG002 - job polls differ
        """Return the interval that would suit this poll now, which ranks polls that are due."""
        # The first polls of a thousand jobs must not push all others aside.
        return context.settings.interval / 4

    def waits(self, urgency: float, context: PollContext) -> float:
        """Return how many seconds after its last success it waits `urgency` times that interval."""
        return urgency * context.settings.interval / 4

    # What to say when the wait ends for a reason that is not a reply to this poll.

    def refused(self, refusal: Refusal, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a refusal, of this poll or of everything."""
        raise NotImplementedError

    def unreachable(self, cause: str, since: float, now: float, settings: PollSettings) -> Outcome:
        """Return the outcome of a service that was unreachable for too long, since `since`."""
        raise NotImplementedError

    def timed_out(self, since: float, now: float, unsent: str = "") -> Outcome:
        """Return the outcome of a wait whose deadline has passed.

        Args:
            since: when that wait began.
            now: the time.
            unsent: why the last poll could not be sent; "" if it was sent.
        """
        raise NotImplementedError

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        raise NotImplementedError
