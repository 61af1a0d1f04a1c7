"""ddswait.waiter: the whole stack over real sockets against the simulator, in virtual time."""

import asyncio
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


def events_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["event"] for record in caplog.records if record.name == "ddswait"]


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
    assert 60.0 <= now() - start < 60.12  # the rate limiter may add a tenth of a second
    for part in ("mistyped", dds.endpoint, dds.project_id, "not be visible yet", "month", "region"):
        assert part in str(caught.value)


async def test_late_visibility_is_tolerated(dds: Simulator) -> None:
    """A job that becomes visible just within the grace is waited for."""
    job_id = dds.add_job(seconds=100, visible_after=58)
    async with waiter(dds) as w:
        assert (await w.wait(job_id)).status == "Completed"


async def test_vanished_deletion_has_completed(dds: Simulator) -> None:
    """A deletion that was seen and is no longer known is done."""
    job_id = dds.add_job(name="Delete_MongoDB", seconds=200, vanishes=True)
    async with waiter(dds) as w:
        assert (await w.wait(job_id)).id == job_id


async def test_vanished_job_is_an_outcome_of_its_own(dds: Simulator) -> None:
    """A job seen and then unknown is JobVanished, with the last record seen."""
    job_id = dds.add_job(name="Restart_MongoDB", seconds=200, vanishes=True)
    async with waiter(dds) as w:
        with pytest.raises(ddswait.JobVanished) as caught:
            await w.wait(job_id)
    assert caught.value.job is not None
    assert caught.value.job.status == "Running"


async def test_one_unknown_reply_does_not_end_a_seen_job(dds: Simulator) -> None:
    """One reply from a lagging replica is not believed against what was seen."""
    job_id = dds.add_job(seconds=300, visible_after=0)
    async with waiter(dds) as w:
        future = w.track(job_id)
        await asyncio.sleep(100)
        dds.inject("unknown", count=1)
        assert (await future).status == "Completed"


async def test_timeout_has_a_last_poll_exactly_at_the_deadline(dds: Simulator) -> None:
    """WaitTimedOut comes exactly at the deadline, after a last poll, with the record."""
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
    """A stalled poll is cut at the deadline; the last poll that follows, two seconds after."""
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
    assert now() - start == 129.0


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
    assert 4 <= sum(isinstance(event, PollFailed) for event in events) <= 240 / 5


async def test_wait_without_good_replies_ends_as_unreachable(dds: Simulator) -> None:
    """Without one good reply for unreachable_after seconds: Unreachable, record, last cause."""
    job_id = dds.add_job(seconds=5000, visible_after=0)
    async with waiter(dds, unreachable_after=300) as w:
        future = w.track(job_id)
        await asyncio.sleep(1)
        good = len(dds.requests)
        dds.inject("error", count=None, status=502)
        with pytest.raises(ddswait.Unreachable) as caught:
            await future
    assert dds.now() - dds.requests[good].at == pytest.approx(300, abs=1)
    assert caught.value.job is not None
    assert "502" in caught.value.cause


async def test_retry_after_is_honoured(dds: Simulator) -> None:
    """A Retry-After longer than our own retry delay is waited for."""
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
    """While every poll of one job stalls, the other ends in its own time."""
    bad, good = dds.add_job(seconds=50), dds.add_job(seconds=50)
    dds.inject("stall", count=None, job_id=bad, seconds=10_000)
    start = now()
    async with waiter(dds) as w:
        w.track(bad, timeout=1000)
        await w.wait(good)
        assert now() - start <= 62
        await w.close()


async def test_refused_credentials_stop_all_requests(dds: Simulator) -> None:
    """Two hundred jobs with a bad token: one request, every wait Refused, with its details."""
    ids = [dds.add_job() for _ in range(200)]
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
    """A bad parameter refuses its own job only."""
    job_id = dds.add_job(seconds=20)
    dds.inject("error", job_id="odd", status=400)
    async with waiter(dds) as w:
        odd, fine = await w.wait_all(["odd", job_id])
    assert (odd.kind, fine.kind) == (OutcomeKind.REFUSED, OutcomeKind.COMPLETED)


async def test_unknown_status_is_not_final_and_logged_once(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A status that DDS does not document survives, ends nothing, and is reported once."""
    ids = [dds.add_job(seconds=100, status="Queued") for _ in range(3)]
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        outcomes = await w.wait_all(ids)
    assert all(outcome.ok for outcome in outcomes)
    assert [event.status for event in events if isinstance(event, UnknownStatus)] == ["Queued"]
    assert [event.job.status for event in events if isinstance(event, Visible)] == ["Queued"] * 3
    assert events_logged(caplog).count("ddswait.unknown_status") == 1


async def test_events_are_logged_without_the_token(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Events are logged on the logger `ddswait`; the token is not."""
    caplog.set_level(logging.DEBUG)
    job_id = dds.add_job(seconds=60)
    dds.inject("error")
    async with waiter(dds) as w:
        await w.wait(job_id)
        text = repr(w) + repr(vars(w))
    reported = events_logged(caplog)
    assert reported[:2] == ["ddswait.job_tracked", "ddswait.poll_failed"]
    assert {"ddswait.job_visible", "ddswait.job_progressed"} <= set(reported)
    assert reported[-1] == "ddswait.job_completed"
    everything = text + "".join(str(vars(record)) for record in caplog.records)
    assert dds.token not in everything


async def test_token_goes_to_no_other_host(dds: Simulator) -> None:
    """A redirect is a fault, and the host that it names hears nothing."""
    async with Simulator() as other:
        dds.inject("redirect", location=f"{other.endpoint}/v3/x/jobs")
        async with waiter(dds) as w:
            await w.wait(dds.add_job(seconds=10))
        assert not other.requests


async def test_outcome_counts_seconds_and_polls(dds: Simulator) -> None:
    """An outcome contains how long was waited and how many polls got a reply."""
    job_id = dds.add_job(seconds=100, visible_after=0)
    ends: list[Ended] = []
    async with waiter(
        dds, on_event=lambda e: ends.append(e) if isinstance(e, Ended) else None
    ) as w:
        await w.wait(job_id)
    outcome = ends[0].outcome
    assert outcome.polls == asked(dds, job_id)
    assert 100 <= outcome.waited <= 112


async def test_settings_of_the_environment(dds: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiter.from_env() takes endpoint, project and credentials from the environment."""
    monkeypatch.setenv("DDSWAIT_ENDPOINT", dds.endpoint)
    monkeypatch.setenv("HW_PROJECT_ID", dds.project_id)
    monkeypatch.setenv("HW_AUTH_TOKEN", dds.token)
    async with Waiter.from_env(interval=5) as w:
        assert (await w.wait(dds.add_job(seconds=10))).status == "Completed"
