"""The rule for job IDs."""

from __future__ import annotations

from ddswait.errors import InputError

_LONGEST = 256  # documented IDs have 36 characters; the bound only keeps mistakes out of URLs
_SHOWN = 60


def check_job_id(job_id: str) -> str:
    """Return `job_id` if it can be one.

    Raises:
        InputError: it is empty, longer than 256 characters, or holds white space or control
            characters; the message names it.
    """
    if not isinstance(job_id, str):
        raise InputError(f"a job ID is text, not {type(job_id).__name__}: {_shown(job_id)}")
    if not job_id:
        raise InputError("a job ID is empty: give the job_id of the reply that started the job")
    if len(job_id) > _LONGEST:
        raise InputError(
            f"job ID {_shown(job_id)} has {len(job_id)} characters, more than {_LONGEST}: "
            "give the job_id alone"
        )
    if not job_id.isprintable() or " " in job_id:
        raise InputError(
            f"job ID {_shown(job_id)} holds white space or a control character: "
            "give each job ID alone, without quotes or line ends"
        )
    return job_id


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
