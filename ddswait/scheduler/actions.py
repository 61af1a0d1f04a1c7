"""What an agenda asks, and the answers that are no replies of DDS."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ddswait.scheduler.instance_poll import InstancePoll
    from ddswait.scheduler.job_poll import JobPoll


class PollJob(NamedTuple):
    """Look at one job, as of `at`; the answer goes back to `Scheduler.take`.

    `lease` counts the renewals of the credentials.
    """

    job_id: str
    watch: JobPoll
    lease: int = 0
    at: float = 0.0

    @property
    def by(self) -> float:
        """When the look is cut, if it has not been answered."""
        return self.watch.by if self.watch.by is not None else inf


class PollInstance(NamedTuple):
    """Look at the instance of a job that completed, as of `at`; see `PollJob`."""

    instance_id: str
    readiness: InstancePoll
    lease: int = 0
    at: float = 0.0

    @property
    def by(self) -> float:
        """When the look is cut, if it has not been answered."""
        return self.readiness.by if self.readiness.by is not None else inf


class ListJobs(NamedTuple):
    """Read one page of the list of tasks; the answer goes back to `Scheduler.take`.

    Attributes:
        status: of the tasks: `Running` to look at many jobs, `Completed` to learn how long past
            ones took.
        offset: of the page's first task.
        moment: the present by the server's clock, in seconds since 1970.
        by: when it is cut.
        lease: counts the renewals of the credentials.
        at: when it left.
    """

    status: str
    offset: int
    moment: float
    by: float
    lease: int = 0
    at: float = 0.0


class RenewCredentials(NamedTuple):
    """Obtain new credentials, until `by`; the answer goes back to `Scheduler.take`."""

    by: float


class Renewed(NamedTuple):
    """Credentials are in use, and are to be renewed after so many seconds; None for never.

    `same` tells that they are the ones that were in use before.
    """

    renew_in: float | None
    same: bool = False


class Wait(NamedTuple):
    """Nothing to ask before `until`."""

    until: float
