"""The sentence that says how a wait ended, for each way in which it can end. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.job import Job
    from ddswait.outcome import Refusal


def completed(job_id: str) -> str:
    """The service reported that the job completed."""
    return f"job {job_id} completed"


def failed(job: Job) -> str:
    """The service reported that the job failed."""
    return f"job {job.id} failed: {job.fail_reason or 'no reason given'}"


def not_found(job_id: str, seconds: float, location: str, service: str = "") -> str:
    """The job ID was never known within the grace."""
    others = f"of another service than {service}, " if service else ""
    return (
        f"job {job_id} was not known to {location} within {seconds:.0f} s: it may not be visible "
        "yet (a longer grace helps), older than a month, of another project or region, mistyped, "
        f"{others}or of a kind of task that this API does not show"
    )


def vanished(job_id: str, job: Job | None, location: str) -> str:
    """The job was known, and then was not."""
    return (
        f"job {job_id} was seen and is no longer known to {location} ({last_seen(job)}): "
        "a deletion may disappear when it is done; otherwise check the task list in the console"
    )


def deletion_vanished(job_id: str, job: Job) -> str:
    """A deletion was known, and then was not."""
    return (
        f"job {job_id} completed: it was a deletion ({last_seen(job)}), and a deletion is no "
        "longer known when it is done"
    )


def timed_out(
    job_id: str, seconds: float, last_seen: str, cause: str | None, unsent: str = ""
) -> str:
    """The deadline passed."""
    failure = f"; the last poll failed: {cause}" if cause else ""
    return (
        f"job {job_id} had not ended when the wait timed out after {seconds:.0f} s: "
        f"{last_seen}{failure}{last_poll_unsent(unsent) if unsent else ''}"
    )


def last_poll_unsent(reason: str) -> str:
    """The last poll could not leave."""
    return f"; the last poll was not sent: {reason}"


def unreachable(job_id: str, seconds: float, location: str, cause: str) -> str:
    """No poll succeeded for too long."""
    return (
        f"job {job_id} could not be polled for the last {seconds:.0f} s at {location}; "
        f"the last poll failed: {cause}. The job itself may still be running"
    )


def refused(job_id: str, location: str, refusal: Refusal) -> str:
    """A request was refused, and repeating it cannot help."""
    return f"job {job_id}: {location} refused the request: {refusal.advice}"


def pending() -> str:
    """The wait goes on."""
    return "not ended yet"


def last_seen(job: Job | None) -> str:
    """Say what the last record said."""
    if job is None:
        return "it was not visible yet"
    progress = f", {job.progress} %" if job.progress is not None else ""
    return f"last seen {job.status}{progress}"


NEVER_POLLED = "it was not polled"
NO_ROOM = "the rate limit left no room (a higher rate or a longer timeout helps)"
IN_DOUBT = "few requests may try the credentials before they are accepted"
BUSY = "every connection was busy"


def no_credentials(cause: str) -> str:
    """No request can leave while none serve."""
    return f"no credentials{f': {cause}' if cause else ' yet'}"
