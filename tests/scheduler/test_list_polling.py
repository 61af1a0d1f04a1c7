"""One list request for many jobs: ddswait.request and the scheduler, over sockets and without."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from ddswait import Token, Waiter
from ddswait.events import Ended, Event, ListRefused, Polled
from ddswait.outcome import OutcomeKind
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.list_planner import ListPlanner
from ddswait.scheduler.poll import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobPage, Problem, Request, Throttled, TransientFailure
from ddswait.simulator import Simulator
from tests.scheduler.shell import LOCATION, Reply, completed, page, record, seen

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token), **settings
    )


def counted(dds: Simulator) -> tuple[int, int]:
    """Return how many lists and how many single polls were asked for."""
    lists = sum("/v3.1/" in seen.path for seen in dds.requests)
    return lists, len(dds.requests) - lists


async def test_list_takes_the_place_of_many_polls(dds: Simulator) -> None:
    """A hundred jobs: two single polls for each at the most, and every one ends with its record."""
    ids = [dds.add_job(seconds=300 + number) for number in range(100)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert all(outcome.job and outcome.job.status == "Completed" for outcome in outcomes)
    lists, singles = counted(dds)
    assert singles <= 210
    assert lists < 450


async def test_first_poll_at_many_is_a_list(dds: Simulator) -> None:
    """After the first answer, a list shows what is running; what it lacks is polled."""
    ids = [dds.add_job(seconds=5000) for _ in range(50)]
    done = [dds.add_job(seconds=0.01) for _ in range(3)]
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        for each in [*ids, *done]:
            w.track(each)
        await asyncio.sleep(5)
        assert {each.job_id for each in events if isinstance(each, Ended)} == set(done)
        assert counted(dds)[1] <= 6
        assert sum(isinstance(each, Polled) and each.reason == "listed" for each in events) >= 49
        await w.close()


async def test_poll_after_a_list_that_lacked_a_job_says_so(dds: Simulator) -> None:
    """Its reason is `unlisted`; and of a job that is gone, nothing is remembered."""
    ids = [dds.add_job(seconds=5000) for _ in range(30)]
    ends = dds.add_job(seconds=300)
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        for each in [*ids, ends]:
            w.track(each)
        await asyncio.sleep(400)
        why = [each.reason for each in events if isinstance(each, Polled) and each.job_id == ends]
        assert why[-2:] == ["listed", "unlisted"]
        assert ends not in w._engine._scheduler._lists.planner.unlisted
        await w.close()


async def test_next_poll_that_is_shown_may_be_a_list(dds: Simulator) -> None:
    """repr() tells when the next request leaves, whichever it is."""
    async with waiter(dds) as w:
        for _ in range(30):
            w.track(dds.add_job(seconds=5000))
        await asyncio.sleep(100)
        for _ in range(5):
            before = counted(dds)
            pause = float(repr(w).partition("next request in ")[2].removesuffix(" s>"))
            await asyncio.sleep(pause - 0.2)
            assert counted(dds) == before
            await asyncio.sleep(0.4)
            assert counted(dds) > before
        await w.close()


async def test_list_never_ends_a_wait(dds: Simulator) -> None:
    """Every end was told by a single reply about that job."""
    ids = [dds.add_job(seconds=100) for _ in range(20)]
    async with waiter(dds) as w:
        await w.wait_all(ids)
    asked = {seen.job_id for seen in dds.requests if seen.path.startswith("/v3/")}
    assert asked == set(ids)


@pytest.mark.parametrize("refusal", ["may_list", "has_lists"])
async def test_refused_once_is_refused_for_good(dds: Simulator, refusal: str) -> None:
    """403, or 404 of a partner cloud: single polls from then on, said once."""
    setattr(dds, refusal, False)
    ids = [dds.add_job(seconds=300) for _ in range(20)]
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert sum(isinstance(each, ListRefused) for each in events) == 1
    assert counted(dds)[0] == 1


async def test_list_that_lags_loses_no_job(dds: Simulator) -> None:
    """A list that is minutes behind: every job ends, and is not polled without end."""
    dds.list_lag = 400.0
    ids = [dds.add_job(seconds=200) for _ in range(30)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert max(outcome.waited for outcome in outcomes) < 200 + 330
    assert counted(dds)[1] < 30 * 40


@pytest.mark.slow
async def test_other_peoples_tasks_do_not_matter(dds: Simulator) -> None:
    """Five pages of foreign tasks: no job is lost; lists are used where they pay."""
    for _ in range(450):
        dds.add_job(seconds=10_000)
    ids = [dds.add_job(seconds=300 + number) for number in range(40)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)


async def test_past_jobs_are_learned_at_the_start(dds: Simulator) -> None:
    """One request for the last month's completed tasks, and no more."""
    for _ in range(30):
        dds.add_job(seconds=1)
    await asyncio.sleep(10)
    job_id = dds.add_job(seconds=500)
    async with waiter(dds) as w:
        await w.wait(job_id)
        assert w._engine._scheduler.durations.count("Create_MongoDB") == 31
    assert counted(dds)[0] == 1


async def test_known_past_is_not_asked_for(dds: Simulator) -> None:
    """With durations of the name at hand, the list is not asked for."""
    durations = Durations()
    for number in range(5):
        durations.add("Create_MongoDB", str(number), 300.0)
    async with waiter(dds, durations=durations) as w:
        await w.wait(dds.add_job(seconds=300))
    assert counted(dds)[0] == 0
    assert durations.count("Create_MongoDB") == 6


async def test_unknown_name_is_asked_for_though_the_first_one_was_known(dds: Simulator) -> None:
    """The list of past jobs is read when a name comes that is not known; once."""
    for _ in range(10):
        dds.add_job(name="Create_Cluster", seconds=1)
    await asyncio.sleep(5)
    durations = Durations()
    for number in range(5):
        durations.add("Restart_MongoDB", str(number), 300.0)
    async with waiter(dds, durations=durations) as w:
        for name in ("Restart_MongoDB", "Create_Cluster", "Unheard_Of"):
            w.track(dds.add_job(name=name, seconds=300))
            await asyncio.sleep(3)
        assert durations.count("Create_Cluster") == 10
        assert counted(dds)[0] == 1
        await w.close()


def test_latest_of_many_past_jobs_are_kept() -> None:
    """Lists tell the newest first; of a hundred of a name, those that ended last are learned."""
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


async def test_token_that_ends_is_noticed_by_a_list_too(dds: Simulator) -> None:
    """A 401 to a list refuses all, as one to a single poll does."""
    ids = [dds.add_job(seconds=3000) for _ in range(200)]
    async with waiter(dds) as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(60)
        dds.revoke_all()
        outcomes = await waiting
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert dds.statuses[401] <= 2


@pytest.mark.slow
async def test_learned_limit_is_kept(dds: Simulator) -> None:
    """Under 200 requests per five minutes: one 429, the one that taught it, and every job ends."""
    for fixed in (False, True):
        dds.limits.clear()
        dds.limit(200, 300.0, fixed=fixed)
        dds.statuses.clear()
        ids = [dds.add_job(seconds=100 + number) for number in range(250)]
        async with waiter(dds, timeout=4 * 3600) as w:
            w._engine._scheduler.lists = False
            outcomes = await w.wait_all(ids)
        assert all(outcome.ok for outcome in outcomes)
        assert dds.statuses[429] <= 1


@pytest.mark.slow
async def test_no_more_than_the_rate_limit_in_any_second(dds: Simulator) -> None:
    """300 jobs at once are not polled in step: ten requests in any second at most."""
    for _ in range(300):
        dds.add_job(seconds=60)
    async with waiter(dds) as w:
        await w.wait_all(list(dds.plans))
        assert "requests of 10/1 s" in repr(w)
    at = sorted(seen.at for seen in dds.requests)
    assert max(sum(begin <= each < begin + 0.999 for each in at) for begin in at[::7]) <= 10


class ListingCloud:
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
            return TransientFailure("network")
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


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1, 2000), min_size=1, max_size=40), st.integers())
def test_whatever_lists_say_every_job_ends_by_its_own_reply(ends: list[float], seed: int) -> None:
    """Pages shift, lag, repeat and fail: each job ends once, in time, with the single reply."""
    chance = Random(seed)
    cloud = ListingCloud(ends, chance)
    scheduler = Scheduler(
        PollSettings(location=LOCATION), chance, rate_limiter=RateLimiter(10, 1.0)
    )
    for job_id in cloud.ends:
        scheduler.subscribers.subscribe(job_id, 90_000.0, job_id, 0.0)
    now, ended, steps = 0.0, dict[str, float](), 0
    while len(scheduler):
        steps += 1
        assert steps < 20_000
        request = scheduler.next(now)
        if isinstance(request, Wait):
            assert request.until > now
            now = request.until
            events = scheduler.expire(now)
        elif isinstance(request, PollJob):
            assert request.poll.job_id not in ended
            events = list(scheduler.take(request, cloud.show(request.poll.job_id, now), now))
        else:
            assert isinstance(request, ListJobs)
            events = list(scheduler.take(request, cloud.page(now), now))
        for event in events:
            if isinstance(event, Ended):
                assert event.outcome.kind is OutcomeKind.COMPLETED
                ended[event.job_id] = now
    assert set(ended) == set(cloud.ends)
    assert all(ended[each] - cloud.ends[each] < 600 for each in ended)


def test_list_request_pays_when_pages_are_fewer_than_jobs() -> None:
    """Alike jobs: more of them than pages; one impatient job among patient ones counts as one."""
    planner = ListPlanner()
    planner.plan([0.003] * 2, 10.0, 0.1, 0.0)
    assert planner.due < 60
    planner.begin("abcd")
    assert not planner.take_page(0, 100, 250, 0.0)
    assert planner.take_page(100, 150, 250, 0.0)
    planner.plan([0.003] * 3, 10.0, 0.1, 0.0)
    assert planner.due == float("inf")
    planner.plan([0.003] * 4, 10.0, 0.1, 0.0)
    assert planner.due < 60
    planner.plan([0.3, *[0.0003] * 5], 10.0, 0.1, 0.0)
    assert planner.due == float("inf")


def test_list_request_is_given_up_when_the_pages_left_are_as_many_as_the_jobs() -> None:
    """It has told nothing of what it did not show, and its number of pages holds five minutes."""
    planner = ListPlanner()
    planner.begin("abc")
    assert not planner.take_page(0, 100, 300, 0.0)
    assert not planner.given_up
    planner.seen.add("a")
    planner.seen.add("b")
    assert planner.take_page(100, 100, 300, 0.0)
    assert planner.given_up
    planner.plan([0.003] * 3, 10.0, 0.1, 1.0)
    assert planner.due == float("inf")
    assert planner.should_consider(299.0)
    planner.plan([0.003] * 3, 10.0, 0.1, 299.0)
    assert planner.due == float("inf")
    assert planner.should_consider(305.0)
    planner.plan([0.003] * 3, 10.0, 0.1, 305.0)
    assert planner.due < 400


@pytest.mark.slow
async def test_lists_that_cost_more_than_they_save_are_left_alone(dds: Simulator) -> None:
    """2,100 foreign tasks and 20 jobs: a page now and then, until the foreign ones are gone."""
    for _ in range(2100):
        dds.add_job(seconds=900)
    ids = [dds.add_job(seconds=3000) for _ in range(20)]
    async with waiter(dds) as w:
        for each in ids:
            w.track(each)
        await asyncio.sleep(850)
        assert counted(dds)[0] <= 4
        await asyncio.sleep(400)
        before = counted(dds)
        await asyncio.sleep(400)
        lists, singles = counted(dds)
        assert lists - before[0] > 10
        assert singles - before[1] < 100
        await w.close()


async def test_total_that_lies_holds_no_job(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A billion tasks, always the same page: the jobs end as early as without lists."""
    read, request = SERVICE.read_list, SERVICE.list_jobs

    def read_lie(*reply: Any) -> JobPage | Problem:
        page = read(*reply)
        return page._replace(total=10**9) if isinstance(page, JobPage) else page

    def first_page(*where: str, running: bool, moment: float, offset: int) -> Request:
        del offset
        return request(*where, running=running, moment=moment, offset=0)

    monkeypatch.setattr(SERVICE, "read_list", read_lie)
    monkeypatch.setattr(SERVICE, "list_jobs", first_page)
    ids = [dds.add_job(seconds=100 + number) for number in range(30)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert max(each.waited - 100 - number for number, each in enumerate(outcomes)) < 20
    assert counted(dds)[0] <= 4


async def test_retry_after_of_a_list_is_honoured(dds: Simulator) -> None:
    """Lists rest for as long as the server asks; single polls go on."""
    ids = [dds.add_job(seconds=2000) for _ in range(30)]
    async with waiter(dds) as w:
        for each in ids:
            w.track(each)
        await asyncio.sleep(100)
        dds.inject("error", retry_after="120", path=f"/v3.1/{dds.project_id}/jobs")
        lists, singles = counted(dds)
        await asyncio.sleep(119)
        assert counted(dds)[0] == lists + 1
        assert counted(dds)[1] > singles
        await w.close()
