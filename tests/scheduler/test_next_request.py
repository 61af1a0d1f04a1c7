"""ddswait.scheduler.next_request: which of the requests that are due goes first."""

from ddswait.scheduler.actions import PollJob
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from tests.scheduler.shell import Still


def scheduler_of(**deadlines: float) -> Scheduler:
    """Return a scheduler in which a job for each deadline is due at 0 s, in this order."""
    made = Scheduler(PollSettings(), Still(), rate_limiter=RateLimiter(10))
    made.lists = False
    for job_id, deadline in deadlines.items():
        made.subscribers.subscribe(job_id, deadline, None, 0.0)
    return made


def test_last_poll_that_becomes_ready_just_now_goes_first() -> None:
    """Before a poll that has waited as long, and has time."""
    scheduler = scheduler_of(a=1000.0, ends=5.0)
    action = scheduler.next(5.5)
    assert isinstance(action, PollJob)
    assert action.poll.job_id == "ends"


def test_last_poll_goes_first_at_its_very_deadline() -> None:
    """Before polls that are due for longer."""
    scheduler = scheduler_of(a=1000.0, b=1000.0, ends=5.0)
    action = scheduler.next(5.0)
    assert isinstance(action, PollJob)
    assert action.poll.job_id == "ends"


def test_not_more_than_a_hundred_are_ranked_at_once() -> None:
    """However many became due together: ranking them all would hold up everything."""
    scheduler = scheduler_of(**{f"job-{number}": 1000.0 for number in range(250)})
    ranked = []
    for now in (5.0, 8.0):
        assert isinstance(scheduler.next(now), PollJob)
        ranked.append(scheduler.queue.ready.size)
    assert ranked == [100, 199]
