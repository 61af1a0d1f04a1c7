"""A task of the user: it does one operation after the other."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ddswait import Job, OutcomeKind
from ddswait.errors import DdswaitError, WaiterClosed, WaiterInUse, WaitError
from tests.simulation.waiter.ledger import Group, asking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait import Outcome
    from tests.simulation.waiter.plan import Operation, UserPlan
    from tests.simulation.waiter.stage import Stage


class User:
    """Runs the operations of one task.

    Args:
        plan: what it does.
        stage: where it does it.
    """

    def __init__(self, plan: UserPlan, stage: Stage) -> None:
        self._operations = plan.operations
        self._stage = stage
        self._ledger = stage.ledger
        self._waiter = stage.waiter
        self._futures: list[asyncio.Future[Any]] = []

    async def run(self) -> None:
        """Do everything, whatever comes of it."""
        was_waiting = False
        for operation in self._operations:
            group = Group()
            asking.set(group)
            try:
                await getattr(self, f"do_{operation.kind}")(operation, group)
            except WaiterClosed:
                self._was_refused(was_waiting=was_waiting)
            except DdswaitError as error:
                if not isinstance(error, WaitError | WaiterInUse):
                    self._ledger.break_promise("an unexpected error", repr(error))
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
            except TimeoutError:
                pass
            finally:
                group.is_left = operation.kind not in {"track", "instance"}
            was_waiting = operation.kind == "wait" and all(each.outcome for each in group.waits)
            was_waiting = was_waiting and bool(group.waits)

    def _was_refused(self, *, was_waiting: bool) -> None:
        ledger = self._ledger
        is_closing = ledger.is_closing or "owner" in ledger.cancelled
        if not (is_closing or ledger.is_leaving):
            ledger.break_promise("an open block refuses a wait")
        if was_waiting and not is_closing:
            ledger.break_promise("a task that waits for one job after another is cut off")

    def _id(self, operation: Operation) -> str:
        return self._stage.ids[operation.jobs[0] % len(self._stage.ids)]

    def _ids(self, operation: Operation) -> list[str]:
        return [self._stage.ids[index % len(self._stage.ids)] for index in operation.jobs]

    async def do_wait(self, operation: Operation, group: Group) -> None:
        job_id = self._id(operation)
        job: object = await self._waiter.wait(
            job_id, timeout=operation.timeout, ready=operation.ready
        )
        if not isinstance(job, Job) or job.id != job_id:
            self._ledger.break_promise("wait() returned another job", job)

    async def do_track(self, operation: Operation, group: Group) -> None:
        self._futures.append(
            self._waiter.track(
                self._id(operation),
                timeout=operation.timeout,
                ready=operation.ready,
                callback=operation.callback,
            )
        )

    async def do_instance(self, operation: Operation, group: Group) -> None:
        plan = self._stage.dds.plans[self._id(operation)]
        future = self._waiter.track_instance(
            plan.instance_id, timeout=operation.timeout, callback=operation.callback
        )
        if operation.fast:
            await future

    async def do_gather(self, operation: Operation, group: Group) -> None:
        """Await everything that this task has tracked."""
        if self._futures:
            await asyncio.wait(self._futures)

    async def do_wait_all(self, operation: Operation, group: Group) -> None:
        group.fails_fast = operation.fast
        ids = list(dict.fromkeys(self._ids(operation)))
        outcomes = await self._waiter.wait_all(
            self._ids(operation),
            timeout=operation.timeout,
            ready=operation.ready,
            fail_fast=operation.fast,
        )
        if [each.job_id for each in outcomes] != ids:
            self._ledger.break_promise("wait_all() returned other jobs than were asked for")
        self._compare(outcomes, group)

    async def do_as_completed(self, operation: Operation, group: Group) -> None:
        seen: list[Outcome] = []
        outcomes = self._waiter.as_completed(
            self._ids(operation), timeout=operation.timeout, ready=operation.ready
        )
        if operation.fast:
            async with aclosing(outcomes) as closed:
                await self._follow(closed, seen, operation.number, group)
        else:
            await self._follow(outcomes, seen, operation.number, group)
        if len({each.job_id for each in seen}) != len(seen):
            self._ledger.break_promise("as_completed() yielded a job twice")
        self._compare(seen, group)

    async def _follow(self, outcomes: Any, seen: list[Outcome], most: float, group: Group) -> None:
        async for outcome in outcomes:
            seen.append(outcome)
            if len(seen) >= most:
                group.is_left = True
                break

    def _compare(self, outcomes: Sequence[Outcome], group: Group) -> None:
        """Compare the outcomes of a group with those of its waits."""
        own = {wait.target: wait.outcome for wait in group.waits}
        for outcome in outcomes:
            expected = own.get(outcome.job_id)
            if outcome.kind is not OutcomeKind.PENDING and outcome != expected:
                self._ledger.break_promise("a group has another outcome than its wait", outcome)

    async def do_give_up(self, operation: Operation, group: Group) -> None:
        """Wait for a shorter time than the wait takes."""
        group.gives_up_at = self._stage.loop.time() + operation.number
        async with asyncio.timeout(operation.number):
            await self._waiter.wait(self._id(operation), timeout=operation.timeout)

    async def do_cancel_wait(self, operation: Operation, group: Group) -> None:
        waits = self._ledger.waits
        if waits:
            wait = waits[int(operation.number) % len(waits)]
            if wait.future is not None and not wait.future.done():
                wait.is_given_up = True
                wait.future.cancel()

    async def do_resolve(self, operation: Operation, group: Group) -> None:
        """Fail a future by hand."""
        if self._futures:
            future = self._futures[int(operation.number) % len(self._futures)]
            for wait in self._ledger.waits:
                if wait.future is future and not future.done():
                    wait.is_given_up = True
                    future.set_exception(LookupError())
                    future.exception()

    async def do_cancel_task(self, operation: Operation, group: Group) -> None:
        users = self._stage.users
        task = users[int(operation.number) % len(users)]
        if task is not asyncio.current_task():
            self._ledger.cancel(task)

    async def do_close(self, operation: Operation, group: Group) -> None:
        await asyncio.sleep(operation.number)
        self._ledger.is_closing = True
        self._ledger.closers += 1
        try:
            await self._waiter.close()
        finally:
            self._ledger.closers -= 1

    async def do_enter(self, operation: Operation, group: Group) -> None:
        """Enter a block that is entered: this must change nothing."""
        if not self._ledger.is_closing and not self._ledger.is_leaving:
            await self._waiter.__aenter__()
            self._ledger.break_promise("a waiter was entered twice")

    async def do_sleep(self, operation: Operation, group: Group) -> None:
        await asyncio.sleep(operation.number)

    async def do_look(self, operation: Operation, group: Group) -> None:
        """List what is pending."""
        repr(self._waiter)
        targets = {wait.target for wait in self._ledger.waits}
        for outcome in self._waiter.pending():
            if outcome.kind is not OutcomeKind.PENDING:
                self._ledger.break_promise("an outcome of pending() is not pending", outcome)
            if outcome.job_id and outcome.job_id not in targets:
                self._ledger.break_promise("a job is pending that nobody waits for", outcome)
