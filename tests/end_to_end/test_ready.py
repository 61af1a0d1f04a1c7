"""A waiter waits for instances to be ready, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
import pytest_asyncio

from ddswait import (
    InstanceNotReady,
    Outcome,
    OutcomeKind,
    Password,
    Refused,
    Token,
    Unreachable,
    Waiter,
)
from ddswait.events import Ended, Event
from ddswait.job import Job
from ddswait.simulator import Dialect, Simulator
from ddswait.simulator.world import Exchange


@pytest_asyncio.fixture(params=[200, 400])
async def dds(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    """A region that shows a missing instance as an empty list, and one that shows an error."""
    dialect = Dialect(missing_instance=request.param)
    async with Simulator(visible_after=0.0, dialect=dialect) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token), **settings
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_ready_waits_for_the_instance(dds: Simulator) -> None:
    """The record comes when the instance is normal and idle; without `ready`, before."""
    dds.settle_seconds = 60.0
    begin, job_id = now(), dds.add_job(seconds=100)
    async with waiter(dds) as w:
        early = w.track(job_id)
        job = await w.wait(job_id, ready=True)
        assert early.done()
    assert job.status == "Completed"
    # Ten seconds more: a second poll confirms that no backup has begun.
    assert 170 <= now() - begin < 182


async def test_groups_wait_for_their_instances_too(dds: Simulator) -> None:
    """wait_all() and as_completed() with `ready`: one outcome a job, when its instance is idle."""
    dds.settle_seconds = 60.0
    begin, ids = now(), [dds.add_job(seconds=100), dds.add_job(seconds=120)]
    async with waiter(dds) as w:
        outcomes = await w.wait_all(ids, ready=True)
        assert [each.ok for each in outcomes] == [True, True]
        assert now() - begin >= 180
        assert [each.kind async for each in w.as_completed(ids, ready=True)] == ["completed"] * 2


async def test_not_ready_by_the_deadline_is_its_own_outcome(dds: Simulator) -> None:
    """InstanceNotReady, exactly at the deadline, says what is pending; the record is there."""
    dds.settle_seconds = 1e6
    begin = now()
    async with waiter(dds, timeout=300) as w:
        with pytest.raises(InstanceNotReady, match="normal, with CREATE pending") as caught:
            await w.wait(dds.add_job(seconds=100), ready=True)
    assert now() - begin == pytest.approx(300, abs=0.2)
    assert caught.value.job is not None


async def test_leaving_the_block_waits_for_instances_too(dds: Simulator) -> None:
    """As for jobs: a normal exit waits, an exception cancels."""
    dds.settle_seconds = 60.0
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=10), ready=True)
    assert future.done()
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=10), ready=True)
        await asyncio.sleep(30)
        assert [each.kind for each in w.pending()] == [OutcomeKind.PENDING]
        await w.close()
    assert future.cancelled()


async def test_token_may_end_meanwhile(dds: Simulator) -> None:
    """A 401 to an instance poll renews the token, as a 401 to a job poll does."""
    dds.settle_seconds = 200.0
    auth = Password(dds.user, dds.password, dds.domain, dds.endpoint, dds.region)
    async with Waiter(endpoint=dds.endpoint, auth=auth) as w:
        future = w.track(dds.add_job(seconds=10), ready=True)
        await asyncio.sleep(100)
        dds.revoke_all()
        assert (await future).status == "Completed"


async def test_transient_failures_only_delay(dds: Simulator) -> None:
    """Failed instance polls do not end a wait."""
    job_id = dds.add_job(seconds=10)
    dds.inject("error", count=4, path=f"/v3/{dds.project_id}/instances")
    async with waiter(dds) as w:
        assert (await w.wait(job_id, ready=True)).status == "Completed"


def instances(dds: Simulator) -> str:
    return f"/v3/{dds.project_id}/instances"


def instance_polls(dds: Simulator) -> list[Exchange]:
    return [seen for seen in dds.requests if seen.path == instances(dds)]


def by_password(dds: Simulator, **settings: Any) -> Waiter:
    auth = Password(dds.user, dds.password, dds.domain, dds.endpoint, dds.region)
    return Waiter(endpoint=dds.endpoint, auth=auth, **settings)


async def kinds(waits: Iterable[asyncio.Future[Job]]) -> set[type]:
    return {type(each) for each in await asyncio.gather(*waits, return_exceptions=True)}


async def test_revoked_token_costs_all_instances_one_renewal(dds: Simulator) -> None:
    """Instance polls share the credentials: one renewal for all, and no wait is lost."""
    dds.settle_seconds = 200.0
    ids = [dds.add_job(seconds=10) for _ in range(40)]
    async with by_password(dds, rate="1000/s") as w:
        waits = [w.track(each, ready=True) for each in ids]
        await asyncio.sleep(100)
        dds.revoke_all()
        dds.inject("stall", count=None, path="/v3/auth/tokens", seconds=20.0)
        assert await kinds(waits) == {Job}
    assert dds.statuses[201] == 2


async def test_token_is_renewed_while_only_instances_are_left(dds: Simulator) -> None:
    """The token is renewed before it expires, as for jobs: no poll is ever refused."""
    dds.settle_seconds, dds.token_seconds = 4000.0, 360.0
    async with by_password(dds) as w:
        await w.wait(dds.add_job(seconds=10), ready=True, timeout=86400)
    assert dds.statuses[401] == 0
    assert dds.statuses[201] > 10


async def test_iam_down_for_five_minutes_loses_no_instance(dds: Simulator) -> None:
    """No request is sent without credentials; then the waits go on."""
    dds.settle_seconds = 600.0
    ids = [dds.add_job(seconds=10) for _ in range(8)]
    async with by_password(dds) as w:
        waits = [w.track(each, ready=True) for each in ids]
        await asyncio.sleep(100)
        dds.revoke_all()
        dds.inject("error", count=None, path="/v3/auth/tokens")
        await asyncio.sleep(300)
        dds.clear_faults()
        assert await kinds(waits) == {Job}


async def test_iam_down_for_good_is_unreachable_with_the_cause(dds: Simulator) -> None:
    """After unreachable_after seconds without credentials, as for jobs."""
    dds.settle_seconds = 1e6
    async with by_password(dds) as w:
        wait = w.track(dds.add_job(seconds=10), ready=True)
        await asyncio.sleep(100)
        dds.revoke_all()
        dds.inject("error", count=None, path="/v3/auth/tokens")
        with pytest.raises(Unreachable, match=r"its instance .* no credentials: HTTP 503"):
            await wait
        assert 700 <= now() <= 800


async def test_ended_token_is_refused_once_for_all_instances(dds: Simulator) -> None:
    """All waits are refused, with the date, after one request; later ones without a request."""
    dds.settle_seconds = 1e6
    ids = [dds.add_job(seconds=10) for _ in range(100)]
    outcomes: list[Outcome] = []
    async with waiter(dds, rate="1000/s") as w:
        waits = [w.track(each, ready=True, callback=outcomes.append) for each in ids]
        await asyncio.sleep(60)
        dds.revoke()
        assert await kinds(waits) == {Refused}
        assert await kinds([w.track(dds.add_job(seconds=10), ready=True)]) == {Refused}
        # As many as were under way when the token ended.
        assert dds.statuses[401] <= 64
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert "accepted until" in outcomes[0].message
    assert outcomes[0].refusal is not None
    assert outcomes[0].job is not None


async def test_permission_for_instances_says_nothing_of_jobs(dds: Simulator) -> None:
    """A 403 ends every wait for an instance after one request; waits for jobs go on."""
    dds.inject("forbidden", count=None, path=instances(dds))
    async with waiter(dds) as w:
        job = w.track(dds.add_job(seconds=300))
        first = w.track(dds.add_job(seconds=10), ready=True)
        assert await kinds([first]) == {Refused}
        late = [w.track(dds.add_job(seconds=10), ready=True) for _ in range(30)]
        assert await kinds(late) == {Refused}
        assert "dds:instance:list" in str(first.exception())
        assert len(instance_polls(dds)) == 1
        assert (await job).status == "Completed"


async def test_limit_met_at_an_instance_is_learned(dds: Simulator) -> None:
    """A 429 to an instance poll teaches the rate limiter that all requests share."""
    dds.settle_seconds = 300.0
    ids = [dds.add_job(seconds=10) for _ in range(20)]
    async with waiter(dds) as w:
        waits = [w.track(each, ready=True) for each in ids]
        await asyncio.sleep(60)
        assert instance_polls(dds)
        dds.limit(40, 60.0)
        assert await kinds(waits) == {Job}
        assert "40/60 s" in repr(w)
    assert dds.statuses[429] < 10


async def test_last_instance_poll_is_exactly_at_the_deadline(dds: Simulator) -> None:
    """An instance that becomes ready just before the deadline is seen."""
    dds.settle_seconds = 99.9
    job_id = dds.add_job(seconds=0)
    async with waiter(dds) as w:
        wait = w.track(job_id, timeout=100, ready=True)
        await asyncio.sleep(98)
        assert "1 jobs" in repr(w)
        assert (await wait).status == "Completed"
        assert now() == 100.0


async def test_cancelling_one_wait_leaves_the_others(dds: Simulator) -> None:
    """The same job, tracked anew and by others, while its instance is awaited."""
    dds.settle_seconds = 200.0
    job_id = dds.add_job(seconds=10)
    ended: list[Event] = []
    async with waiter(dds, on_event=ended.append) as w:
        first, second = (w.track(job_id, ready=True) for _ in range(2))
        await asyncio.sleep(100)
        first.cancel()
        assert (await w.wait(job_id)).status == "Completed"
        assert not second.done()
        assert [each.job_id for each in w.pending()] == [job_id]
        before = len(instance_polls(dds))
        assert (await second).status == "Completed"
    assert len(instance_polls(dds)) - before < 40
    assert [each.instance for each in ended if isinstance(each, Ended)] == [False, False, True]
