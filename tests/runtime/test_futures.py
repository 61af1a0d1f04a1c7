"""ddswait.runtime.futures: the list of waits, and contexts that are shared."""

import asyncio
from contextvars import Context, ContextVar, copy_context
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ddswait import Job, Outcome, OutcomeKind
from ddswait.runtime.futures import Caller, Callers, JobFuture, Pending, WaitFuture
from ddswait.runtime.tasks import Tasks

VARIABLE: ContextVar[object] = ContextVar("VARIABLE")
OTHER: ContextVar[object] = ContextVar("OTHER")


class Host:
    """Takes note of what futures report."""

    def __init__(self) -> None:
        self.reports: list[str] = []

    def settled(self) -> None:
        self.reports.append("settled")

    def given_up(self, future: WaitFuture[Any]) -> None:
        self.reports.append("given up")

    def call_back(self, callback: Any, outcome: Outcome, context: Context) -> None:
        self.reports.append("call back")

    def wait_for_instance(self, future: WaitFuture[Any], outcome: Outcome, deadline: float) -> None:
        self.reports.append(f"instance by {deadline}")


@given(st.lists(st.integers(0, 9), max_size=60))
async def test_list_of_waits_is_a_list(steps: list[int]) -> None:
    """Adding and removing in any order leaves the others, in the order of their adding."""
    loop = asyncio.get_running_loop()
    pending = Pending()
    expected: list[WaitFuture[Any]] = []
    for step in steps:
        if step < 5 or not expected:
            future = JobFuture(Caller(Host(), Context()), loop, "x")
            pending.add(future)
            expected.append(future)
        else:
            expected.pop(step % len(expected)).cancel()
            pending.done()
        assert list(pending) == expected
        assert len(pending._futures) <= 2 * len(expected)
        assert len(pending) == len(expected)


async def test_waits_of_one_context_share_it() -> None:
    """Waits that are asked for in the same context share one caller; others do not."""
    callers = Callers(Host())
    first = callers.current(None, None)
    assert callers.current(None, None) is first
    VARIABLE.set("a")
    second = callers.current(None, None)
    assert second is not first
    assert second.context[VARIABLE] == "a"
    token = VARIABLE.set("b")
    assert callers.current(None, None).context[VARIABLE] == "b"
    VARIABLE.reset(token)
    with_callback = callers.current(print, 5.0)
    assert callers.current(None, None).context is with_callback.context
    assert (with_callback.callback, with_callback.ready_by) == (print, 5.0)


class Hostile:
    """A value whose comparison raises, as that of an array does."""

    def __eq__(self, other: object) -> bool:
        raise LookupError

    __hash__ = None  # type: ignore[assignment]


async def test_values_of_context_variables_are_not_compared() -> None:
    """Contexts are compared by the identity of their values: no code of an application runs."""
    callers = Callers(Host())
    for _ in range(2):
        VARIABLE.set(Hostile())
        OTHER.set(object())
        caller = callers.current(None, None)
        assert caller.context[VARIABLE] is VARIABLE.get()
    assert callers.current(None, None) is caller


async def test_context_of_a_callback_is_not_that_of_its_task() -> None:
    """What a callback tracks is not taken for a part of the callback's task."""
    tasks = Tasks(asyncio.get_running_loop())
    callers = Callers(Host())
    seen: list[Caller] = []

    async def callback() -> None:
        seen.append(callers.current(None, None))
        await asyncio.sleep(10)

    task = tasks.spawn(callback(), "x", copy_context(), lambda: None)
    await asyncio.sleep(1)
    seen[0].context.copy().run(tasks.spare_current)
    assert await tasks.close() == []
    assert task.cancelled()


def outcome(kind: OutcomeKind) -> Outcome:
    return Outcome("x", kind, Job("x", "Create", "Completed"))


@pytest.mark.parametrize("kind", list(OutcomeKind))
async def test_wait_ends_once(kind: OutcomeKind) -> None:
    """A wait that has ended is settled once, and reports that once."""
    host = Host()
    future = JobFuture(Caller(host, Context(), print), asyncio.get_running_loop(), "x")
    for _ in range(2):
        future.settle(outcome(kind))
        future.fail(LookupError())
        assert not future.cancel()
    assert future.outcome == outcome(kind)
    assert host.reports == ["settled", "call back"]


async def test_instance_is_waited_for_once() -> None:
    """With a deadline for the instance, the first completion waits for it, the second ends."""
    host = Host()
    caller = Caller(host, Context(), None, 7.0)
    future = JobFuture(caller, asyncio.get_running_loop(), "x")
    future.settle(outcome(OutcomeKind.COMPLETED))
    assert not future.done()
    future.settle(outcome(OutcomeKind.COMPLETED))
    assert future.done()
    assert host.reports == ["instance by 7.0", "settled"]


@pytest.mark.parametrize("way", ["cancel", "result", "exception"])
async def test_wait_that_is_given_up_by_hand_says_so(way: str) -> None:
    """Whoever cancels or resolves a future by hand ends the wait, without a callback."""
    host = Host()
    future = JobFuture(Caller(host, Context(), print), asyncio.get_running_loop(), "x")
    match way:
        case "cancel":
            future.cancel()
        case "result":
            future.set_result(Job("x"))
        case _:
            future.set_exception(LookupError())
            assert isinstance(future.exception(), LookupError)
    future.settle(outcome(OutcomeKind.FAILED))
    assert future.outcome is None
    assert host.reports == ["given up"]
