"""Finds the jobs of a page among those that are waited for. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ddswait.job import Job
    from ddswait.scheduler.job_poll import JobPoll


def polls_of(
    listed: Iterable[Job], polls: Mapping[object, JobPoll]
) -> Iterator[tuple[int, Job, JobPoll]]:
    """Yield the listed jobs that are waited for: their place, and the ID that their caller knows.

    A list may write an ID in another case than the reply that a caller has it from. If that mixes
    cases, the job is not found here, and is polled on its own.

    Args:
        listed: the jobs of a page.
        polls: of the jobs that are waited for, by job ID.
    """
    for place, job in enumerate(listed):
        poll = polls.get(job.id) or polls.get(job.id.lower()) or polls.get(job.id.upper())
        if poll is not None:
            yield place, job if job.id == poll.job_id else replace(job, id=poll.job_id), poll
