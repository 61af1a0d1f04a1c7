"""ddswait.waiter: several callers of one job, and groups of jobs."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

import ddswait
from ddswait import Waiter
from ddswait.simulator import Simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=3.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    auth = ddswait.Token(settings.pop("token", dds.token))
    return Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth, **settings)


def now() -> float:
    return asyncio.get_running_loop().time()


def asked(dds: Simulator, job_id: str) -> int:
    return sum(seen.job_id == job_id for seen in dds.requests)


async def test_callers_of_one_job_share_its_polls(dds: Simulator) -> None:
    """Ten callers of one ID cost as many requests as one, and all get the same record."""
    job_id = dds.add_job(seconds=100, visible_after=0)
    async with waiter(dds) as w:
        jobs = await asyncio.gather(*(w.wait(job_id) for _ in range(10)))
    assert len({id(job) for job in jobs}) == 1
    assert asked(dds, job_id) <= 14


async def test_cancelling_one_caller_leaves_the_others(dds: Simulator) -> None:
    """One caller's cancellation is its own affair; the last one's stops the polling."""
    job_id = dds.add_job(seconds=1000, visible_after=0)
    async with waiter(dds) as w:
        first, second = w.track(job_id), w.track(job_id)
        await asyncio.sleep(50)
        first.cancel()
        await asyncio.sleep(50)
        before = asked(dds, job_id)
        assert not second.done()
        second.cancel()
        await asyncio.sleep(500)
        assert asked(dds, job_id) == before
        assert "0 jobs" in repr(w)


async def test_callers_have_deadlines_of_their_own(dds: Simulator) -> None:
    """A short timeout ends its own caller's wait, whoever came first."""
    job_id = dds.add_job(seconds=400, visible_after=0)
    start = now()
    async with waiter(dds) as w:
        patient, hasty = w.track(job_id), w.track(job_id, timeout=30)
        middle = w.track(job_id, timeout=60)
        with pytest.raises(ddswait.WaitTimedOut):
            await hasty
        assert now() - start == 30.0
        with pytest.raises(ddswait.WaitTimedOut):
            await middle
        assert now() - start == 60.0
        assert (await patient).status == "Completed"


async def test_short_timeout_cuts_a_stalled_poll(dds: Simulator) -> None:
    """A caller who joins during a stalled poll has a last poll of their own, and times out."""
    job_id = dds.add_job(visible_after=0)
    dds.inject("stall", count=None, seconds=10_000)
    async with waiter(dds) as w:
        w.track(job_id)
        await asyncio.sleep(1)
        start = now()
        with pytest.raises(ddswait.WaitTimedOut):
            await w.wait(job_id, timeout=5)
        assert now() - start == 7.0
        await w.close()


async def test_callbacks_get_every_outcome_once(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain and async callbacks are called once each, failed or not; one may raise."""
    good, bad = dds.add_job(seconds=20), dds.add_job(seconds=20, fails="x")
    called: list[tuple[str, str]] = []

    async def slowly(outcome: ddswait.Outcome) -> None:
        await asyncio.sleep(100)
        called.append((outcome.job_id, outcome.kind))

    def raising(outcome: ddswait.Outcome) -> None:
        raise LookupError(outcome.job_id)

    start = now()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with waiter(dds) as w:
        w.track(good, callback=lambda outcome: called.append((outcome.job_id, outcome.kind)))
        w.track(bad, callback=slowly)
        w.track(bad, callback=raising)
        await w.wait(good)
        assert now() - start <= 35
    assert called == [(good, "completed"), (bad, "failed")]
    events = [text.split()[0] for text in caplog.messages if "callback" in text]
    assert events == ["ddswait.callback_slow"]


async def test_as_completed_yields_in_the_order_of_the_ends(dds: Simulator) -> None:
    """Outcomes come as the jobs end; duplicates collapse; leaving early cancels the rest."""
    ids = [dds.add_job(seconds=seconds) for seconds in (500, 20, 200)]
    async with waiter(dds) as w:
        order = [outcome.job_id async for outcome in w.as_completed([*ids, ids[0]])]
        assert order == [ids[1], ids[2], ids[0]]
        more = dds.add_job(seconds=1), dds.add_job(seconds=5000)
        async for outcome in w.as_completed(more):
            assert outcome.job_id == more[0]
            break
        gc.collect()
        await asyncio.sleep(1)
        assert "0 jobs" in repr(w)


async def test_wait_all_accounts_for_every_job(dds: Simulator) -> None:
    """Every outcome is returned, in the order of the IDs, whatever happened to each."""
    ids = [dds.add_job(seconds=100), "nobody", dds.add_job(seconds=50, fails="x")]
    async with waiter(dds) as w:
        outcomes = await w.wait_all([*ids, ids[0]], timeout=300)
    assert [outcome.job_id for outcome in outcomes] == ids
    assert [outcome.kind for outcome in outcomes] == ["completed", "not_found", "failed"]


async def test_wait_all_fails_fast_when_asked(dds: Simulator) -> None:
    """With fail_fast the first failure returns, and what is pending is returned with its record."""
    ids = [dds.add_job(seconds=1000, visible_after=0), dds.add_job(seconds=50, fails="x")]
    async with waiter(dds) as w:
        pending, failed = await w.wait_all(ids, fail_fast=True)
        assert "0 jobs" in repr(w)
    assert (pending.kind, failed.kind) == ("pending", "failed")
    assert pending.job is not None
    with pytest.raises(ddswait.WaitError):
        pending.result()
