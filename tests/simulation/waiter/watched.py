"""A waiter of which every wait is noted, and checked when it ends."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from ddswait import Waiter
from tests.simulation.waiter.callbacks import Callback

if TYPE_CHECKING:
    from ddswait import JobFuture
    from ddswait.runtime.futures import InstanceFuture, WaitFuture
    from tests.simulation.waiter.ledger import Ledger, Wait
    from tests.simulation.waiter.promises import Promises


class WatchedWaiter(Waiter):
    """The public waiter. All its calls begin their waits by track() or track_instance().

    A callback is given as the kind of it, a key of `callbacks.KINDS`.
    """

    ledger: Ledger
    promises: Promises

    def track(self, job_id: str, *, callback: Any = None, **options: Any) -> JobFuture:
        """Begin to wait for a job, and note it."""
        wait = self._noted(job_id, options, callback)
        future = super().track(job_id, callback=self._called(callback, wait), **options)
        self._watch(wait, future)
        return future

    def track_instance(
        self, instance_id: str, *, callback: Any = None, **options: Any
    ) -> InstanceFuture:
        """Begin to wait for an instance, and note it."""
        wait = self._noted(instance_id, options, callback)
        wait.is_instance = True
        future = super().track_instance(
            instance_id, callback=self._called(callback, wait), **options
        )
        self._watch(wait, future)
        return future

    def _noted(self, target: str, options: dict[str, Any], callback: str) -> Wait:
        self._engine.running()  # raises before anything is noted
        return self.ledger.begin(target, options["timeout"], has_callback=bool(callback))

    def _called(self, kind: str, wait: Wait) -> Callback | None:
        return Callback(kind, wait, self.ledger, self) if kind else None

    def _watch(self, wait: Wait, future: WaitFuture[Any]) -> None:
        wait.future = future
        future.add_done_callback(partial(self._ended, wait))

    def _ended(self, wait: Wait, _: asyncio.Future[Any]) -> None:
        wait.ended += 1
        self.promises.ended(wait, asyncio.get_running_loop().time())
