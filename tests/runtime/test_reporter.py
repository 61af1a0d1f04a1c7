"""ddswait.runtime.reporter: logging and hooks of an application cost one call, and no wait."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import Any

import pytest
import pytest_asyncio
import structlog

import ddswait
from ddswait import Waiter, virtual_time
from ddswait.events import Ended, Event, Polled, PollFailed, Tracked, Visible
from ddswait.simulator import Simulator

REQUEST: ContextVar[str] = ContextVar("REQUEST", default="none")


class OddError(BaseException):
    """Not an `Exception`."""


ERRORS = [LookupError, OddError, asyncio.CancelledError, GeneratorExit, StopIteration]


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=3.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    auth = ddswait.Token(dds.token)
    return Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth, **settings)


async def everything_happens(w: Waiter, dds: Simulator) -> None:
    """Let jobs complete, fail, stall, be unknown and time out."""
    dds.inject("error", count=2, status=502)
    ids = [dds.add_job(seconds=20), dds.add_job(seconds=20, fails="x"), "unknown"]
    stalled = dds.add_job(seconds=500)
    dds.inject("stall", job_id=stalled, count=None, seconds=10_000)
    outcomes = await w.wait_all([*ids, stalled], timeout=90)
    assert [each.kind for each in outcomes] == ["completed", "failed", "not_found", "timed_out"]
    assert (await w.wait(dds.add_job(seconds=1), ready=True)).status == "Completed"


async def test_context_variable_named_like_an_attribute_of_records(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A context variable `name`, bound with structlog, harms no wait and is in the line."""
    caplog.set_level(logging.DEBUG)
    with structlog.contextvars.bound_contextvars(name="orders", msg=1, args=2):
        async with waiter(dds) as w:
            await everything_happens(w, dds)
    lines = [record.getMessage() for record in caplog.records if record.name == "ddswait"]
    assert len(lines) > 20
    assert all(" name=orders " in line for line in lines)


@pytest.mark.parametrize("error", ERRORS)
async def test_filter_that_raises_harms_no_wait(
    dds: Simulator, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a filter of the application raises, every wait ends as it would."""

    def raising(record: logging.LogRecord) -> bool:
        raise error

    logger = logging.getLogger("ddswait")
    monkeypatch.setattr(logger, "filters", [raising])
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with waiter(dds) as w:
        await everything_happens(w, dds)


@pytest.mark.parametrize("error", ERRORS)
async def test_hook_that_raises_harms_no_wait(
    dds: Simulator, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a hook raises, it gets every event, and every wait ends as it would."""
    seen: list[str] = []

    def hook(event: Event) -> None:
        seen.append(type(event).__name__)
        raise error

    async with waiter(dds, on_event=hook) as w:
        await everything_happens(w, dds)
    assert {"Tracked", "PollFailed", "Visible", "Polled", "Ended"} <= set(seen)
    failed = [text for text in caplog.messages if text.startswith("ddswait.on_event_failed")]
    assert len(failed) == len(seen)


async def test_tracking_is_reported_to_whoever_listens_when_the_waiter_is_entered(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A hook, or debug lines; else no job pays for an event that nobody hears."""
    hooks: list[tuple[int, Any, bool]] = [
        (logging.INFO, None, False),
        (logging.DEBUG, None, True),
        (logging.INFO, lambda _: None, True),
    ]
    for level, hook, reported in hooks:
        caplog.clear()
        caplog.set_level(level)
        async with waiter(dds, on_event=hook) as w:
            caplog.set_level(logging.DEBUG)
            await w.wait(dds.add_job(seconds=1))
        assert ("ddswait.job_tracked" in caplog.text) == reported
        assert "ddswait.job_visible" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("place", ["hook", "filter", "callback", "async callback"])
def test_end_of_the_program_ends_the_loop_and_no_wait(
    error: type[BaseException], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`KeyboardInterrupt` and `SystemExit` leave the loop; if it goes on, the waits go on."""
    raised: list[str] = []

    def once(*_: Any) -> bool:
        if not raised:
            raised.append(place)
            raise error
        return True

    async def later(_: ddswait.Outcome) -> None:
        once()

    def hook(event: Event) -> None:
        if isinstance(event, Visible):
            once()

    async def enter() -> tuple[Simulator, Waiter, asyncio.Future[Any]]:
        dds = await Simulator(visible_after=0.0).__aenter__()
        w = await waiter(dds, on_event=hook if place == "hook" else None).__aenter__()
        calls: dict[str, Any] = {"callback": once, "async callback": later}
        w.track(dds.add_job(seconds=1), callback=calls.get(place))
        return dds, w, w.track(dds.add_job(seconds=50))

    logger = logging.getLogger("ddswait")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    with asyncio.Runner(loop_factory=virtual_time.VirtualTimeLoop) as runner:
        dds, w, future = runner.run(enter())
        if place == "filter":
            monkeypatch.setattr(logger, "filters", [once])
        loop = runner.get_loop()
        too_late = loop.call_later(20, loop.stop)
        with pytest.raises(error):
            loop.run_forever()
        too_late.cancel()
        assert raised == [place]
        assert not future.done()

        async def finish() -> None:
            assert (await future).status == "Completed"
            await w.__aexit__(None, None, None)
            await dds.__aexit__(None, None, None)

        runner.run(finish())


async def test_waits_are_settled_before_anything_is_reported(dds: Simulator) -> None:
    """When a hook hears of an end, the future of that wait has its result."""
    done: list[bool] = []
    futures: list[ddswait.JobFuture] = []

    def hook(event: Event) -> None:
        if isinstance(event, Ended):
            done.extend(future.done() for future in futures)

    async with waiter(dds, on_event=hook) as w:
        job_id = dds.add_job(seconds=5)
        futures.extend(w.track(job_id) for _ in range(3))
    assert done == [True] * 3


async def test_hook_may_use_the_waiter(dds: Simulator) -> None:
    """A hook may track, cancel and close: what that brings about is reported after the event."""
    order: list[str] = []
    more: list[ddswait.JobFuture] = []

    def hook(event: Event) -> None:
        order.append(f"{type(event).__name__} {event.job_id[:4]}")
        if event == Tracked("first"):
            more.append(w.track("second"))
            more.append(w.track("third"))
            more.pop().cancel()
            order.append("hook returns")

    async with waiter(dds, on_event=hook, grace=5) as w:
        w.track("first")
        assert order[:4] == ["Tracked firs", "hook returns", "Tracked seco", "Tracked thir"]
    assert isinstance(more[0].exception(), ddswait.JobNotFound)
    assert not any("Ended thir" in each for each in order)


async def two_requests(
    dds: Simulator, w: Waiter, callback: Callable[[str], Callable[[ddswait.Outcome], Any]]
) -> dict[str, str]:
    """Let two requests wait for a job each, which end at the same times; return the IDs."""
    ids: dict[str, str] = {}

    async def request(name: str) -> None:
        REQUEST.set(name)
        structlog.contextvars.bind_contextvars(request_id=name)
        ids[name] = dds.add_job(seconds=30, fails="x", visible_after=0)
        future = w.track(ids[name], callback=callback(name), ready=name == "B")
        await asyncio.wait([future])
        await asyncio.sleep(20)

    await asyncio.gather(request("A"), request("B"))
    return ids


async def test_each_wait_speaks_in_the_context_of_its_caller(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Log lines, hooks and callbacks of a wait see the context variables of whoever asked."""
    caplog.set_level(logging.DEBUG, "ddswait")
    hooked: dict[str, set[str]] = {}
    polled: set[str] = set()
    called: list[tuple[str, str]] = []

    def hook(event: Event) -> None:
        hooked.setdefault(event.job_id, set()).add(REQUEST.get())
        if isinstance(event, Polled):
            polled.add(event.job_id)
        REQUEST.set("of the hook")  # which must not reach anybody else

    def callback(name: str) -> Callable[[ddswait.Outcome], Any]:
        async def later(_: ddswait.Outcome) -> None:
            await asyncio.sleep(1)
            called.append((name, REQUEST.get()))

        def at_once(_: ddswait.Outcome) -> None:
            called.append((name, REQUEST.get()))

        return later if name == "A" else at_once

    REQUEST.set("of the block")
    dds.inject("error", count=2, status=502)
    async with waiter(dds, on_event=hook) as w:
        ids = await two_requests(dds, w, callback)
    assert {name: hooked[job_id] for name, job_id in ids.items()} == {"A": {"A"}, "B": {"B"}}
    assert polled == set(ids.values())
    assert sorted(called) == [("A", "A"), ("B", "B")]
    lines = [record.getMessage() for record in caplog.records if record.name == "ddswait"]
    for name, job_id in ids.items():
        mine = [line for line in lines if job_id in line]
        assert len(mine) > 4
        assert all(f"request_id={name} " in line for line in mine)


async def test_what_concerns_no_job_speaks_in_the_context_of_the_block(
    dds: Simulator,
) -> None:
    """Renewals and lists belong to whoever entered the block, whoever made them necessary."""
    seen: set[str] = set()
    contexts: list[str] = []

    class Provider:
        async def obtain(self, send: Any) -> Any:
            contexts.append(REQUEST.get())
            if len(contexts) == 1:
                raise LookupError
            return ddswait.Lease(ddswait.Token(dds.token))

    def hook(event: Event) -> None:
        if not event.job_id:
            seen.add(REQUEST.get())

    REQUEST.set("of the block")
    async with Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Provider(), on_event=hook
    ) as w:
        REQUEST.set("of the caller")
        await w.wait(dds.add_job(seconds=5))
    assert seen == {"of the block"}
    assert contexts == ["of the block"] * 2


async def test_shared_job_speaks_in_the_context_of_its_first_caller(dds: Simulator) -> None:
    """The events of a job that two callers wait for come once, in the first caller's context."""
    seen: list[str] = []
    called: list[str] = []
    job_id = dds.add_job(seconds=30)

    async def request(name: str) -> None:
        REQUEST.set(name)
        w.track(job_id, callback=lambda _: called.append(REQUEST.get()))

    async with waiter(dds, on_event=lambda _: seen.append(REQUEST.get())) as w:
        await asyncio.ensure_future(request("A"))
        await asyncio.ensure_future(request("B"))
    assert set(seen) == {"A"}
    assert sorted(called) == ["A", "B"]


async def test_failed_poll_of_an_instance_speaks_as_that_of_a_job(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """One event and one line each, in its caller's context, with a job before it or without."""
    seen: list[tuple[str, PollFailed]] = []
    busy = "a" * 32 + "in02"
    dds.add_job(seconds=30, instance_id=busy)
    job_id = dds.add_job(seconds=0, visible_after=0.0, instance_id="b" * 32 + "in02")

    def hook(event: Event) -> None:
        if isinstance(event, PollFailed):
            seen.append((REQUEST.get(), event))

    async def request(name: str) -> None:
        REQUEST.set(name)
        await (w.wait_for_instance(busy) if name == "A" else w.wait(job_id, ready=True))

    dds.inject("error", count=6, status=502, path=f"/v3/{dds.project_id}/instances")
    async with waiter(dds, on_event=hook) as w:
        alone, after_job = (asyncio.ensure_future(request(name)) for name in "AB")
        await asyncio.sleep(1)
        w.track(job_id)  # whose context is another
        await asyncio.gather(alone, after_job)
    told = {(name, event.instance_id[:1], event.job_id) for name, event in seen}
    assert told == {("A", "a", ""), ("B", "b", job_id)}
    lines = [text for text in caplog.messages if text.startswith("ddswait.poll_failed")]
    assert len(lines) == len(seen) == 6
    assert all("HTTP 502" in line and "instance_id=" in line for line in lines)


@pytest.mark.parametrize("jobs", [120, pytest.param(5_000, marks=pytest.mark.slow)])
async def test_many_jobs_that_go_well_write_few_lines(
    dds: Simulator, jobs: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Thousands of jobs write fewer than 100 lines at INFO while all goes well."""
    caplog.set_level(logging.INFO, "ddswait")
    async with waiter(dds, rate="1000/s", interval=60) as w:
        ids = [dds.add_job(seconds=50 + number % 50) for number in range(jobs)]
        outcomes = await w.wait_all(ids)
    assert all(each.ok for each in outcomes)
    lines = [record for record in caplog.records if record.name == "ddswait"]
    assert 20 < len(lines) < 100
    assert {record.levelname for record in lines} == {"INFO"}
