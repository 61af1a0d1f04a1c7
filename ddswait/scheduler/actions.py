"""What the scheduler wants done next, and who takes the reply."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ddswait.scheduler.list_part import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.outcome import Refusal
    from ddswait.scheduler.instance_poll import InstancePoll
    from ddswait.scheduler.job_poll import JobPoll
    from ddswait.scheduler.list_part import Part
    from ddswait.service.replies import Failure


class Poller(Protocol):
    """Takes the replies to one kind of action; the scheduler has classified them.

    Which reply belongs to which action is decided, and checked by its types, where the request
    is built (runtime/client.py). So `Any` stands here for the action and for what it asked for.
    """

    def answered(self, action: Any, reply: Any, now: float) -> Sequence[Event]:  # noqa: ANN401
        """Take the reply that was asked for."""

    def failed(self, action: Any, failure: Failure, now: float) -> Sequence[Event]:  # noqa: ANN401
        """Take a failure that may pass by itself."""

    def refused(self, action: Any, refusal: Refusal, now: float) -> Sequence[Event]:  # noqa: ANN401
        """Take a refusal, and end every wait that it concerns."""


class RepeatingPoller(Poller, Protocol):
    """Takes the replies to requests that carry credentials."""

    def repeat(self, action: Any, now: float) -> Sequence[Event]:  # noqa: ANN401
        """Send the same again: its credentials were refused, and are being renewed."""


class PollJob(NamedTuple):
    """Poll one job.

    Attributes:
        poll: of the job.
        poller: takes the reply.
        credentials: counts the renewals of the credentials.
        sent_at: when it left.
    """

    poll: JobPoll
    poller: RepeatingPoller
    credentials: int = 0
    sent_at: float = 0.0

    @property
    def cut_at(self) -> float:
        """When the request is cut, if it has not been answered."""
        return inf if self.poll.cut_at is None else self.poll.cut_at


class PollInstance(NamedTuple):
    """Poll the instance of a job that completed; see `PollJob`."""

    poll: InstancePoll
    poller: RepeatingPoller
    credentials: int = 0
    sent_at: float = 0.0

    @property
    def cut_at(self) -> float:
        """When the request is cut, if it has not been answered."""
        return inf if self.poll.cut_at is None else self.poll.cut_at


class ListJobs(NamedTuple):
    """Request one page of a list of jobs.

    Attributes:
        running: True lists the jobs that run, False those that completed, which tell how long
            jobs take.
        offset: how many jobs to skip.
        moment: the present by the server's clock, in seconds since 1970.
        cut_at: when the request is cut, if it has not been answered.
        poller: takes the reply.
        credentials: counts the renewals of the credentials.
        sent_at: when it left.
        part: of the list that is being read.
    """

    running: bool
    offset: int
    moment: float
    cut_at: float
    poller: RepeatingPoller
    credentials: int = 0
    sent_at: float = 0.0
    part: Part = WHOLE


class RenewCredentials(NamedTuple):
    """Obtain new credentials until `cut_at`."""

    cut_at: float
    poller: Poller


class Renewed(NamedTuple):
    """New credentials are in use.

    Attributes:
        renew_in: seconds after which to renew them; None for never.
        same: whether they are the ones that were in use before.
        locks: whether the service locks them when they are refused too often.
    """

    renew_in: float | None
    same: bool = False
    locks: bool = False


class Wait(NamedTuple):
    """There is nothing to send before `until`.

    Attributes:
        until: when to ask again.
        overdue: whether polls are due that cannot leave, so that deadlines pass meanwhile.
    """

    until: float
    overdue: bool = False


Action = PollJob | PollInstance | ListJobs | RenewCredentials
