"""ddswait.runtime.engine: enter, track, leave, close and cancel in any order, over real sockets."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import ddswait
from ddswait import Outcome, WaiterClosed, WaiterInUse
from ddswait.runtime.tasks import LIMIT
from ddswait.simulator import Simulator
from ddswait.virtual_time import VirtualTimeLoop

CALLBACKS = ["none", "plain", "slow", "closing", "entering", "stubborn"]
TURNS = st.integers(0, 5)


class Living(RuleBasedStateMachine):
    """A waiter, and tasks that enter, leave, close and cancel without regard for each other."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self.called: Counter[int] = Counter()
        self.futures: list[ddswait.JobFuture] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.with_callback: list[int] = []
        self.do(self.open())

    def do(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    async def open(self) -> None:
        self.dds = await Simulator(visible_after=0.0).__aenter__()
        self.waiter = ddswait.Waiter(
            endpoint=self.dds.endpoint,
            project_id=self.dds.project_id,
            auth=ddswait.Token(self.dds.token),
            timeout=300,
        )

    @property
    def is_running(self) -> bool:
        return "not running" not in repr(self.waiter)

    # ---- what tasks do

    @rule(turns=TURNS)
    def enter(self, turns: int) -> None:
        async def enter() -> None:
            before = self.is_running
            try:
                await self.waiter.__aenter__()
            except WaiterInUse:
                assert before
            else:
                assert not before
            for _ in range(turns):
                await asyncio.sleep(0)

        self.do(enter())

    @rule(normally=st.booleans())
    def leave(self, normally: bool) -> None:
        self.spawn(self.waiter.__aexit__(None if normally else LookupError, None, None))

    @rule(count=st.integers(1, 3))
    def close(self, count: int) -> None:
        for _ in range(count):
            self.spawn(self.waiter.close())

    @rule()
    def close_and_wait(self) -> None:
        async def close() -> None:
            began = asyncio.get_running_loop().time()
            await self.waiter.close()
            assert not self.is_running
            assert asyncio.get_running_loop().time() - began <= 2 * LIMIT

        self.do(close())

    def spawn(self, coroutine: Any) -> None:
        async def start() -> None:
            self.tasks.append(asyncio.ensure_future(coroutine))
            await asyncio.sleep(0)

        self.do(start())

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.tasks))

        async def cancel() -> None:
            task.cancel()
            await asyncio.sleep(0)

        self.do(cancel())

    # ---- what is waited for

    @rule(
        seconds=st.sampled_from([0.0, 5.0, 500.0]),
        fails=st.sampled_from([None, "x"]),
        kind=st.sampled_from(CALLBACKS),
        ready=st.booleans(),
    )
    def track(self, seconds: float, fails: str | None, kind: str, ready: bool) -> None:
        async def track() -> None:
            job_id = self.dds.add_job(seconds=seconds, fails=fails)
            number = len(self.futures)
            try:
                future = self.waiter.track(
                    job_id, callback=self.callback(number, kind), ready=ready
                )
            except WaiterClosed:
                return
            self.futures.append(future)
            if kind != "none":
                self.with_callback.append(number)

        self.do(track())

    def callback(self, number: int, kind: str) -> Any:
        def plain(_: Outcome) -> None:
            self.called[number] += 1

        async def slow(_: Outcome) -> None:
            self.called[number] += 1
            await asyncio.sleep(30)

        async def closing(_: Outcome) -> None:
            self.called[number] += 1
            await self.waiter.close()

        async def entering(_: Outcome) -> None:
            self.called[number] += 1
            with suppress(WaiterInUse):  # it is closed by now, if it can be entered
                await self.waiter.__aenter__()

        async def stubborn(_: Outcome) -> None:
            self.called[number] += 1
            for _round in range(9):
                try:
                    await asyncio.sleep(3)
                except asyncio.CancelledError:
                    continue

        calls = {"plain": plain, "slow": slow, "closing": closing, "stubborn": stubborn}
        return None if kind == "none" else calls.get(kind, entering)

    @rule(seconds=st.sampled_from([0.0, 0.001, 1.0, 6.0, 400.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    # ---- what holds

    @invariant()
    def waits_end_with_their_block(self) -> None:
        if not self.is_running:
            assert all(future.done() for future in self.futures)

    @invariant()
    def callbacks_are_called_once(self) -> None:
        assert all(count == 1 for count in self.called.values())

    def teardown(self) -> None:
        async def finish() -> set[str]:
            await self.waiter.close()
            if self.tasks:
                await asyncio.wait(self.tasks)
            await asyncio.sleep(60)
            await self.waiter.close()
            await self.dds.__aexit__(None, None, None)
            return {task.get_name() for task in asyncio.all_tasks() if "ddswait" in task.get_name()}

        assert self.do(finish()) == set()
        assert all(future.done() for future in self.futures)
        for number in self.with_callback:
            assert self.called[number] == (0 if self.futures[number].cancelled() else 1)
        for task in self.tasks:
            assert task.cancelled() or task.exception() is None
        self.runner.close()


class TestLiving(Living.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=20, stateful_step_count=20)


@pytest.mark.slow
class TestLivingForLong(Living.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=200, stateful_step_count=50)
