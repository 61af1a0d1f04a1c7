"""ddswait.waiter: a defect, a bad argument or a callback that raises leaves no wait hanging."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

import ddswait
from ddswait import Waiter
from ddswait.simulator import Simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=3.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    auth = ddswait.Token(settings.pop("token", dds.token))
    return Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth, **settings)


async def test_leaving_normally_waits_for_the_rest(dds: Simulator) -> None:
    """The block ends when everything that was tracked has ended, as a task group does."""
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=300))
    assert future.result().status == "Completed"
    with pytest.raises(ddswait.WaiterClosed):
        w.track("late")


async def test_leaving_by_an_exception_cancels_everything(dds: Simulator) -> None:
    """An exception cancels what is pending; no task is left, and no connection."""
    before = asyncio.all_tasks()
    futures: list[asyncio.Future[ddswait.Job]] = []

    async def provision() -> None:
        async with waiter(dds) as w:
            futures.extend(w.track(dds.add_job()) for _ in range(20))
            await asyncio.sleep(10)
            raise LookupError

    with pytest.raises(LookupError):
        await provision()
    assert all(future.cancelled() for future in futures)
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - before if "ddswait" in task.get_name()}
    assert left == set()


async def test_unretrieved_failure_causes_no_warning(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A failed future whose result nobody reads makes asyncio log nothing."""
    async with waiter(dds) as w:
        w.track(dds.add_job(seconds=5, fails="x"))
    del w
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


@pytest.mark.parametrize("job_id", ["", "a b", "a\n", "\x1b[0m", "x" * 257, None, 7])
async def test_bad_ids_are_refused_by_name_before_anything_is_sent(
    dds: Simulator, job_id: Any
) -> None:
    """An ID that cannot be one raises InputError, and nothing is polled."""
    async with waiter(dds) as w:
        with pytest.raises(ddswait.InputError):
            w.track(job_id)
        with pytest.raises(ddswait.InputError):
            await w.wait_all(["fine", job_id])
    assert not dds.requests


@pytest.mark.parametrize("jobs", ["one-id", b"one-id", None, {"orders": None}, 7])
async def test_group_that_holds_no_ids_is_refused_before_anything_is_sent(
    dds: Simulator, jobs: Any
) -> None:
    """A string is not a list of job IDs: its letters are not polled."""
    async with waiter(dds) as w:
        with pytest.raises(ddswait.InputError):
            await w.wait_all(jobs)
        with pytest.raises(ddswait.InputError):
            w.as_completed(jobs)
        assert w.pending() == []
    assert not dds.requests


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 10), ("rate", None), ("connections", "5"), ("connections", 2.5), ("on_event", "x")],
)
async def test_setting_of_another_type_is_refused_by_name(
    dds: Simulator, name: str, value: object
) -> None:
    """A wrong type is an invalid value like any other: InputError, which quotes it."""
    with pytest.raises(ddswait.InputError, match=rf"{name}.* {value!r}"):
        waiter(dds, **{name: value})


async def test_hook_that_nobody_would_await_is_refused(dds: Simulator) -> None:
    """A coroutine function as a hook would never run."""

    async def hook(event: object) -> None: ...

    with pytest.raises(ddswait.InputError, match=r"on_event.* give a plain function"):
        waiter(dds, on_event=hook)


async def test_callback_that_cannot_be_called_is_refused_at_once(dds: Simulator) -> None:
    """Not an hour later, when the job has ended."""
    nothing: Any = "print"
    async with waiter(dds) as w:
        with pytest.raises(ddswait.InputError, match=r"callback.* 'print'"):
            w.track("a", callback=nothing)
        with pytest.raises(ddswait.InputError, match=r"callback.* 'print'"):
            w.track_instance("a", callback=nothing)
        assert w.pending() == []


@pytest.mark.parametrize("name", ["timeout", "grace", "interval", "unreachable_after"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 10**400, "5", None])
async def test_bad_numbers_are_refused_by_name(dds: Simulator, name: str, value: object) -> None:
    """A number of seconds that is not positive and finite is refused by its name."""
    if value is None and name == "unreachable_after":
        value = [None]  # None stands for the default
    with pytest.raises(ddswait.InputError, match=name):
        waiter(dds, **{name: value})


async def test_a_defect_fails_the_waits_instead_of_hanging(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a worker breaks down, every wait raises that error."""
    async with waiter(dds) as w:
        future = w.track(dds.add_job(visible_after=0))
        await asyncio.sleep(0)
        monkeypatch.setattr(w._engine.running()._scheduler, "take", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await future
        with pytest.raises(ddswait.WaiterClosed):
            w.track("more")


@pytest.mark.parametrize("defect", ["next", "expire"])
async def test_a_defect_in_a_timer_fails_the_waits_too(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch, defect: str
) -> None:
    """What a timer raises is not only logged: every wait raises it, also in a group."""
    ids = [dds.add_job(visible_after=0) for _ in range(20)]
    async with waiter(dds, rate="1/s") as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(1)
        monkeypatch.setattr(w._engine.running()._scheduler, defect, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(waiting, 100)


async def test_a_defect_while_cutting_fails_the_waits_too(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in the timer that cuts requests fails the waits too."""
    dds.inject("stall", count=None, seconds=10_000)
    async with waiter(dds, request_timeout=5) as w:
        future = w.track(dds.add_job(visible_after=0))
        await asyncio.sleep(1)
        assert w._engine.running()._workers is not None
        monkeypatch.setattr(w._engine.running()._workers, "recheck_cuts", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(future, 100)


async def test_closing_while_a_poll_is_cut_leaves_no_worker(dds: Simulator) -> None:
    """A worker whose poll is cut in the very moment of closing ends nevertheless."""
    dds.inject("stall", count=None, seconds=10_000)
    async with waiter(dds, request_timeout=5) as w:
        w.track(dds.add_job(visible_after=0))
        await asyncio.sleep(1)
        assert w._engine.running()._workers is not None
        for worker in w._engine.running()._workers._workers:
            worker.cut()
        await asyncio.wait_for(w.close(), timeout=60)
        assert "not running" in repr(w)


async def test_task_factory_of_the_application_changes_nothing(dds: Simulator) -> None:
    """Where the event loop begins new tasks at once, waits and callbacks go on as ever."""
    called: list[str] = []

    async def callback(outcome: ddswait.Outcome) -> None:
        called.append(outcome.kind)

    # Python 3.11 has no eager tasks.
    factory = getattr(asyncio, "eager_task_factory", None)
    asyncio.get_running_loop().set_task_factory(factory)
    async with waiter(dds) as w:
        ids = [dds.add_job(seconds=20), dds.add_job(seconds=90, fails="x")]
        for job_id in ids:
            w.track(job_id, callback=callback)
        outcomes = await w.wait_all(ids)
    assert called == [outcome.kind for outcome in outcomes] == ["completed", "failed"]
