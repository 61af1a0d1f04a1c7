"""ddswait.runtime.tasks: tasks end together, whatever they do about it."""

import asyncio
from contextvars import Context, ContextVar, copy_context

import pytest

from ddswait.runtime.tasks import LIMIT, Tasks, outlast, without_task

VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="none")


def now() -> float:
    return asyncio.get_running_loop().time()


class Ends:
    """Counts the tasks that have ended or were given up."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def ends() -> Ends:
    return Ends()


async def ignore(times: int) -> None:
    """Ignore a number of cancellations."""
    while True:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            if not times:
                raise
            times -= 1


@pytest.mark.parametrize(("times", "seconds"), [(0, 0.0), (1, 1.0), (3, 3.0)])
async def test_task_is_cancelled_until_it_ends(times: int, seconds: float, ends: Ends) -> None:
    """A task that ignores its cancellation is cancelled again each second."""
    tasks = Tasks(asyncio.get_running_loop())
    for _ in range(3):
        tasks.spawn(ignore(times), "x", Context(), ends)
    await asyncio.sleep(1)
    began = now()
    assert await tasks.close() == []
    assert (now() - began, ends.count, len(tasks)) == (seconds, 3, 0)


async def test_task_that_never_ends_is_given_up(ends: Ends) -> None:
    """After LIMIT the others are gone, and the rest is returned by name, once."""
    tasks = Tasks(asyncio.get_running_loop())
    stuck = tasks.spawn(ignore(9), "stuck", Context(), ends)
    tasks.spawn(ignore(0), "fine", Context(), ends)
    await asyncio.sleep(1)
    began = now()
    assert await tasks.close() == ["stuck"]
    assert (now() - began, ends.count, len(tasks)) == (LIMIT, 2, 0)
    assert await tasks.close() == []
    while not stuck.done():
        stuck.cancel()
        await asyncio.sleep(0)
    assert ends.count == 2


async def test_task_runs_in_a_copy_of_its_context(ends: Ends) -> None:
    """What a task sets in its context reaches nobody else; a task factory is not used."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda *_, **__: 1 / 0)  # type: ignore[arg-type]
    tasks = Tasks(loop)
    seen: list[str] = []

    async def use() -> None:
        seen.append(VARIABLE.get())
        VARIABLE.set("of the task")

    VARIABLE.set("of the caller")
    context = copy_context()
    task = tasks.spawn(use(), "x", context, ends)
    loop.set_task_factory(None)
    await task
    assert (seen, context[VARIABLE]) == (["of the caller"], "of the caller")


async def test_error_of_a_task_is_retrieved(ends: Ends) -> None:
    """Asyncio does not complain about an error of a task: whoever runs code there handles it."""
    tasks = Tasks(asyncio.get_running_loop())

    async def fail() -> None:
        raise LookupError

    tasks.spawn(fail(), "x", Context(), ends)
    await asyncio.sleep(0.1)
    assert ends.count == 1


@pytest.mark.parametrize("depth", [0, 1, 3])
async def test_task_that_closes_is_spared(depth: int, ends: Ends) -> None:
    """Neither a task that closes the others, nor one that waits for such a task, is cancelled."""
    tasks = Tasks(asyncio.get_running_loop())
    done: list[str] = []

    async def close(below: int) -> None:
        if below:
            await asyncio.ensure_future(close(below - 1))
            return
        await asyncio.sleep(1)
        tasks.spare_current()
        done.extend(await tasks.close())
        done.append("closed")

    task = tasks.spawn(close(depth), "closer", Context(), ends)
    other = tasks.spawn(ignore(0), "other", Context(), ends)
    await asyncio.wait([task])
    assert done == ["closed"]
    assert other.cancelled()
    assert not task.cancelled()
    tasks.spare_nobody()
    assert await tasks.close() == []


async def test_context_without_a_task_spares_none(ends: Ends) -> None:
    """A context that was cleared is not taken for a part of the task that it was copied in."""
    tasks = Tasks(asyncio.get_running_loop())
    contexts: list[Context] = []

    async def use() -> None:
        contexts.append(without_task(copy_context()))
        await asyncio.sleep(1e6)

    task = tasks.spawn(use(), "x", Context(), ends)
    await asyncio.sleep(1)
    contexts[0].run(tasks.spare_current)
    assert await tasks.close() == []
    assert task.cancelled()
    assert without_task(Context()) == Context()


async def test_outlasting_a_task_survives_every_cancellation() -> None:
    """Whoever outlasts a task waits for its end, and then raises their own cancellation."""
    loop = asyncio.get_running_loop()
    began: list[float] = []

    def start() -> asyncio.Task[None]:
        if not running or running[-1].done():
            began.append(now())
            running.append(asyncio.Task(asyncio.sleep(10), loop=loop))
        return running[-1]

    running: list[asyncio.Task[None]] = []
    caller = asyncio.ensure_future(outlast(start))
    other = asyncio.ensure_future(outlast(start))
    start_at = now()
    for _ in range(3):
        await asyncio.sleep(1)
        caller.cancel()
    running[0].cancel()  # somebody cancels the task itself
    await asyncio.wait([caller, other])
    assert caller.cancelled()
    assert not other.cancelled()
    assert [at - start_at for at in began] == [0.0, 3.0]
    assert now() - start_at == 13.0


async def test_outlasting_a_task_raises_its_error() -> None:
    """The error of the task is raised."""

    async def fail() -> None:
        raise LookupError

    loop = asyncio.get_running_loop()
    with pytest.raises(LookupError):
        await outlast(lambda: asyncio.Task(fail(), loop=loop))
