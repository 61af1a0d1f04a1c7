"""ddswait.waiter: track, cancel, complete and fault in any order, over real sockets."""

import asyncio
from collections import Counter
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import ddswait
from ddswait.simulator import Simulator
from ddswait.virtual_time import VirtualTimeLoop

FAULTS = ["throttle", "error", "stall", "reset", "not_json", "no_job", "truncated", "redirect"]
BURST = 400.0  # seconds in which five faults are over, whatever they are


class Waiting(RuleBasedStateMachine):
    """A waiter, a cloud, and a user who does everything."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self.called: Counter[int] = Counter()
        self.waits: list[tuple[str, float, asyncio.Future[ddswait.Job]]] = []
        self.checked: set[int] = set()
        self.calm_at = 0.0
        self.do(self.open())

    def do(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    async def open(self) -> None:
        self.dds = await Simulator().__aenter__()
        self.waiter = await ddswait.Waiter(
            endpoint=self.dds.endpoint,
            project_id=self.dds.project_id,
            auth=ddswait.Token(self.dds.token),
        ).__aenter__()

    @rule(
        seconds=st.sampled_from([0.0, 5.0, 90.0, 700.0]),
        fails=st.sampled_from([None, "no quota"]),
        timeout=st.sampled_from([3.0, 60.0, 1000.0]),
        visible_after=st.sampled_from([0.0, 3.0, 70.0]),
    )
    def start_and_track(
        self, seconds: float, fails: str | None, timeout: float, visible_after: float
    ) -> None:
        async def start() -> None:
            job_id = self.dds.add_job(seconds=seconds, fails=fails, visible_after=visible_after)
            self.track(job_id, timeout)

        self.do(start())

    def track(self, job_id: str, timeout: float) -> None:
        number = len(self.waits)
        future = self.waiter.track(
            job_id, timeout=timeout, callback=lambda _: self.called.update([number])
        )
        self.waits.append((job_id, asyncio.get_running_loop().time() + timeout, future))

    @precondition(lambda self: self.waits)
    @rule(data=st.data(), timeout=st.sampled_from([1.0, 30.0, 2000.0]))
    def track_again(self, data: st.DataObject, timeout: float) -> None:
        job_id = data.draw(st.sampled_from(self.waits))[0]

        async def again() -> None:
            self.track(job_id, timeout)

        self.do(again())

    @precondition(lambda self: self.waits)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        future = data.draw(st.sampled_from(self.waits))[2]

        async def cancel() -> None:
            future.cancel()

        self.do(cancel())

    @precondition(lambda self: self.time() >= self.calm_at)
    @rule(kind=st.sampled_from(FAULTS), count=st.integers(1, 5))
    def go_wrong(self, kind: Any, count: int) -> None:
        # One burst at a time: every job has a good reply before the next one.
        self.calm_at = self.time() + BURST
        self.dds.clear_faults()
        self.dds.inject(kind, count=count, seconds=200.0)

    @rule(seconds=st.sampled_from([0.0, 0.5, 10.0, 61.0, 400.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @invariant()
    def every_end_has_its_reason(self) -> None:
        now = self.time()
        for number, (job_id, deadline, future) in enumerate(self.waits):
            if number in self.checked:
                continue
            if not future.done():
                assert now <= deadline + 4.0
                continue
            if future.cancelled():
                assert self.called[number] == 0
            else:
                self.check(job_id, deadline, future.exception() or future.result(), now)
                self.do(asyncio.sleep(0.01))
                assert self.called[number] == 1
            self.checked.add(number)

    def time(self) -> float:
        return self.runner.get_loop().time()

    def check(self, job_id: str, deadline: float, end: Any, now: float) -> None:
        plan = self.dds.plans[job_id]
        match end:
            case ddswait.Job(status="Completed"):
                assert plan.fail_reason is None
                assert now >= plan.ends
            case ddswait.JobFailed():
                assert end.job is not None
                assert plan.fail_reason == end.job.fail_reason
                assert now >= plan.ends
            case ddswait.WaitTimedOut():
                assert now >= deadline
            case ddswait.JobNotFound():
                assert plan.visible_after > 60
            case ddswait.Unreachable():
                raise AssertionError("five faults do not last ten minutes")
            case _:
                raise AssertionError(end)

    def teardown(self) -> None:
        async def close() -> set[str]:
            await self.waiter.__aexit__(LookupError, None, None)
            await self.dds.__aexit__(None, None, None)
            return {task.get_name() for task in asyncio.all_tasks() if "ddswait" in task.get_name()}

        assert self.do(close()) == set()
        assert all(future.done() for _, _, future in self.waits)
        self.runner.close()


class TestWaiting(Waiting.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=20, stateful_step_count=20)


@pytest.mark.slow
class TestWaitingForLong(Waiting.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=60, stateful_step_count=40)
