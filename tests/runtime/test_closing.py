"""ddswait.runtime.engine: closing from every place, in every way, with any code under way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ddswait import Lease, Outcome, Token, Waiter
from ddswait.events import Event, Visible
from ddswait.runtime.tasks import LIMIT
from ddswait.simulator import Simulator
from tests.runtime.waiters import now, own_tasks, waiter


async def call_in_callback(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    async def callback(_: Outcome) -> None:
        await close()
        done.append("callback")

    done: list[str] = []
    w.track(dds.add_job(seconds=5), callback=callback)
    await asyncio.sleep(20)
    assert done == ["callback"]


async def call_in_callback_by_a_task(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    async def nested() -> None:
        await asyncio.wait_for(asyncio.ensure_future(close()), 100)

    await call_in_callback(w, dds, nested)


async def call_in_hook(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    tasks: list[asyncio.Future[Any]] = []
    hooks[w] = lambda event: (
        tasks.append(asyncio.ensure_future(close())) if isinstance(event, Visible) else None
    )
    w.track(dds.add_job(seconds=5))
    await asyncio.sleep(20)
    assert [task.done() for task in tasks] == [True]


async def call_in_plain_callback(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    tasks: list[asyncio.Future[Any]] = []
    w.track(dds.add_job(seconds=5), callback=lambda _: tasks.append(asyncio.ensure_future(close())))
    await asyncio.sleep(20)
    assert [task.done() for task in tasks] == [True]


async def call_in_block(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    await close()


async def call_in_other_task(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    await asyncio.ensure_future(close())


async def call_in_done_callback(w: Waiter, dds: Simulator, close: Callable[[], Any]) -> None:
    tasks: list[asyncio.Future[Any]] = []
    future = w.track(dds.add_job(seconds=5))
    future.add_done_callback(lambda _: tasks.append(asyncio.ensure_future(close())))
    await asyncio.sleep(20)
    assert [task.done() for task in tasks] == [True]


PLACES = [
    call_in_block,
    call_in_other_task,
    call_in_callback,
    call_in_callback_by_a_task,
    call_in_plain_callback,
    call_in_done_callback,
    call_in_hook,
]
hooks: dict[Waiter, Callable[[Event], object]] = {}


async def once(w: Waiter) -> None:
    await w.close()


async def twice(w: Waiter) -> None:
    await w.close()
    await w.close()


async def at_the_same_time(w: Waiter) -> None:
    await asyncio.gather(w.close(), w.close(), w.close())


async def cancelled_in_the_middle(w: Waiter) -> None:
    task = asyncio.ensure_future(w.close())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert "not running" in repr(w)
    assert task.cancelled()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", [once, twice, at_the_same_time, cancelled_in_the_middle])
async def test_closing_from_anywhere_releases_everything(
    dds: Simulator, place: Any, way: Callable[[Waiter], Awaitable[None]]
) -> None:
    """Wherever close() is called, however often, it returns and leaves nothing behind."""

    def hook(event: Event) -> None:
        hooks[w](event)

    w = waiter(dds, on_event=hook)
    hooks[w] = lambda _: None
    before = set(asyncio.all_tasks())
    called: list[str] = []

    async def endless(_: Outcome) -> None:
        called.append("begun")
        await asyncio.sleep(1e6)

    async with asyncio.timeout(1000):
        async with w:
            pending = w.track(dds.add_job(seconds=5000), callback=lambda _: called.append("x"))
            other = w.track(dds.add_job(seconds=1), callback=endless)
            await asyncio.wait([other])
            began = now()
            await place(w, dds, lambda: way(w))
            assert pending.cancelled()
            assert "not running" in repr(w)
            assert {task for task in asyncio.all_tasks() - before if "dds" in task.get_name()} <= {
                asyncio.current_task()
            }
            assert now() - began <= 21
    assert called == ["begun"]
    hooks[w] = lambda _: None
    async with w:
        assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"


async def test_callback_that_closes_while_the_block_is_left(dds: Simulator) -> None:
    """A callback may close the waiter while the block waits, and goes on afterwards."""
    done: list[str] = []

    async def callback(_: Outcome) -> None:
        await w.close()
        await asyncio.sleep(50)
        done.append("callback")

    async with waiter(dds) as w:
        future = w.track(dds.add_job())
        w.track(dds.add_job(seconds=5), callback=callback)
    assert done == ["callback"]
    assert future.cancelled()


async def test_callbacks_that_close_together_wait_for_each_other(dds: Simulator) -> None:
    """Several callbacks may call close(), one of them while it is cancelled."""
    done: list[int] = []

    def closing(number: int) -> Any:
        async def callback(_: Outcome) -> None:
            try:
                await asyncio.sleep(number)
            finally:
                await w.close()
                done.append(number)

        return callback

    job_id = dds.add_job(seconds=5)
    async with waiter(dds) as w:
        for number in (1, 2, 1, 1000):
            w.track(job_id, callback=closing(number))
    assert sorted(done) == [1, 1, 2, 1000]


async def test_callback_of_an_ended_wait_is_called_although_the_waiter_closes(
    dds: Simulator,
) -> None:
    """A wait that has ended before the waiter closes has its callback called, and begun."""
    called: list[str] = []

    async def slow(_: Outcome) -> None:
        called.append("async")
        await asyncio.sleep(100)
        called.append("not cancelled")

    job_id = dds.add_job(seconds=5)
    async with waiter(dds) as w:
        w.track(job_id, callback=slow)
        future = w.track(job_id, callback=lambda _: called.append("plain"))
        future.add_done_callback(lambda _: asyncio.ensure_future(w.close()))
        await asyncio.wait([future])
        await w.close()
        assert sorted(called) == ["async", "plain"]
    assert sorted(called) == ["async", "plain"]


async def test_provider_may_close_the_waiter(dds: Simulator) -> None:
    """A credential provider that calls close() neither deadlocks nor stays behind."""

    class Provider:
        async def obtain(self, send: Any) -> Lease:
            await w.close()
            return Lease(Token(dds.token))

    async with waiter(dds, auth=Provider()) as w:
        future = w.track("x")
        await asyncio.wait([future])
        assert future.cancelled()
        began = now()
    assert now() - began <= 1


@pytest.mark.parametrize("place", ["provider", "callback"])
@pytest.mark.parametrize("leaves", [False, True])
async def test_closing_is_bounded_in_time(
    dds: Simulator, place: str, leaves: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Code of an application that swallows its cancellation holds close() up for seconds only."""
    over = asyncio.Event()

    async def endless(*_: Any) -> Any:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    class Provider:
        obtain = staticmethod(endless)

    auth = Provider() if place == "provider" else None
    w = waiter(dds, auth=auth)
    await w.__aenter__()
    future = w.track(dds.add_job(seconds=1), callback=endless)
    await asyncio.sleep(60)  # the job has ended, and a poll has seen it
    began = now()
    await (w.__aexit__(LookupError, None, None) if leaves else w.close())
    assert now() - began <= LIMIT
    assert future.done()
    assert "not running" in repr(w)
    assert any(text.startswith("ddswait.tasks_left") for text in caplog.messages)
    over.set()
    await asyncio.sleep(1)
    if place == "callback":
        async with w:
            assert (await w.wait(dds.add_job(seconds=5))).status == "Completed"


async def test_closing_waits_for_a_provider_that_needs_a_second_cancellation(
    dds: Simulator,
) -> None:
    """A task that swallows one cancellation is cancelled again, a second later."""

    class Provider:
        async def obtain(self, send: Any) -> Lease:
            try:
                await asyncio.sleep(1e6)
            except asyncio.CancelledError:
                await asyncio.sleep(1e6)
            raise AssertionError

    w = waiter(dds, auth=Provider())
    async with w:
        w.track("x")
        await asyncio.sleep(1)
        began = now()
        await w.close()
        assert 1.0 <= now() - began <= 1.5


async def test_cancelling_every_task_ends_a_block_like_any_other_exception(
    dds: Simulator,
) -> None:
    """An application that cancels all tasks, those of ddswait too, leaves nothing behind."""
    futures: list[asyncio.Future[Any]] = []

    async def use() -> None:
        async with waiter(dds) as w:
            futures.extend(w.track(dds.add_job()) for _ in range(50))
            await asyncio.sleep(1e6)

    for turns in range(6):
        task = asyncio.ensure_future(use())
        await asyncio.sleep(20)
        before = {each for each in asyncio.all_tasks() if each.get_name().startswith("ddswait")}
        for each in (*before, task):
            each.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
            for each in asyncio.all_tasks() - {asyncio.current_task()}:
                if each.get_name().startswith("ddswait closing"):
                    each.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert own_tasks() == []
    assert all(future.cancelled() for future in futures)


async def test_callback_that_is_cancelled_before_it_begins_begins_all_the_same(
    dds: Simulator,
) -> None:
    """An application that cancels all tasks cannot cancel a callback before its first step."""
    called: list[str] = []

    async def callback(_: Outcome) -> None:
        called.append("begun")

    def cancel() -> None:
        for task in asyncio.all_tasks():
            if task.get_name().startswith("ddswait callback"):
                task.cancel()
                called.append("cancelled")

    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=5), callback=callback)
        await asyncio.wait([future])
        for _ in range(3):
            cancel()
            await asyncio.sleep(0)
    assert called[0] == "cancelled"
    assert called.count("begun") == 1


async def test_wait_that_was_lost_in_a_defect_fails(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait that the scheduler forgot while it raised gets that error; others go on."""
    async with waiter(dds) as w:
        scheduler = w._engine.running()._scheduler
        take, subscribers = scheduler.take, scheduler.subscribers
        lost = w.track(dds.add_job(seconds=5))
        errors = [OverflowError("x")]

        def forget(*arguments: Any) -> Any:
            if errors:
                subscribers.unsubscribe(lost.job_id, lost)
                raise errors.pop()
            return take(*arguments)

        monkeypatch.setattr(scheduler, "take", forget)
        other = w.track(dds.add_job(seconds=5))
        with pytest.raises(OverflowError):
            await lost
        assert (await other).status == "Completed"


async def test_broken_waiter_fails_its_waits_before_it_logs(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When ddswait itself breaks, every wait has its error before the log is written."""
    done: list[bool] = []

    def note(record: logging.LogRecord) -> bool:
        if record.getMessage().startswith("ddswait.broken"):
            done.append(future.done())
        raise LookupError

    monkeypatch.setattr(logging.getLogger("ddswait"), "filters", [note])
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=5))
        await asyncio.sleep(0)
        monkeypatch.setattr(w._engine.running()._scheduler, "take", lambda *_: next(iter(())))
        with pytest.raises(RuntimeError, match="StopIteration"):
            await future
    assert done == [True]
