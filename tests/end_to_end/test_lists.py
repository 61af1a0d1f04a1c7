"""A waiter polls many jobs by list requests, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ddswait import Token, Waiter
from ddswait.events import Ended, Event, ListRefused, Polled
from ddswait.outcome import OutcomeKind
from ddswait.scheduler.durations import Durations
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobPage, Problem, Request
from ddswait.simulator import Simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token), **settings
    )


def counted(dds: Simulator) -> tuple[int, int]:
    """Return how many list requests and how many job polls were sent."""
    lists = sum("/v3.1/" in seen.path for seen in dds.requests)
    return lists, len(dds.requests) - lists


async def test_list_replaces_many_polls(dds: Simulator) -> None:
    """Forty jobs: at most two job polls each, and every one ends with its record."""
    ids = [dds.add_job(seconds=300 + number) for number in range(40)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert all(outcome.job and outcome.job.status == "Completed" for outcome in outcomes)
    lists, singles = counted(dds)
    assert singles <= 84
    assert lists < 260


async def test_first_poll_of_many_jobs_is_a_list(dds: Simulator) -> None:
    """After the first reply, a list shows what is running; missing jobs are polled individually."""
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


async def test_poll_of_a_job_missing_from_a_list_says_so(dds: Simulator) -> None:
    """The last poll's reason is `unlisted`; nothing is remembered about a job that ended."""
    ids = [dds.add_job(seconds=5000) for _ in range(30)]
    ends = dds.add_job(seconds=300)
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        for each in [*ids, ends]:
            w.track(each)
        await asyncio.sleep(400)
        why = [each.reason for each in events if isinstance(each, Polled) and each.job_id == ends]
        assert "listed" in why
        assert why[-1] == "unlisted"
        assert ends not in w._engine.running()._scheduler.list_polling.planner.unlisted
        await w.close()


async def test_next_request_in_repr_may_be_a_list(dds: Simulator) -> None:
    """repr() shows when the next request is sent, whichever it is."""
    async with waiter(dds) as w:
        for _ in range(30):
            w.track(dds.add_job(seconds=5000))
        await asyncio.sleep(100)
        for _ in range(5):
            before = counted(dds)
            delay = float(repr(w).partition("next request in ")[2].removesuffix(" s>"))
            await asyncio.sleep(delay - 0.2)
            assert counted(dds) == before
            await asyncio.sleep(0.4)
            assert counted(dds) > before
        await w.close()


async def test_list_never_ends_a_wait(dds: Simulator) -> None:
    """Every job ends by the reply to its own job poll."""
    ids = [dds.add_job(seconds=100) for _ in range(20)]
    async with waiter(dds) as w:
        await w.wait_all(ids)
    asked = {seen.job_id for seen in dds.requests if seen.path.startswith("/v3/")}
    assert asked == set(ids)


@pytest.mark.parametrize("refusal", ["may_list", "has_lists"])
async def test_refused_once_is_refused_for_good(dds: Simulator, refusal: str) -> None:
    """After a 403, or a 404 of a partner cloud, only job polls are sent; one event says so."""
    setattr(dds, refusal, False)
    ids = [dds.add_job(seconds=300) for _ in range(20)]
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert sum(isinstance(each, ListRefused) for each in events) == 1
    assert counted(dds)[0] == 1


async def test_list_that_lags_loses_no_job(dds: Simulator) -> None:
    """A list that is minutes behind: every job ends, and the number of its polls is limited."""
    dds.list_lag = 400.0
    ids = [dds.add_job(seconds=200) for _ in range(30)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert max(outcome.waited for outcome in outcomes) < 200 + 330
    assert counted(dds)[1] < 30 * 40


async def test_other_peoples_tasks_do_not_matter(dds: Simulator) -> None:
    """Three pages of foreign tasks: no job is lost; lists are used where they save requests."""
    for _ in range(250):
        dds.add_job(seconds=10_000)
    ids = [dds.add_job(seconds=300 + number) for number in range(20)]
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
        assert w._engine.running()._scheduler.durations.count("Create_MongoDB") == 31
    assert counted(dds)[0] == 1


async def test_known_durations_are_not_requested(dds: Simulator) -> None:
    """With durations of the name known, no list is requested."""
    durations = Durations()
    for number in range(5):
        durations.add("Create_MongoDB", str(number), 300.0)
    async with waiter(dds, durations=durations) as w:
        await w.wait(dds.add_job(seconds=300))
    assert counted(dds)[0] == 0
    assert durations.count("Create_MongoDB") == 6


async def test_list_of_past_jobs_is_requested_for_an_unknown_name(dds: Simulator) -> None:
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


async def test_token_that_ends_is_noticed_by_a_list_too(dds: Simulator) -> None:
    """A 401 to a list request refuses all, as one to a job poll does."""
    ids = [dds.add_job(seconds=3000) for _ in range(50)]
    async with waiter(dds) as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(60)
        dds.revoke_all()
        outcomes = await waiting
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert dds.statuses[401] <= 2


async def test_learned_limit_is_kept(dds: Simulator) -> None:
    """Under 40 requests a minute: one 429, the one that taught it, and every job ends."""
    for fixed in (False, True):
        dds.limits.clear()
        dds.limit(40, 60.0, fixed=fixed)
        dds.statuses.clear()
        ids = [dds.add_job(seconds=100 + number) for number in range(60)]
        async with waiter(dds, timeout=4 * 3600) as w:
            w._engine.running()._scheduler.lists = False
            outcomes = await w.wait_all(ids)
        assert all(outcome.ok for outcome in outcomes)
        assert dds.statuses[429] <= 1


async def test_no_second_exceeds_the_rate_limit(dds: Simulator) -> None:
    """Two hundred jobs at once do not poll in step: ten requests in any second at the most."""
    for _ in range(200):
        dds.add_job(seconds=60)
    async with waiter(dds) as w:
        await w.wait_all(list(dds.plans))
        assert "requests of 10/1 s" in repr(w)
    at = sorted(seen.at for seen in dds.requests)
    assert max(sum(begin <= each < begin + 0.999 for each in at) for begin in at) <= 10


async def test_lists_that_cost_more_than_they_save_are_left_alone(dds: Simulator) -> None:
    """8 jobs amid a thousand foreign tasks: hardly a page, until the foreign ones are gone."""
    for _ in range(500):
        dds.add_job(seconds=900)
    ids = [dds.add_job(seconds=3000) for _ in range(8)]
    for _ in range(500):
        dds.add_job(seconds=900)
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


async def test_page_that_shows_all_is_enough(dds: Simulator) -> None:
    """8 jobs before a thousand foreign tasks: one page of eleven takes the place of eight polls."""
    for _ in range(1000):
        dds.add_job(seconds=1e6)
    ids = [dds.add_job(seconds=3000) for _ in range(8)]
    async with waiter(dds) as w:
        for each in ids:
            w.track(each)
        await asyncio.sleep(100)
        before = counted(dds)
        await asyncio.sleep(150)
        lists, singles = counted(dds)
        assert 8 < lists - before[0] < 30
        assert singles == before[1]
        await w.close()


@pytest.mark.parametrize("total", [-1, 0, 10**400], ids=["negative", "zero", "huge"])
async def test_total_may_be_any_number(
    dds: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    total: int,
) -> None:
    """Each list serves as before, and no reply is a surprise, even under a limit."""
    read = SERVICE.read_list

    def read_lie(status: int, headers: Any, body: bytes) -> JobPage | Problem:
        document = json.loads(body)
        if "total_count" in document:
            document["total_count"] = total
        return read(status, headers, json.dumps(document).encode())

    monkeypatch.setattr(SERVICE, "read_list", read_lie)
    ids = [dds.add_job(seconds=100 + number) for number in range(30)]
    async with waiter(dds) as w:
        for each in ids:
            w.track(each)
        await asyncio.sleep(20)
        dds.limit(60, 60.0)
        await w.wait_all(ids)
    assert counted(dds)[0] > 4
    assert "reply_not_understood" not in caplog.text


@pytest.mark.parametrize("others", [0, 100])
async def test_wrong_total_delays_no_job(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """A billion tasks, always the same page: the jobs end as early as without lists.

    If the page shows others only, it is requested again once in some minutes.
    """
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
    for _ in range(others):
        dds.add_job(seconds=1e6)
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids)
    assert max(each.waited - 100 - number for number, each in enumerate(outcomes)) < 20
    if others:
        assert counted(dds)[0] <= 4


async def test_retry_after_of_a_list_is_honoured(dds: Simulator) -> None:
    """No list is requested for as long as the server asks; job polls go on."""
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
