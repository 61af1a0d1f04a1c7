"""ddswait.scheduler.list_polling and list_planner: one list request polls many jobs."""

from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ddswait.events import Ended
from ddswait.outcome import OutcomeKind
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.list_part import WHOLE
from ddswait.scheduler.list_planner import ListPlanner
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.replies import JobPage, Throttled, TransientFailure
from tests.scheduler.shell import LOCATION, Reply, completed, page, record, seen

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"


def test_latest_of_many_past_jobs_are_kept() -> None:
    """Lists show the newest first; of a hundred of a name, those that ended last are learned."""
    records = [
        {
            **record(f"old{number}", "Completed"),
            "created": "2021-01-01T00:00:00+0000",
            "ended": f"2021-01-01T00:{59 - number // 2:02}:{30 - number % 2 * 30:02}+0000",
        }
        for number in range(100)
    ]
    scheduler = Scheduler(PollSettings(location=LOCATION), Random(1))
    scheduler.subscribers.subscribe("x", 1000.0, "me", 0.0)
    ask = scheduler.next(0.0)
    assert isinstance(ask, PollJob)
    scheduler.take(ask, seen(record("x"), DATE), 0.0)
    request = scheduler.next(1.0)
    assert isinstance(request, ListJobs)
    assert not request.running
    scheduler.take(request, page([*records, {}], 101), 1.0)
    ((_, known),) = scheduler.durations.items()
    assert list(known) == [f"old{number}" for number in range(49, -1, -1)]


class CloudWithLists:
    """A cloud without sockets whose lists shift, lag, repeat, and hold other people's tasks."""

    def __init__(self, ends: Sequence[float], chance: Random) -> None:
        self.ends = {f"job{number}": end for number, end in enumerate(ends)}
        self.chance = chance

    def show(self, job_id: str, now: float) -> Reply:
        if now >= self.ends[job_id]:
            return completed(job_id)
        named: dict[str, Any] = {**record(job_id), "name": self.chance.choice(("n", None, 7, []))}
        return seen(named, self.chance.choice((DATE, "Fri, 31 Dec 9999 23:59:59 GMT")))

    def page(self, now: float) -> JobPage | TransientFailure | Throttled:
        luck = self.chance.random()
        if luck < 0.1:
            return TransientFailure("HTTP 502")
        if luck < 0.15:
            return Throttled("slow", 0.0, 50, 60.0)
        lag = self.chance.choice((0.0, 0.0, 30.0, 300.0))
        running = [record(each) for each, end in self.ends.items() if now - lag < end]
        shown = [each for each in running if self.chance.random() < 0.9]
        strange: list[Any] = [{}, {"id": 7}, {"id": []}, record("other")]
        strange += [{"id": "job0", "status": 9}, {"id": "job0", "status": []}]
        strange += [{**record("job0"), "name": None}, {**record("job0"), "name": []}]
        total = self.chance.choice((len(shown), 350, 0, -1, 10**9))
        return page([*shown, *shown[:2], *strange], total)


@given(st.lists(st.floats(1, 2000), min_size=1, max_size=40), st.integers())
def test_whatever_lists_say_every_job_ends_by_its_own_reply(ends: list[float], seed: int) -> None:
    """Pages shift, lag, repeat and fail: each job ends once, in time, with the single reply."""
    chance = Random(seed)
    cloud = CloudWithLists(ends, chance)
    scheduler = Scheduler(
        PollSettings(location=LOCATION), chance, rate_limiter=RateLimiter(10, 1.0)
    )
    for job_id in cloud.ends:
        scheduler.subscribers.subscribe(job_id, 90_000.0, job_id, 0.0)
    now, ended, steps = 0.0, dict[str, float](), 0
    while len(scheduler):
        steps += 1
        assert steps < 20_000
        action = scheduler.next(now)
        if isinstance(action, Wait):
            assert action.until > now
            now = action.until
            events = scheduler.expire(now)
        elif isinstance(action, PollJob):
            assert action.poll.job_id not in ended
            events = list(scheduler.take(action, cloud.show(action.poll.job_id, now), now))
        else:
            assert isinstance(action, ListJobs)
            events = list(scheduler.take(action, cloud.page(now), now))
        for event in events:
            if isinstance(event, Ended):
                assert event.outcome.kind is OutcomeKind.COMPLETED
                ended[event.job_id] = now
    assert set(ended) == set(cloud.ends)
    assert all(ended[each] - cloud.ends[each] < 600 for each in ended)


def test_list_pays_when_pages_are_fewer_than_jobs() -> None:
    """Alike jobs: more of them than pages; one impatient job among patient ones counts as one."""
    planner = ListPlanner()
    planner.plan([0.003] * 2, WHOLE, 10.0, 0.1, 0.0)
    assert planner.due < 60
    planner.begin("abcd", 0.0)
    assert not planner.take_page(0, 100, 250, 4, 10.0, 0.1, 0.0)
    assert planner.take_page(100, 150, 250, 4, 10.0, 0.1, 0.0)
    planner.plan([0.003] * 3, WHOLE, 10.0, 0.1, 0.0)
    assert planner.due == float("inf")
    planner.plan([0.003] * 4, WHOLE, 10.0, 0.1, 0.0)
    assert planner.due < 60
    planner.plan([0.3, *[0.0003] * 5], WHOLE, 10.0, 0.1, 0.0)
    assert planner.due == float("inf")


def test_list_is_given_up_when_its_pages_are_as_many_as_the_jobs() -> None:
    """What it did not show stays unknown; its number of pages is remembered for five minutes."""
    planner = ListPlanner()
    planner.begin("abc", 0.0)
    assert not planner.take_page(0, 100, 300, 3, 10.0, 0.1, 0.0)
    assert not planner.given_up
    assert planner.take_page(100, 100, 300, 1, 10.0, 0.1, 0.0)
    assert planner.given_up
    planner.plan([0.003] * 3, WHOLE, 10.0, 0.1, 1.0)
    assert planner.due == float("inf")
    assert planner.should_consider(299.0)
    planner.plan([0.003] * 3, WHOLE, 10.0, 0.1, 299.0)
    assert planner.due == float("inf")
    assert planner.should_consider(305.0)
    planner.plan([0.003] * 3, WHOLE, 10.0, 0.1, 305.0)
    assert planner.due < 400
