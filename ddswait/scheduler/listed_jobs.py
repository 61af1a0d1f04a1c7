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
) -> Iterator[tuple[Job, JobPoll]]:
    """Yield the listed jobs that are waited for, each with the ID that its caller knows.

    A list may write an ID in another case than the reply that a caller has it from.

    Args:
        listed: the jobs of a page.
        polls: of the jobs that are waited for, by job ID.
    """
    folded: dict[str, JobPoll] | None = None
    for job in listed:
        poll = polls.get(job.id)
        if poll is None:
            if folded is None:  # most pages show jobs of others, so it is made once a page
                folded = {each.job_id.casefold(): each for each in polls.values()}
            poll = folded.get(job.id.casefold())
        if poll is not None:
            yield (job if job.id == poll.job_id else replace(job, id=poll.job_id)), poll
