"""ddswait.scheduler.job_events: what a reply changed about a job."""

from ddswait.events import PollFailed, Progressed, UnknownStatus, Visible
from ddswait.scheduler.job_events import JobEvents
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.service.dds import SERVICE
from ddswait.service.replies import TransientFailure
from tests.scheduler.shell import context_of, record

RUNNING = SERVICE.read_record(record("x", progress=9))
MOVED = SERVICE.read_record(record("x", progress=10))
ODD = SERVICE.read_record(record("x", "Paused"))


def polled() -> JobPoll:
    """Return the poll of a job that was created 5 s after the clock began."""
    poll = JobPoll("x", 0.0, 1000.0, None)
    poll.created_at = 5.0
    return poll


def test_first_record_makes_a_job_visible() -> None:
    """The event says how old the job is; before it, there is nothing to say."""
    poll, events = polled(), JobEvents()
    assert not events.verbose
    assert [*events.of(None, poll, 20.0)] == []
    poll.job = RUNNING
    assert [*events.of(None, poll, 20.0)] == [Visible("x", RUNNING, 15.0)]


def test_only_a_status_or_a_progress_that_differs_is_news() -> None:
    """The same record again is none, nor is one that says the same."""
    poll, events = polled(), JobEvents()
    poll.job = RUNNING
    assert [*events.of(RUNNING, poll, 20.0)] == []
    poll.job = SERVICE.read_record(record("x", progress=9))
    assert [*events.of(RUNNING, poll, 20.0)] == []
    poll.job = MOVED
    assert [*events.of(RUNNING, poll, 20.0)] == [Progressed("x", MOVED, RUNNING)]


def test_unknown_status_is_reported_once_for_all_jobs() -> None:
    """With the job that showed it first, whether it appeared or progressed."""
    poll, events = polled(), JobEvents()
    poll.job = ODD
    assert [*events.of(None, poll, 20.0)] == [
        Visible("x", ODD, 15.0),
        UnknownStatus("x", "Paused"),
    ]
    assert [*events.of(RUNNING, poll, 20.0)] == [Progressed("x", ODD, RUNNING)]
    poll.job = SERVICE.read_record(record("x", "Frozen"))
    assert [*events.of(ODD, poll, 20.0)] == [
        Progressed("x", poll.job, ODD),
        UnknownStatus("x", "Frozen"),
    ]


def test_failed_poll_says_when_the_next_one_is_due() -> None:
    """Whatever is known of the job; never in the past."""
    poll, events = polled(), JobEvents()
    poll.job = RUNNING
    poll.failed(TransientFailure("HTTP 502"), 20.0, context_of(PollSettings()))
    assert [*events.of(RUNNING, poll, 20.0)] == [PollFailed("x", "HTTP 502", 0.75)]
    assert [*events.of(RUNNING, poll, 30.0)] == [PollFailed("x", "HTTP 502", 0.0)]


def test_fifty_unknown_words_are_reported() -> None:
    """A service may invent them without end."""
    events, reported = JobEvents(), 0
    for number in range(60):
        poll = polled()
        poll.job = SERVICE.read_record(record("x", f"Word{number}"))
        reported += sum(isinstance(each, UnknownStatus) for each in events.of(RUNNING, poll, 20.0))
    assert reported == 50
