"""An event loop in which sleeping takes no time: for tests, demos and benchmarks.

    result = ddswait.virtual_time.run(main())

When there is nothing to do, the loop sets its clock to the next timer instead of waiting for it.
Time starts at 0.0, and a timer fires at exactly its time, so tests can compare times with `==`.
Clients and servers on loopback that share the loop work as usual, with real sockets: bytes that
were sent arrive before the clock moves.

Work outside the loop takes real time, and the clock stops while the loop waits for an executor
(`getaddrinfo` uses one). The loop cannot see other processes and threads: while a program talks
to one of them, its timers fire too early.
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

# Seconds of real time for the kernel to deliver on loopback what was sent. Most of it arrives
# within the call that sends; giving up the processor once lets the kernel's thread do the rest.
# A timeout of select() does not help: the shortest that epoll knows is a whole millisecond.
_SETTLE = 0.0001


def run(main: Coroutine[Any, Any, _Result], *, debug: bool | None = None) -> _Result:
    """Run a coroutine in a new `VirtualTimeLoop` and return its result, as `asyncio.run` does.

    Args:
        main: the coroutine.
        debug: whether asyncio's debug mode is on; None leaves that to the environment.

    Raises:
        BaseException: whatever `main` raises.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop, debug=debug) as runner:
        return runner.run(main)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps from timer to timer."""

    _scheduled: list[asyncio.TimerHandle]
    _clock_resolution: float

    def __init__(self) -> None:
        self._now = 0.0
        self._outside = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the virtual seconds since the loop was created."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass at once, as if the running step had blocked the loop for so long.

        Timers that are due by then fire late, and bytes that arrive meanwhile are not read before.

        Args:
            seconds: how long; not negative.
        """
        time.sleep(_SETTLE)
        self._now += max(seconds, 0.0)
        self._clock_resolution = math.ulp(self._now)

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*_Arguments], _Result],
        *args: *_Arguments,
    ) -> asyncio.Future[_Result]:
        """Run `func` in a thread or process; the clock stops until it returns."""
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._is_back)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's own signature
        """Wait in real time until the threads of the default executor have ended."""
        self._outside += 1
        try:
            await super().shutdown_default_executor(*(() if timeout is None else (timeout,)))
        finally:
            self._outside -= 1

    def _is_back(self, _: asyncio.Future[Any]) -> None:
        self._outside -= 1

    def _jump(self) -> None:
        # Not the timeout that asyncio passes to select(): asyncio limits it to one day.
        self._now = max(self._now, self._scheduled[0].when())
        # asyncio fires the timers that are due before now + resolution. Its own resolution of a
        # nanosecond is lost in rounding after some months of virtual time. One unit in the last
        # place fires this timer and no later one.
        self._clock_resolution = math.ulp(self._now)


class _JumpingSelector(selectors.BaseSelector):
    """A selector that waits for real events only, and moves the clock instead of sleeping."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._connections: set[int] = set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - selectors' own signature
        # The loop registers the pipe to itself first, in its own __init__.
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
        if self._loop._outside or timeout is None:  # noqa: SLF001 - made for each other
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
    """Return whether a file descriptor is a connection or a pipe, not a listening socket."""
    try:
        probe = socket.socket(fileno=fd)
    except OSError:
        return True  # a pipe
    try:
        return not probe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    finally:
        probe.detach()
