"""ddswait.scheduler.listed_jobs: IDs in a list that are written in another case."""

import pytest

from ddswait.events import Progressed, Visible
from tests.scheduler.shell import page, record
from tests.scheduler.test_list_polling_pages import opened


@pytest.mark.parametrize(("waited_for", "listed"), [("a1", "A1"), ("A1", "a1"), ("A1", "A1")])
def test_job_is_found_in_a_list_whatever_the_case_of_its_id(waited_for: str, listed: str) -> None:
    """It is not polled as one that the list lacks, and keeps the ID that its caller knows."""
    desk = opened(waited_for, "b", "c")
    reply = page([record(name) for name in ("first", "foreign", listed, "b")], 4)
    events = desk.take(desk.list_(4.0), reply, 4.0)
    assert [event.job_id for event in events if isinstance(event, Visible)] == [waited_for, "b"]
    poll = desk.scheduler.subscribers.jobs[waited_for]
    assert poll.job is not None
    assert poll.job.id == waited_for
    assert desk.polled(4.0) == ["c"]


def test_two_jobs_whose_ids_differ_in_case_only_are_told_apart() -> None:
    """An ID that is the same to the letter comes first."""
    desk = opened("a", "A", "c")
    rows = [record("A", progress=7), record("a", progress=9), record("c"), record("first")]
    events = desk.take(desk.list_(4.0), page(rows, 4), 4.0)
    percents = {
        event.job_id: event.job.progress
        for event in events
        if isinstance(event, Visible | Progressed)
    }
    assert (percents["A"], percents["a"]) == (7, 9)
