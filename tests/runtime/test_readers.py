"""ddswait.runtime.readers: the progress of one job, for any number of readers."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

import ddswait
from ddswait.events import Ended, Event, PollFailed, Progressed, Visible
from ddswait.runtime.readers import LONGEST, JobEvents
from ddswait.simulator import Simulator
from tests.runtime.waiters import now, waiter


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


async def read(events: AsyncIterator[Event]) -> list[Event]:
    async with asyncio.timeout(100_000):  # of virtual time: a reader that does not end
        return [event async for event in events]


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_reader_sees_what_happens_to_its_job_and_ends_with_the_wait(dds: Simulator) -> None:
    """From the first record to the end; nothing of another job, nothing for debugging only."""
    job_id, other = dds.add_job(seconds=300), dds.add_job(seconds=300)
    dds.inject("error", status=502, count=1, job_id=job_id)
    async with waiter(dds, on_event=lambda _: None) as w:
        future = w.track(job_id, label="orders")
        w.track(other)
        seen = await read(w.events(job_id))
        assert future.done()
    assert kinds(seen)[:3] == ["PollFailed", "Visible", "Progressed"]
    assert isinstance(seen[-1], Ended)
    assert seen[-1].outcome.ok
    assert {type(event) for event in seen} == {PollFailed, Visible, Progressed, Ended}
    assert {(event.job_id, event.label) for event in seen} == {(job_id, "orders")}
    progress = [event.job.progress for event in seen if isinstance(event, Progressed)]
    assert progress == sorted(progress, key=lambda each: each or 101)


async def test_several_readers_each_see_everything_from_their_own_beginning(
    dds: Simulator,
) -> None:
    """A late reader begins late; each ends with the wait."""
    job_id = dds.add_job(seconds=300)
    async with waiter(dds) as w:
        w.track(job_id)
        first, second = (asyncio.ensure_future(read(w.events(job_id))) for _ in range(2))
        await asyncio.sleep(150)
        late = await read(w.events(job_id))
        assert await first == await second
    assert 1 < len(late) < len(first.result())
    assert first.result()[-len(late) :] == late


async def test_reader_goes_on_until_the_last_wait_ends(dds: Simulator) -> None:
    """A caller who times out, or cancels, ends it for nobody else; instances count too."""
    job_id = dds.add_job(seconds=300, instance_id="a" * 32 + "in02")
    async with waiter(dds) as w:
        w.track(job_id, timeout=30)
        w.track(job_id).cancel()
        w.track(job_id, ready=True)
        seen = await read(w.events(job_id))
    ends = [event for event in seen if isinstance(event, Ended)]
    assert [(str(end.outcome.kind), end.instance) for end in ends] == [
        ("timed_out", False),
        ("completed", False),
        ("completed", True),
    ]


async def test_cancelling_the_last_wait_ends_the_reading(dds: Simulator) -> None:
    """There is no last event then."""
    job_id = dds.add_job(seconds=300)
    async with waiter(dds) as w:
        future = w.track(job_id)
        reading = asyncio.ensure_future(read(w.events(job_id)))
        await asyncio.sleep(100)
        future.cancel()
        assert not [event for event in await reading if isinstance(event, Ended)]


async def test_closing_the_waiter_ends_every_reading_at_once(dds: Simulator) -> None:
    """So a service that shuts down waits for no reader."""
    job_id = dds.add_job(seconds=3000)
    async with waiter(dds) as w:
        w.track(job_id)
        readings = [asyncio.ensure_future(read(w.events(job_id))) for _ in range(3)]
        await asyncio.sleep(100)
        begin = now()
        await w.close()
        assert [bool(each) for each in await asyncio.gather(*readings)] == [True] * 3
        assert now() == begin


async def test_cancelled_reader_loses_no_event(dds: Simulator) -> None:
    """Whoever reads on after a timeout gets the next event, as if nothing had been cancelled."""
    job_id = dds.add_job(seconds=300)
    seen: list[Event] = []
    async with waiter(dds) as w:
        w.track(job_id)
        whole = asyncio.ensure_future(read(w.events(job_id)))
        events = w.events(job_id)
        while True:
            try:
                async with asyncio.timeout(0.7):
                    seen.append(await anext(events))
            except TimeoutError:
                continue
            except StopAsyncIteration:
                break
        assert seen == await whole


async def test_two_tasks_may_share_a_reader(dds: Simulator) -> None:
    """Each event goes to one of them, and both end."""
    job_id = dds.add_job(seconds=300)
    async with waiter(dds) as w:
        w.track(job_id)
        whole = asyncio.ensure_future(read(w.events(job_id)))
        events = w.events(job_id)
        parts = await asyncio.gather(read(events), read(events))
        assert sorted(map(str, [*parts[0], *parts[1]])) == sorted(map(str, await whole))


async def test_slow_reader_loses_the_oldest_events_and_not_the_end() -> None:
    """Its memory is bounded."""
    events = JobEvents()
    for number in range(10 * LONGEST):
        events.put(PollFailed("a", str(number), 1.0))
    events.close()
    causes = [event.cause for event in await read(events) if isinstance(event, PollFailed)]
    assert causes == [str(number) for number in range(9 * LONGEST, 10 * LONGEST)]
    assert await read(events) == []


async def test_reader_that_nobody_refers_to_is_forgotten(dds: Simulator) -> None:
    """Leaving the loop by `break` is enough."""
    job_id = dds.add_job(seconds=300)
    async with waiter(dds) as w:
        w.track(job_id)
        async for _ in w.events(job_id):
            break
        gc.collect()
        readers = w._engine.running().readers
        assert [len(each) for each in readers._readers.values()] == [0]
        await w.wait(job_id)
        assert not readers


@pytest.mark.parametrize("job_id", ["nobody", "", "a b"])
async def test_job_that_nobody_waits_for_has_no_events(dds: Simulator, job_id: str) -> None:
    """InputError at once: such a loop would wait for ever, or end without a word."""
    async with waiter(dds) as w:
        with pytest.raises(ddswait.InputError):
            w.events(job_id)
        ended = dds.add_job(seconds=0)
        await w.wait(ended)
        with pytest.raises(ddswait.InputError, match=r"nobody waits for job '.*': call track"):
            w.events(ended)
    with pytest.raises(ddswait.WaiterClosed):
        w.events(ended)


async def test_defect_is_raised_where_events_are_read(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes the end of a broken waiter for the end of a job."""
    job_id = dds.add_job(seconds=300)
    async with waiter(dds) as w:
        future = w.track(job_id)
        reading = asyncio.ensure_future(read(w.events(job_id)))
        await asyncio.sleep(100)
        monkeypatch.setattr(w._engine.running()._scheduler, "take", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await reading
        assert isinstance(future.exception(), ZeroDivisionError)


async def test_status_says_what_is_known_now(dds: Simulator) -> None:
    """A pending outcome with the last record, the seconds and the label; None when nobody waits."""
    job_id = dds.add_job(seconds=300, instance_id="a" * 32 + "in02")
    async with waiter(dds) as w:
        assert w.status(job_id) is None
        future = w.track(job_id, label="orders", ready=True)
        first = w.status(job_id)
        assert first is not None
        assert (str(first.kind), first.job, first.label) == ("pending", None, "orders")
        await asyncio.sleep(150)
        status = w.status(job_id)
        assert status is not None
        assert status.job is not None
        assert (status.job.status, status.label) == ("Running", "orders")
        assert 30 <= (status.job.progress or 0) <= 50
        assert status.waited == 150
        await asyncio.sleep(155)  # the job has ended, and its instance is not ready yet
        status = w.status(job_id)
        assert status is not None
        assert status.job is not None
        assert status.job.is_final
        await future
        assert w.status(job_id) is None
        with pytest.raises(ddswait.InputError):
            w.status("a b")
    assert w.status(job_id) is None
