"""An event loop in which sleeping takes no time: for tests, demos and benchmarks.

    result = ddswait.virtual_time.run(main())

When nothing is left to do at once, the loop's clock jumps to the next timer instead of waiting
for it. Time starts at 0.0, and a timer rings at exactly its time, so tests can compare times
with `==`. Clients and servers on loopback that live in the same loop work as usual, with real
sockets: bytes under way arrive before the clock jumps.

What happens outside the loop takes real time and stops the clock meanwhile: jobs in an executor
(names looked up by `getaddrinfo` among them). Other processes and other threads are not seen:
talking to them, timers ring too early.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import socket
import time
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Executor

    _Arguments = TypeVarTuple("_Arguments")

__all__ = ["VirtualTimeLoop", "run"]

_Result = TypeVar("_Result")

_SETTLE = 0.0001
"""Real seconds in which the kernel delivers on loopback what was sent. It mostly does so within
the call that sends; giving up the processor once lets its own thread do what it put off. (A
timeout of select() would be a whole millisecond, the least that epoll knows.)"""


def run(main: Coroutine[Any, Any, _Result], *, debug: bool | None = None) -> _Result:
    """Run a coroutine in a new VirtualTimeLoop and return its result, as `asyncio.run` does.

    Args:
        main: the coroutine.
        debug: asyncio's debug mode; None leaves it to the environment.

    Raises:
        BaseException: whatever `main` raises.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop, debug=debug) as runner:
        return runner.run(main)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` jumps from timer to timer."""

    _scheduled: list[asyncio.TimerHandle]
    _clock_resolution: float

    def __init__(self) -> None:
        self._now = 0.0
        self._outside = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the virtual time in seconds since the loop was made."""
        return self._now

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*_Arguments], _Result],
        *args: *_Arguments,
    ) -> asyncio.Future[_Result]:
        """Run `func` in a thread or process; the clock stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._is_back)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's own signature
        """Wait, really, until the default executor's threads have ended."""
        self._outside += 1
        try:
            await super().shutdown_default_executor(*(() if timeout is None else (timeout,)))
        finally:
            self._outside -= 1

    def _is_back(self, _: asyncio.Future[Any]) -> None:
        self._outside -= 1

    def _jump(self) -> None:
        # asyncio caps the timeout that it hands to select(), so the timer itself is asked.
        self._now = max(self._now, self._scheduled[0].when())
        # asyncio rings what is due before now + resolution. Its own nanosecond vanishes in the
        # rounding after some months; one unit in the last place rings this timer, and no other.
        self._clock_resolution = math.ulp(self._now)


class _JumpingSelector(selectors.BaseSelector):
    """Waits only for what is outside the loop; jumps over everything else."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._connections: set[int] = set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - selectors' own signature
        # The loop registers its pipe to itself first of all, in its own __init__.
        is_own_pipe = not self._real.get_map()
        key = self._real.register(fileobj, events, data)
        if not is_own_pipe and _carries_bytes(key.fd):
            self._connections.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        key = self._real.unregister(fileobj)
        self._connections.discard(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401
        return self._real.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._loop._outside or timeout is None:  # noqa: SLF001 - two halves of one thing
            return self._real.select(None)
        if self._connections:
            time.sleep(_SETTLE)
            if ready := self._real.select(0):
                return ready
        self._loop._jump()  # noqa: SLF001
        return []

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


def _carries_bytes(fd: int) -> bool:
    """Tell connections and pipes from listening sockets."""
    try:
        probe = socket.socket(fileno=fd)
    except OSError:
        return True  # a pipe
    try:
        return not probe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    finally:
        probe.detach()
