"""ddswait.runtime.channel: waiters of one event loop share what there is one of."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from weakref import ref

import pytest
import pytest_asyncio

import ddswait.waiter
from ddswait import Password, Token, Waiter, events, virtual_time
from ddswait.credentials.provider import Lease
from ddswait.errors import JobNotFound, Refused
from ddswait.runtime import block
from ddswait.service.replies import JobSeen
from ddswait.simulator import Simulator
from tests.runtime.waiters import now, own_tasks, waiter

REQUEST: ContextVar[str] = ContextVar("request", default="nobody's")


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def password(dds: Simulator, **settings: Any) -> Waiter:
    user = (dds.user, dds.password, dds.domain)
    auth = Password(*user, region=dds.region, iam_endpoint=dds.endpoint)
    return Waiter(endpoint=dds.endpoint, auth=auth, **settings)


def channel(w: Waiter) -> object:
    return w._engine.running()._channel


def tokens_made(dds: Simulator) -> int:
    return sum(seen.path == "/v3/auth/tokens" for seen in dds.requests)


def lists(dds: Simulator) -> int:
    return sum(seen.job_id is None and seen.path.endswith("/jobs") for seen in dds.requests)


# ---- what is shared


async def test_ten_waiters_keep_one_limit(dds: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten waiters with ten jobs each are refused once, as one with a hundred is."""
    chance = random.Random(1)  # the silence after a 429 is random, and so is the lateness
    monkeypatch.setattr(ddswait.waiter, "Random", lambda: chance)
    monkeypatch.setattr(block, "random", SimpleNamespace(Random=lambda: chance))
    dds.limit(60, 60)
    late: list[float] = []

    async def wait_for_ten(number: int) -> None:
        async with waiter(dds) as w:
            seconds = [60 + 24 * each + number for each in range(10)]
            ends = {dds.add_job(seconds=each): now() + each for each in seconds}
            async for outcome in w.as_completed(list(ends)):
                assert outcome.ok
                late.append(now() - ends[outcome.job_id])

    await asyncio.gather(*map(wait_for_ten, range(10)))
    assert dds.statuses[429] == 1
    assert len(late) == 100
    assert sum(late) / 100 < 8


async def test_one_list_serves_the_jobs_of_all(dds: Simulator) -> None:
    """Two waiters request hardly more lists than one that waits for the same jobs."""
    counts = []
    for waiters in (1, 2):
        before = lists(dds)
        async with AsyncExitStack() as stack:
            for _ in range(waiters):
                w = await stack.enter_async_context(waiter(dds))
                for _ in range(40 // waiters):
                    w.track(dds.add_job(seconds=300))
        counts.append(lists(dds) - before)
    assert counts[0] > 10
    assert counts[1] <= 1.2 * counts[0]


async def test_one_renewal_serves_all(dds: Simulator) -> None:
    """Three waiters with the same password make as many tokens as one."""
    dds.token_seconds = 3600.0
    counts = []
    for waiters in (1, 3):
        before = tokens_made(dds)
        async with AsyncExitStack() as stack:
            for _ in range(waiters):
                w = await stack.enter_async_context(password(dds, interval=60))
                w.track(dds.add_job(seconds=7200), timeout=9000)
        counts.append(tokens_made(dds) - before)
    assert dds.statuses[401] == 0
    assert counts[0] == counts[1] > 1


async def test_refused_credentials_end_the_waits_of_all(dds: Simulator) -> None:
    """A token that is refused is tried by one waiter, and the others hear of it."""
    async with waiter(dds) as a, waiter(dds) as b:
        assert channel(a) is channel(b)
        futures = [a.track(dds.add_job(seconds=600)), b.track(dds.add_job(seconds=600))]
        await asyncio.sleep(30)
        dds.inject("error", count=None, status=401)
        await asyncio.wait(futures)
    assert all(isinstance(future.exception(), Refused) for future in futures)
    assert dds.statuses[401] == 1


async def test_failed_renewal_is_told_to_all(dds: Simulator) -> None:
    """Each waiter reports it, and none waits longer than it said."""
    told: dict[str, list[events.Event]] = {"a": [], "b": []}
    dds.inject("error", count=None, status=503)
    async with (
        password(dds, on_event=told["a"].append, unreachable_after=30) as a,
        password(dds, on_event=told["b"].append, unreachable_after=90) as b,
    ):
        first, second, began = a.track("x"), b.track("y"), now()
        await asyncio.wait([first])
        assert 30 <= now() - began <= 45
        await asyncio.wait([second])
        assert 90 <= now() - began <= 110
    failed = {
        name: [each.cause for each in seen if isinstance(each, events.RenewalFailed)]
        for name, seen in told.items()
    }
    assert failed["a"]
    assert failed["a"] == failed["b"][: len(failed["a"])]


# ---- what is not


async def test_grace_is_the_waits_own(dds: Simulator) -> None:
    """Two waiters wait for an ID that nobody knows: each ends when its own grace is over."""
    async with waiter(dds, grace=5) as a, waiter(dds, grace=40) as b:
        assert channel(a) is channel(b)
        began, ended = now(), []
        for w in (a, b):
            w.track("typo").add_done_callback(lambda future: ended.append((now() - began, future)))
    (first, early), (second, late) = ended
    assert 5 <= first < 7
    assert 40 <= second < 42
    assert isinstance(early.exception(), JobNotFound)
    assert isinstance(late.exception(), JobNotFound)


async def test_interval_is_the_waits_own(dds: Simulator) -> None:
    """One waiter polls about every two seconds, the other about every thirty."""
    often, seldom = dds.add_job(seconds=300), dds.add_job(seconds=300)
    async with waiter(dds, interval=2) as a, waiter(dds, interval=30) as b:
        a.track(often)
        b.track(seldom)
    assert dds.polls[often] > 4 * dds.polls[seldom]


async def test_same_job_is_polled_for_each_waiter(dds: Simulator) -> None:
    """Two waiters of one job have polls of their own, with settings of their own."""
    job_id = dds.add_job(seconds=100)
    async with waiter(dds) as a, waiter(dds) as b:
        jobs = await asyncio.gather(a.wait(job_id), b.wait(job_id))
    assert [job.status for job in jobs] == ["Completed", "Completed"]


async def test_events_pending_and_status_are_the_waiters_own(dds: Simulator) -> None:
    """A waiter hears of its own jobs and lists them, and knows nothing of those of others."""
    told: dict[str, set[str]] = {"a": set(), "b": set()}
    first, second = dds.add_job(seconds=100), dds.add_job(seconds=100)
    async with (
        waiter(dds, on_event=lambda event: told["a"].add(event.job_id)) as a,
        waiter(dds, on_event=lambda event: told["b"].add(event.job_id)) as b,
    ):
        a.track(first)
        b.track(second)
        await asyncio.sleep(50)
        assert [each.job_id for each in a.pending()] == [first]
        assert [each.job_id for each in b.pending()] == [second]
        assert a.status(first) is not None
        assert a.status(second) is None
    assert told == {"a": {first}, "b": {second}}


async def test_lines_and_hooks_run_in_the_context_of_whoever_asked(dds: Simulator) -> None:
    """Whichever waiter's request has brought a record, the context is that of its wait."""
    seen: dict[str, set[str]] = {}

    def note(event: events.Event) -> None:
        seen.setdefault(event.job_id, set()).add(REQUEST.get())

    async def wait(name: str) -> str:
        REQUEST.set(name)
        job_id = dds.add_job(seconds=100)
        async with waiter(dds, on_event=note) as w:
            await w.wait(job_id)
        return job_id

    jobs = await asyncio.gather(*(wait(name) for name in "abc"))
    assert seen == {job_id: {name} for job_id, name in zip(jobs, "abc", strict=True)}


async def test_callback_that_closes_its_waiter_closes_no_other(dds: Simulator) -> None:
    """A callback may do what it likes to its own waiter."""
    closed: list[float] = []

    async def close(_: object) -> None:
        await a.close()
        closed.append(now())

    async with waiter(dds) as b:
        async with waiter(dds) as a:
            a.track(dds.add_job(seconds=20), callback=close)
            a.track(dds.add_job(seconds=500))
        assert closed
        assert (await b.wait(dds.add_job(seconds=20))).status == "Completed"
    assert own_tasks() == []


# ---- entering and leaving


@pytest.mark.parametrize("leaver", [0, 1])
async def test_closing_one_leaves_the_others_untouched(dds: Simulator, leaver: int) -> None:
    """Whether the first one or a later one leaves: the other's wait goes on, and ends in time."""
    job_id = dds.add_job(seconds=300)
    pair = [waiter(dds), waiter(dds)]
    async with pair[1 - leaver] as stays:
        async with pair[leaver] as leaves:
            assert channel(stays) is channel(leaves)
            left_behind = dds.add_job(seconds=1000)
            gone = leaves.track(left_behind)
            kept, began = stays.track(job_id), now()
            await asyncio.sleep(100)
            await leaves.close()
            polls = dds.polls[left_behind]
        assert gone.cancelled()
        assert (await kept).status == "Completed"
        assert now() - began < 330
        assert dds.polls[left_behind] == polls > 0
    assert own_tasks() == []


async def test_last_one_out_closes_the_connections(dds: Simulator) -> None:
    """The connections are open until nobody uses them, and closed then."""
    async with AsyncExitStack() as stack:
        a, b = waiter(dds), waiter(dds)
        await stack.enter_async_context(b)
        async with a:
            transport = a._engine.running()._channel.client._transport
            await a.wait(dds.add_job(seconds=1))
        assert transport._session is not None
        assert own_tasks()
        await b.wait(dds.add_job(seconds=1))
        assert transport._session is not None
    assert transport._session is None
    assert own_tasks() == []


async def test_waiter_that_is_entered_again_shares_again(dds: Simulator) -> None:
    """Whoever has left may come back, and joins those that have stayed."""
    a, b = waiter(dds), waiter(dds)
    async with a:
        async with b:
            await b.wait(dds.add_job(seconds=5))
        async with b:
            assert channel(a) is channel(b)
            await b.wait(dds.add_job(seconds=5))
    async with b:
        await b.wait(dds.add_job(seconds=5))


@pytest.mark.parametrize("first", [0, 1])
async def test_whoever_leaves_takes_along_what_was_learned(dds: Simulator, first: int) -> None:
    """The limit that one waiter has met is known to each of them afterwards, wherever it goes."""
    dds.limit(20, 60)
    pair = [waiter(dds), waiter(dds)]
    async with pair[0], pair[1]:
        for w in pair:
            for _ in range(30):
                w.track(dds.add_job(seconds=60))
    met = dds.statuses[429]
    assert met
    await asyncio.sleep(200)
    async with pair[first] as w:
        for _ in range(30):
            w.track(dds.add_job(seconds=60))
    assert dds.statuses[429] == met


async def test_whoever_leaves_first_keeps_nothing_that_others_use(dds: Simulator) -> None:
    """It may be entered in another event loop, while the others go on; the last one keeps all."""
    a, b = waiter(dds), waiter(dds)
    async with b:
        async with a:
            shared = a._engine.running()._channel
            await a.wait(dds.add_job(seconds=1))
        assert a._engine._parts.client is not shared.client
        assert a._engine._parts.rate_limiter is not shared.rate_limiter
        assert a._engine._parts.rate_limiter.random is not shared.rate_limiter.random
    assert b._engine._parts.client is shared.client
    assert b._engine._parts.rate_limiter is shared.rate_limiter


async def test_one_that_leaves_in_the_middle_of_a_renewal_holds_nobody_back(
    dds: Simulator,
) -> None:
    """The renewal is for all: it goes on, and the other waits with its credentials."""

    class Slow:
        def __init__(self) -> None:
            self.obtained = 0

        async def obtain(self, _: object) -> Lease:
            self.obtained += 1
            await asyncio.sleep(10)
            return Lease(Token(dds.token), project_id=dds.project_id)

    provider = Slow()
    a, b = (Waiter(endpoint=dds.endpoint, auth=provider) for _ in range(2))
    async with b:
        async with a:
            a.track(dds.add_job(seconds=100))
            await asyncio.sleep(1)
            wait = b.track(dds.add_job(seconds=5))
            await a.close()
        began = now()
        assert (await wait).status == "Completed"
        assert now() - began < 25
    assert provider.obtained == 1


async def test_new_waiter_does_not_enter_a_channel_that_closes(dds: Simulator) -> None:
    """While the last one is closing, the next one begins anew, and is not cancelled."""
    a, b = waiter(dds), waiter(dds)
    await a.__aenter__()
    future = a.track(dds.add_job(seconds=500))
    await asyncio.sleep(1)
    closing = asyncio.ensure_future(a.close())
    await asyncio.sleep(0)
    async with b:
        assert (await b.wait(dds.add_job(seconds=5))).status == "Completed"
    await closing
    assert future.cancelled()


# ---- who is kept apart


@pytest.mark.parametrize(
    "settings", [{"shared": False}, {"rate": "5/s"}, {"connections": 3}, {"auth": Token("other")}]
)
async def test_different_settings_keep_waiters_apart(
    dds: Simulator, settings: dict[str, Any]
) -> None:
    """What belongs to the channel must be equal, and nobody is made to share."""
    async with waiter(dds) as a, waiter(dds, **settings) as b, waiter(dds) as c:
        assert channel(a) is channel(c) is not channel(b)


async def test_two_that_do_not_share_are_apart(dds: Simulator) -> None:
    """Not only from others, but from each other."""
    async with waiter(dds, shared=False) as a, waiter(dds, shared=False) as b:
        assert channel(a) is not channel(b)


@pytest.mark.parametrize(
    "settings",
    [{"grace": 5}, {"interval": 3}, {"timeout": 9}, {"unreachable_after": 99}, {"rate": "600/m"}],
)
async def test_settings_of_the_waits_may_differ(dds: Simulator, settings: dict[str, Any]) -> None:
    """They are those of each waiter; a rate must be the same number in the same time."""
    async with waiter(dds) as a, waiter(dds, **settings) as b:
        assert (channel(a) is channel(b)) == ("rate" not in settings)


def test_waiters_of_different_event_loops_are_apart() -> None:
    """The same waiters work in one event loop after the other."""

    async def one_after_the_other(pair: list[Waiter], dds: Simulator) -> None:
        async with pair[0] as a, pair[1] as b:
            assert channel(a) is channel(b)
            await asyncio.gather(*(w.wait(dds.add_job(seconds=5)) for w in pair))

    async def run(pair: list[Waiter]) -> None:
        async with Simulator(visible_after=0.0, port=port[0] if port else 0) as dds:
            port.append(int(dds.endpoint.rpartition(":")[2]))
            if not pair:
                pair += [waiter(dds), waiter(dds)]
            await one_after_the_other(pair, dds)

    port: list[int] = []
    pair: list[Waiter] = []
    for _ in range(2):
        virtual_time.run(run(pair))


def test_event_loop_that_is_abandoned_is_forgotten() -> None:
    """A program that never leaves its waiters keeps neither loop nor channel alive."""

    async def enter() -> ref[Any]:
        async with Simulator() as dds:
            w = waiter(dds)
            await w.__aenter__()
            return ref(w._engine.running()._channel)

    loop = virtual_time.VirtualTimeLoop()
    left = loop.run_until_complete(enter())
    loop.close()
    del loop
    gc.collect()
    assert left() is None


# ---- defects


async def test_defect_of_one_waiter_costs_no_other(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replies that one scheduler cannot take are failures of its own polls only."""
    async with waiter(dds) as a, waiter(dds) as b:
        broken, whole = a.track(dds.add_job(seconds=20)), b.track(dds.add_job(seconds=20))
        await asyncio.sleep(0)
        scheduler = a._engine.running()._scheduler
        take = scheduler.take

        def take_no_job(action: Any, reply: Any, at: float) -> Any:
            return 1 / 0 if isinstance(reply, JobSeen) else take(action, reply, at)

        monkeypatch.setattr(scheduler, "take", take_no_job)
        assert (await whole).status == "Completed"
        broken.cancel()
