"""What happens to tracked jobs, as frozen records; times and pauses in seconds."""

from __future__ import annotations

from typing import NamedTuple

from ddswait.job import Job  # noqa: TC001 - NamedTuple fields are looked up by users' tools
from ddswait.outcome import Outcome  # noqa: TC001


class Tracked(NamedTuple):
    """The job's first caller has come; its first look is due at once."""

    job_id: str


class Visible(NamedTuple):
    """The first reply that knew the job, then `age` seconds old by the server's clock."""

    job_id: str
    job: Job
    age: float = 0.0


class Progressed(NamedTuple):
    """Status or progress differ from the look before, whose record is `previous`."""

    job_id: str
    job: Job
    previous: Job


class PollFailed(NamedTuple):
    """A look failed for `cause`; the next one is due in `pause` seconds."""

    job_id: str
    cause: str
    pause: float


class UnknownStatus(NamedTuple):
    """DDS used a status that it does not document; told once for each such status."""

    job_id: str
    status: str


class Looked(NamedTuple):
    """A job was looked at; told only to those who listen closely (debug).

    Attributes:
        job_id: the job.
        why: `first`, `grace` (its ID is not known yet), `pace`, `fault` (again after a failed
            look), `sweep` (it was in a list), `unlisted` (a list lacked it) or `deadline` (the
            last look).
        pause: seconds until the next look is due.
    """

    job_id: str
    why: str
    pause: float


class ListRefused(NamedTuple):
    """Tasks may not be listed, for `cause`: every job is looked at singly from now on."""

    cause: str
    job_id: str = ""


class RenewalFailed(NamedTuple):
    """Credentials could not be obtained or renewed, for `cause`.

    It is tried again in `pause` seconds; None: not before the present ones are refused, since the
    renewal itself was, and a user who is refused too often is locked.
    """

    cause: str
    pause: float | None
    job_id: str = ""


class Ended(NamedTuple):
    """The waits of `owners` (the callers' futures) for the job have ended alike.

    With `ready`, a second one tells how the wait for the job's instance ended: it has `instance`.
    """

    job_id: str
    outcome: Outcome
    owners: tuple[object, ...] = ()
    instance: bool = False


Event = (
    Tracked
    | Visible
    | Progressed
    | PollFailed
    | UnknownStatus
    | Looked
    | ListRefused
    | RenewalFailed
    | Ended
)
