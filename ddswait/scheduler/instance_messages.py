"""The sentence that says how the wait for an instance ended, after a job or without one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddswait.outcome import Refusal

UNCONFIRMED = "it was ready once, and a backup may follow: a second poll was to confirm it"


def ready(instance_id: str) -> str:
    """The instance takes the next operation."""
    return f"instance {instance_id} is ready"


def not_ready(job_id: str, instance_id: str, seconds: float, state: str) -> str:
    """The instance did not become ready in time, or will not become ready without help."""
    return (
        f"{_subject(job_id, instance_id)} was not ready after {seconds:.0f} s"
        f"{' more' if job_id else ''}: {state}"
    )


def timed_out(instance_id: str, seconds: float, state: str) -> str:
    """The deadline of a wait without a job passed."""
    return (
        f"instance {instance_id} was not ready when the wait timed out after {seconds:.0f} s: "
        f"{state}"
    )


def not_found(instance_id: str, seconds: float, location: str, hint: str = "") -> str:
    """The instance was never known within the grace."""
    return (
        f"instance {instance_id} was not known to {location} within {seconds:.0f} s: it may not be "
        "listed yet (a longer grace helps), of another project or region, deleted, or "
        f"mistyped{f'; {hint}' if hint else ''}"
    )


def vanished(instance_id: str, location: str) -> str:
    """The instance was known, and then was not."""
    return (
        f"instance {instance_id} was seen and is no longer known to {location}: "
        "somebody may have deleted it"
    )


def unreachable(job_id: str, instance_id: str, seconds: float, location: str, cause: str) -> str:
    """No poll succeeded for too long."""
    return (
        f"{_subject(job_id, instance_id)} could not be polled for the last {seconds:.0f} s at "
        f"{location}; the last poll failed: {cause}"
    )


def refused(job_id: str, instance_id: str, location: str, refusal: Refusal) -> str:
    """A request about the instance was refused."""
    before = f"job {job_id} completed, but " if job_id else ""
    whose = "its instance" if job_id else "instance"
    return (
        f"{before}{location} refused to say whether {whose} {instance_id} is ready: "
        f"{refusal.advice}"
    )


def pending(job_id: str) -> str:
    """The wait for the instance goes on."""
    return "the job completed; its instance is not ready yet" if job_id else "not ready yet"


def last_poll_failed(cause: str) -> str:
    """The instance could not be polled."""
    return f"the last poll failed: {cause}"


def _subject(job_id: str, instance_id: str) -> str:
    if job_id:
        return f"job {job_id} completed, but its instance {instance_id}"
    return f"instance {instance_id}"
