"""ddswait.waiter: the whole stack over real sockets against the simulator, in virtual time."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

import ddswait
from ddswait import OutcomeKind, Waiter
from ddswait.events import Ended, Event, PollFailed, UnknownStatus, Visible
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


async def test_wait_returns_the_final_record(dds: Simulator) -> None:
    """An ID goes in, the final record comes out, soon after the job's end."""
    job_id = dds.add_job(seconds=600, instance_name="mine")
    start = now()
    async with waiter(dds) as w:
        job = await w.wait(job_id)
    assert (job.id, job.status, job.progress) == (job_id, "Completed", None)
    assert job.instance is not None
    assert job.instance.name == "mine"
    assert job.created is not None
    assert job.ended is not None
    assert (job.ended - job.created).total_seconds() == 600
    assert 600 <= now() - start <= 612


async def test_failed_job_raises_with_its_record(dds: Simulator) -> None:
    """A failed job raises JobFailed at once, with the final record and DDS's reason."""
    job_id = dds.add_job(seconds=30, fails="no quota")
    async with waiter(dds) as w:
        with pytest.raises(ddswait.JobFailed, match="no quota") as caught:
            await w.wait(job_id)
    assert caught.value.job is not None
    assert caught.value.job.fail_reason == "no quota"
    assert caught.value.job_id == job_id


async def test_unknown_id_ends_exactly_with_the_grace(dds: Simulator) -> None:
    """An ID never seen is JobNotFound when the grace is over, with causes, endpoint, project."""
    start = now()
    async with waiter(dds, grace=60) as w:
        with pytest.raises(ddswait.JobNotFound) as caught:
            await w.wait("mistyped")
    assert 60.0 <= now() - start < 60.12  # the rate limit may add a tenth of a second
    for part in ("mistyped", dds.endpoint, dds.project_id, "not be visible yet", "month", "region"):
        assert part in str(caught.value)


async def test_late_visibility_is_tolerated(dds: Simulator) -> None:
    """A job that becomes visible just within the grace is waited for."""
    job_id = dds.add_job(seconds=100, visible_after=58)
    async with waiter(dds) as w:
        assert (await w.wait(job_id)).status == "Completed"


async def test_vanished_job_is_an_outcome_of_its_own(dds: Simulator) -> None:
    """A job seen and then unknown is JobVanished, with the last record seen."""
    job_id = dds.add_job(name="Delete_MongoDB", seconds=200, vanishes=True)
    async with waiter(dds) as w:
        with pytest.raises(ddswait.JobVanished) as caught:
            await w.wait(job_id)
    assert caught.value.job is not None
    assert caught.value.job.status == "Running"


async def test_one_unknown_answer_does_not_end_a_seen_job(dds: Simulator) -> None:
    """One reply from a lagging replica is not believed against what was seen."""
    job_id = dds.add_job(seconds=300, visible_after=0)
    async with waiter(dds) as w:
        future = w.track(job_id)
        await asyncio.sleep(100)
        dds.inject("unknown", count=1)
        assert (await future).status == "Completed"


async def test_timeout_has_a_last_poll_exactly_at_the_deadline(dds: Simulator) -> None:
    """WaitTimedOut comes exactly at the deadline, after a last look there, with the record."""
    job_id = dds.add_job(seconds=5000, visible_after=0)
    start = now()
    async with waiter(dds) as w:
        with pytest.raises(ddswait.WaitTimedOut) as caught:
            await w.wait(job_id, timeout=100)
    assert now() - start == 100.0
    assert dds.requests[-1].at == 100.0
    assert caught.value.job is not None
    assert caught.value.job.progress == 2


async def test_job_that_ends_just_before_the_deadline_is_seen(dds: Simulator) -> None:
    """The last poll finds a job that ended a moment before the deadline."""
    job_id = dds.add_job(seconds=99.999, visible_after=0)
    async with waiter(dds) as w:
        assert (await w.wait(job_id, timeout=100)).status == "Completed"


async def test_deadline_holds_while_the_server_stalls(dds: Simulator) -> None:
    """A poll that stalls is cut at the deadline; a last poll that stalls, two seconds after."""
    job_id = dds.add_job(visible_after=0)
    start = now()
    async with waiter(dds) as w:
        future = w.track(job_id, timeout=100)
        await asyncio.sleep(99.5)
        dds.inject("stall", count=None, seconds=10_000)
        await asyncio.wait([future])
        assert now() - start == 102.0
        with pytest.raises(ddswait.WaitTimedOut):
            await w.wait(job_id, timeout=25)
    assert now() - start == 127.0


@pytest.mark.parametrize(
    "kind", ["throttle", "error", "reset", "garbage", "not_json", "no_job", "truncated", "redirect"]
)
async def test_faults_never_end_a_wait(dds: Simulator, kind: Any) -> None:
    """Whatever goes wrong for four minutes, the job is then found completed."""
    job_id = dds.add_job(seconds=200, visible_after=0)
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        future = w.track(job_id)
        dds.inject(kind, count=None)
        await asyncio.sleep(240)
        dds.clear_faults()
        assert (await future).status == "Completed"
    assert 4 <= sum(isinstance(event, PollFailed) for event in events) <= 12


async def test_unreachable_ends_as_unreachable(dds: Simulator) -> None:
    """Without one good look for unreachable_after seconds: Unreachable, record, last cause."""
    job_id = dds.add_job(seconds=5000, visible_after=0)
    async with waiter(dds, unreachable_after=300) as w:
        future = w.track(job_id)
        await asyncio.sleep(1)
        seen = now()
        dds.inject("error", count=None, status=502)
        with pytest.raises(ddswait.Unreachable) as caught:
            await future
    assert 299 <= now() - seen <= 311  # counted from the first poll that failed
    assert caught.value.job is not None
    assert "502" in caught.value.cause


async def test_retry_after_is_honoured(dds: Simulator) -> None:
    """A Retry-After longer than our own pause is waited for."""
    job_id = dds.add_job(visible_after=0)
    dds.inject("throttle", retry_after="90")
    async with waiter(dds) as w:
        w.track(job_id)
        await asyncio.sleep(89)
        assert asked(dds, job_id) == 1
        await asyncio.sleep(11)
        assert 90 <= dds.requests[1].at <= 99
        await w.close()


async def test_fault_on_one_job_delays_no_other(dds: Simulator) -> None:
    """While every poll one job stalls, the other ends in its own time."""
    bad, good = dds.add_job(seconds=50), dds.add_job(seconds=50)
    dds.inject("stall", count=None, job_id=bad, seconds=10_000)
    start = now()
    async with waiter(dds) as w:
        w.track(bad, timeout=1000)
        await w.wait(good)
        assert now() - start <= 62
        await w.close()


async def test_refused_credentials_stop_all_requests(dds: Simulator) -> None:
    """A thousand jobs with a bad token: one request, every wait Refused, with its details."""
    ids = [dds.add_job() for _ in range(1000)]
    async with waiter(dds, token="wrong") as w:
        outcomes = await w.wait_all(ids)
        with pytest.raises(ddswait.Refused) as caught:
            await w.wait(ids[0])
    assert len(dds.requests) == 1
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.REFUSED}
    assert (caught.value.http_status, caught.value.error_code) == (401, "APIGW.0301")
    assert caught.value.error_msg
    assert caught.value.request_id
    assert "wrong" not in str(caught.value)


async def test_revoked_token_ends_every_wait_within_two_requests(dds: Simulator) -> None:
    """A token that is revoked on the way is sent at most twice more."""
    ids = [dds.add_job(seconds=5000, visible_after=0) for _ in range(100)]
    async with waiter(dds) as w:
        futures = [w.track(job_id) for job_id in ids]
        await asyncio.sleep(100)
        dds.revoke()
        await asyncio.wait(futures)
    assert dds.statuses[401] <= 2
    assert all(isinstance(future.exception(), ddswait.Refused) for future in futures)


async def test_refusal_of_one_job_spares_the_others(dds: Simulator) -> None:
    """A bad parameter refuses its own request only."""
    job_id = dds.add_job(seconds=20)
    dds.inject("error", job_id="odd", status=400)
    async with waiter(dds) as w:
        odd, fine = await w.wait_all(["odd", job_id])
    assert (odd.kind, fine.kind) == (OutcomeKind.REFUSED, OutcomeKind.COMPLETED)


async def test_same_job_costs_one_stream_of_polls(dds: Simulator) -> None:
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


async def test_hasty_caller_cuts_a_stalled_poll(dds: Simulator) -> None:
    """A caller who joins during a stalled poll still times out in time."""
    job_id = dds.add_job(visible_after=0)
    dds.inject("stall", count=None, seconds=10_000)
    async with waiter(dds) as w:
        w.track(job_id)
        await asyncio.sleep(1)
        start = now()
        with pytest.raises(ddswait.WaitTimedOut):
            await w.wait(job_id, timeout=5)
        assert now() - start == 5.0
        await w.close()


async def test_callbacks_get_every_outcome_once(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain and async callbacks are called once each, failed or not; what they raise is logged."""
    good, bad = dds.add_job(seconds=20), dds.add_job(seconds=20, fails="x")
    called: list[tuple[str, str]] = []

    async def slowly(outcome: ddswait.Outcome) -> None:
        await asyncio.sleep(100)
        called.append((outcome.job_id, outcome.kind))

    def raising(outcome: ddswait.Outcome) -> None:
        raise LookupError(outcome.job_id)

    start = now()
    async with waiter(dds) as w:
        w.track(good, callback=lambda outcome: called.append((outcome.job_id, outcome.kind)))
        w.track(bad, callback=slowly)
        w.track(bad, callback=raising)
        await w.wait(good)
        assert now() - start <= 35
    assert called == [(good, "completed"), (bad, "failed")]
    events = [record.message for record in caplog.records if "callback" in record.message]
    assert events == ["ddswait.callback_failed", "ddswait.callback_slow"]


async def test_as_completed_yields_in_the_order_of_the_ends(dds: Simulator) -> None:
    """Outcomes come as the jobs end; duplicates collapse; leaving early lets the rest go."""
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
    """With fail_fast the first failure returns, and what is pending is told with its record."""
    ids = [dds.add_job(seconds=1000, visible_after=0), dds.add_job(seconds=50, fails="x")]
    async with waiter(dds) as w:
        pending, failed = await w.wait_all(ids, fail_fast=True)
        assert "0 jobs" in repr(w)
    assert (pending.kind, failed.kind) == ("pending", "failed")
    assert pending.job is not None
    with pytest.raises(ddswait.WaitError):
        pending.result()


async def test_leaving_normally_waits_for_the_rest(dds: Simulator) -> None:
    """The block ends when everything that was tracked has ended, as a task group does."""
    async with waiter(dds) as w:
        future = w.track(dds.add_job(seconds=300))
    assert future.result().status == "Completed"
    with pytest.raises(ddswait.WaiterClosed):
        w.track("late")


async def test_leaving_by_an_exception_cancels_everything(dds: Simulator) -> None:
    """An exception cancels what is pending; no task is left, and no connection."""
    before = asyncio.all_tasks()
    futures: list[asyncio.Future[ddswait.Job]] = []

    async def provision() -> None:
        async with waiter(dds) as w:
            futures.extend(w.track(dds.add_job()) for _ in range(20))
            await asyncio.sleep(10)
            raise LookupError

    with pytest.raises(LookupError):
        await provision()
    assert all(future.cancelled() for future in futures)
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - before if "ddswait" in task.get_name()}
    assert left == set()


async def test_unretrieved_failure_is_no_warning(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A failed future that nobody polls makes asyncio log nothing."""
    async with waiter(dds) as w:
        w.track(dds.add_job(seconds=5, fails="x"))
    del w
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_unknown_status_is_not_final_and_logged_once(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A status that DDS does not document survives, ends nothing, and is told once."""
    ids = [dds.add_job(seconds=100, status="Queued") for _ in range(3)]
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert [event.status for event in events if isinstance(event, UnknownStatus)] == ["Queued"]
    assert [event.job.status for event in events if isinstance(event, Visible)] == ["Queued"] * 3
    assert sum(record.message == "ddswait.unknown_status" for record in caplog.records) == 1


async def test_hook_that_raises_harms_no_wait(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """An on_event hook that raises is logged, and the wait goes on."""

    def hook(event: Event) -> None:
        raise LookupError(event.job_id)

    async with waiter(dds, on_event=hook) as w:
        assert (await w.wait(dds.add_job(seconds=10))).status == "Completed"
    assert "ddswait.on_event_failed" in caplog.messages


async def test_events_tell_the_story_without_the_token(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """What happens is told on the logger `ddswait`, and the token nowhere."""
    caplog.set_level(logging.DEBUG)
    job_id = dds.add_job(seconds=60)
    dds.inject("error")
    async with waiter(dds) as w:
        await w.wait(job_id)
        text = repr(w) + repr(vars(w))
    told = [record.message for record in caplog.records if record.name == "ddswait"]
    assert told[:2] == ["ddswait.job_tracked", "ddswait.poll_failed"]
    assert {"ddswait.job_visible", "ddswait.job_progressed"} <= set(told)
    assert told[-1] == "ddswait.job_completed"
    everything = text + "".join(str(vars(record)) for record in caplog.records)
    assert dds.token not in everything


async def test_token_goes_to_no_other_host(dds: Simulator) -> None:
    """A redirect is a fault, and the host that it names hears nothing."""
    async with Simulator() as other:
        dds.inject("redirect", location=f"{other.endpoint}/v3/x/jobs")
        async with waiter(dds) as w:
            await w.wait(dds.add_job(seconds=10))
        assert not other.requests


@pytest.mark.parametrize("job_id", ["", "a b", "a\n", "\x1b[0m", "x" * 257, None, 7])
async def test_bad_ids_are_refused_by_name_before_anything_is_asked(
    dds: Simulator, job_id: Any
) -> None:
    """An ID that cannot be one raises InputError, and nothing is polled."""
    async with waiter(dds) as w:
        with pytest.raises(ddswait.InputError):
            w.track(job_id)
        with pytest.raises(ddswait.InputError):
            await w.wait_all(["fine", job_id])
    assert not dds.requests


@pytest.mark.parametrize("name", ["timeout", "grace", "interval", "unreachable_after"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
async def test_bad_numbers_are_refused_by_name(dds: Simulator, name: str, value: float) -> None:
    """A number of seconds that is not positive and finite is refused by its name."""
    with pytest.raises(ddswait.InputError, match=name):
        waiter(dds, **{name: value})


async def test_outcome_counts_seconds_and_polls(dds: Simulator) -> None:
    """An outcome says how long was waited and how many polls were answered."""
    job_id = dds.add_job(seconds=100, visible_after=0)
    ends: list[Ended] = []
    async with waiter(
        dds, on_event=lambda e: ends.append(e) if isinstance(e, Ended) else None
    ) as w:
        await w.wait(job_id)
    outcome = ends[0].outcome
    assert outcome.polls == asked(dds, job_id)
    assert 100 <= outcome.waited <= 112


async def test_a_defect_fails_the_waits_instead_of_hanging(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a worker breaks down, every wait raises that error."""
    async with waiter(dds) as w:
        future = w.track(dds.add_job(visible_after=0))
        await asyncio.sleep(0)
        monkeypatch.setattr(w._engine._scheduler, "take", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await future
        with pytest.raises(ddswait.WaiterClosed):
            w.track("more")


@pytest.mark.parametrize("defect", ["next", "expire"])
async def test_a_defect_in_a_timer_fails_the_waits_too(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch, defect: str
) -> None:
    """What a timer raises is not only logged: every wait raises it, also in a group."""
    ids = [dds.add_job(visible_after=0) for _ in range(20)]
    async with waiter(dds, rate="1/s") as w:
        waiting = asyncio.ensure_future(w.wait_all(ids))
        await asyncio.sleep(1)
        monkeypatch.setattr(w._engine._scheduler, defect, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(waiting, 100)


async def test_a_defect_while_cutting_fails_the_waits_too(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer that cuts polls has the same net."""
    dds.inject("stall", count=None, seconds=10_000)
    async with waiter(dds, request_timeout=5) as w:
        future = w.track(dds.add_job(visible_after=0))
        await asyncio.sleep(1)
        assert w._engine._workers is not None
        monkeypatch.setattr(w._engine._workers, "recheck_cuts", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(future, 100)


async def test_closing_while_a_poll_is_cut_leaves_no_worker(dds: Simulator) -> None:
    """A worker whose poll is cut in the very moment of closing ends nevertheless."""
    dds.inject("stall", count=None, seconds=10_000)
    async with waiter(dds, request_timeout=5) as w:
        w.track(dds.add_job(visible_after=0))
        await asyncio.sleep(1)
        assert w._engine._workers is not None
        for worker in w._engine._workers._workers:
            worker.cut()
        await asyncio.wait_for(w.close(), timeout=60)
        assert "not running" in repr(w)


async def test_settings_of_the_environment(dds: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiter.from_env() takes endpoint, project and credentials from the environment."""
    monkeypatch.setenv("DDSWAIT_ENDPOINT", dds.endpoint)
    monkeypatch.setenv("HW_PROJECT_ID", dds.project_id)
    monkeypatch.setenv("HW_AUTH_TOKEN", dds.token)
    async with Waiter.from_env(interval=5) as w:
        assert (await w.wait(dds.add_job(seconds=10))).status == "Completed"
