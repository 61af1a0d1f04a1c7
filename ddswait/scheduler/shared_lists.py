"""One list request for the jobs of several schedulers. Pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ddswait.outcome import Refusal, Scope
from ddswait.service.replies import JobPage, Throttled, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.events import Event
    from ddswait.scheduler.actions import ListJobs
    from ddswait.scheduler.scheduler import Reply, Scheduler


def shares(scheduler: Scheduler, page: ListJobs, now: float) -> bool:
    """Whether a page that another scheduler requests now is of use for this one as well.

    If so, its jobs wait for the page as if it had requested it.
    """
    lists = scheduler.list_polling
    planner = lists.planner
    if not planner.allowed:
        return False
    if not page.running:
        if lists.past.due == inf:  # requested already
            return False
        lists.past.due = inf
        return True
    begins = page.offset == page.part.begin
    if begins and planner.offset is None and scheduler.subscribers.jobs:
        lists.begin(now, page.part)
    if planner.offset != page.offset or planner.page_under_way:
        return False
    planner.page_under_way = True
    return True


def overhear(scheduler: Scheduler, page: ListJobs, reply: Reply, now: float) -> Sequence[Event]:
    """Take the reply to such a page; return what it brings about here."""
    lists = scheduler.list_polling
    match reply:
        case JobPage():
            return lists.answered(page, reply, now)
        case TransientFailure() | Throttled():
            return lists.failed(page, reply, now)
        case Refusal(scope=Scope.OPERATION):
            return lists.refused(page, reply, now)
        case _:  # of the credentials or of everything: that does not concern lists
            return lists.repeat(page, now)
