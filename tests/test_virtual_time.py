"""ddswait.virtual_time: exact jumps, real sockets, threads."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web

from ddswait import virtual_time


async def test_sleep_ends_exactly_at_its_time() -> None:
    """After sleeping for ten seconds from 0.0 it is 10.0, to the last bit."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.sleep(10)
    assert loop.time() == start + 10.0


async def test_years_pass_in_one_jump() -> None:
    """Three years of sleeping need no real time, and later timers still ring."""
    loop = asyncio.get_running_loop()
    began, start = time.monotonic(), loop.time()
    await asyncio.sleep(3 * 365 * 86400)
    await asyncio.sleep(0.5)
    assert loop.time() == start + 3 * 365 * 86400 + 0.5
    assert time.monotonic() - began < 86400


async def test_timers_ring_in_order() -> None:
    """Timers ring by their time, whatever the order in which they were set."""
    loop = asyncio.get_running_loop()
    rung: list[tuple[float, float]] = []
    start = loop.time()

    def ring(at: float) -> None:
        rung.append((at, loop.time() - start))

    for delay in (3.0, 1.0, 2.5, 1.0):
        loop.call_at(start + delay, ring, delay)
    await asyncio.sleep(5)
    assert rung == [(1.0, 1.0), (1.0, 1.0), (2.5, 2.5), (3.0, 3.0)]


async def test_timeout_strikes_at_its_time() -> None:
    """asyncio.timeout() ends a wait for something that never comes."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(7):
            await asyncio.Event().wait()
    assert loop.time() == start + 7.0


async def test_clock_stands_still_while_a_thread_works() -> None:
    """A job in an executor is waited for; no timer rings before it is back."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    timer = asyncio.create_task(asyncio.sleep(0.001))
    assert await asyncio.to_thread(lambda: sum(range(300_000))) == 44999850000
    assert loop.time() == start
    await timer


async def answer_after(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.query["seconds"]))
    return web.Response(text="done")


async def start_server() -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_get("/", answer_after)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def test_real_sockets_deliver_before_the_clock_jumps() -> None:
    """Three hundred requests at once over loopback meet no false time-out."""
    runner, url = await start_server()
    connector = aiohttp.TCPConnector(limit=0)
    limit = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:

        async def get() -> str:
            async with session.get(url, params={"seconds": "0.5"}) as response:
                return await response.text()

        assert await asyncio.gather(*(get() for _ in range(300))) == ["done"] * 300
    await runner.cleanup()


async def test_stalled_server_costs_no_real_time() -> None:
    """A handler that sleeps for an hour answers after exactly that hour."""
    loop = asyncio.get_running_loop()
    runner, url = await start_server()
    limit = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=limit) as session:
        start = loop.time()
        async with session.get(url, params={"seconds": "3600"}) as response:
            assert await response.text() == "done"
        assert loop.time() == start + 3600.0
    await runner.cleanup()


def test_run_returns_the_result() -> None:
    """run() hands back what the coroutine returned, in debug mode without warnings."""

    async def main() -> float:
        await asyncio.sleep(1e6)
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main(), debug=True) == 1e6


def test_run_raises_what_was_raised() -> None:
    """run() passes an exception on, and cancels what was left running."""
    left: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(1e9)
        except asyncio.CancelledError:
            left.append("cancelled")
            raise

    async def main() -> None:
        task = asyncio.create_task(linger())
        await asyncio.sleep(1)
        assert not task.done()
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        virtual_time.run(main())
    assert left == ["cancelled"]


async def test_loop_that_is_blocked_fires_late() -> None:
    """Time that passes in one step delays the timers that were due meanwhile, in their order."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, virtual_time.VirtualTimeLoop)
    fired: list[tuple[int, float]] = []
    for seconds in (3, 1, 2, 9):
        loop.call_later(seconds, lambda number: fired.append((number, loop.time())), seconds)
    began = loop.time()
    loop.advance(2.5)
    assert (loop.time() - began, fired) == (2.5, [])
    await asyncio.sleep(0.1)
    assert [(number, at - began) for number, at in fired] == [(1, 2.5), (2, 2.5)]
    await asyncio.sleep(10)
    assert [(number, at - began) for number, at in fired[2:]] == [(3, 3.0), (9, 9.0)]
