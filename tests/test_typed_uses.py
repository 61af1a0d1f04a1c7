"""The public API as type checkers see it: `assert_type` is checked by mypy, and holds in pyright.

Each test runs as well, so what the types say is true.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import assert_type

import pytest
import pytest_asyncio

import ddswait
from ddswait import events
from ddswait.simulator import Simulator
from tests.runtime.waiters import waiter


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


@pytest_asyncio.fixture
async def outcomes(dds: Simulator) -> list[ddswait.JobOutcome]:
    """One that completed, and one that did not."""
    async with waiter(dds) as w:
        found = await w.wait_all([dds.add_job(seconds=5), dds.add_job(seconds=5, fails="x")])
        assert_type(found, list[ddswait.CompletedOutcome | ddswait.NotCompletedOutcome])
        return found


async def test_job_is_known_where_the_outcome_is_ok(outcomes: list[ddswait.JobOutcome]) -> None:
    """`ok` tells both classes apart."""
    names = []
    for outcome in outcomes:
        if outcome.ok is True:
            assert_type(outcome, ddswait.CompletedOutcome)
            assert_type(outcome.job, ddswait.Job)
            names.append(outcome.job.name)
        else:
            assert_type(outcome, ddswait.NotCompletedOutcome)
            assert_type(outcome.job, ddswait.Job | None)
    assert names == ["Create_MongoDB"]


async def test_job_is_known_in_a_completed_outcome(outcomes: list[ddswait.JobOutcome]) -> None:
    """By isinstance()."""
    good, bad = outcomes
    assert isinstance(good, ddswait.CompletedOutcome)
    assert_type(good.job, ddswait.Job)
    assert_type(good.result(), ddswait.Job)
    assert good.result() is good.job
    assert isinstance(bad, ddswait.NotCompletedOutcome)
    with pytest.raises(ddswait.JobFailed):
        bad.result()
    assert all(isinstance(outcome, ddswait.Outcome) for outcome in outcomes)


async def test_job_is_known_in_a_pattern(outcomes: list[ddswait.JobOutcome]) -> None:
    """By match, which is complete with both classes."""

    def told(outcome: ddswait.JobOutcome) -> str:
        match outcome:
            case ddswait.CompletedOutcome(job=job):
                assert_type(job, ddswait.Job)
                return job.status
            case ddswait.NotCompletedOutcome(kind=kind):
                assert_type(kind, ddswait.OutcomeKind)
                return kind

    assert [told(outcome) for outcome in outcomes] == ["Completed", "failed"]


async def test_class_of_an_outcome_follows_its_kind(dds: Simulator) -> None:
    """A job that completed is not ok where its instance does not become ready."""
    job_id = dds.add_job(seconds=5, instance_id="a" * 32 + "in02")
    dds.instance_status["a" * 32 + "in02"] = "frozen"
    async with waiter(dds) as w:
        [outcome] = await w.wait_all([job_id], ready=True, timeout=100)
        assert (outcome.kind, type(outcome)) == ("not_ready", ddswait.NotCompletedOutcome)
        [outcome] = await w.wait_all([job_id])
        assert (outcome.kind, type(outcome)) == ("completed", ddswait.CompletedOutcome)
        alone = w.track_instance("a" * 32 + "in02", timeout=10)
        await asyncio.wait([alone])
        assert type(alone.outcome) is ddswait.Outcome


def handle(outcome: ddswait.Outcome) -> None:
    """Take every outcome: that of an instance too."""


async def handle_job(outcome: ddswait.JobOutcome) -> str:
    """Take the outcome of a job."""
    return outcome.job.name if outcome.ok is True else outcome.message


def on_event(event: events.Event) -> None:
    match event:
        case events.Progressed(job_id, job, previous):
            assert_type(job_id, str)
            assert_type(job.progress, int | None)
            assert_type(previous, ddswait.Job)
        case events.Ended(_, outcome):
            assert_type(outcome, ddswait.Outcome)
        case _:
            assert_type(event.label, str)


async def test_futures_know_what_they_hold(dds: Simulator) -> None:
    """Jobs, instances and groups of them, with any kind of callback."""
    job_id = dds.add_job(seconds=5, instance_id="a" * 32 + "in02")
    async with waiter(dds, on_event=on_event) as w:
        future = w.track(job_id, callback=handle, label="orders")
        w.track(job_id, callback=handle_job, ready=True)
        instance = w.track_instance("a" * 32 + "in02", callback=handle)
        assert_type(future, ddswait.JobFuture)
        async for event in w.events(job_id):
            assert_type(event, events.Event)
        assert_type(await future, ddswait.Job)
        assert_type(future.outcome, ddswait.CompletedOutcome | ddswait.NotCompletedOutcome | None)
        assert_type(await instance, ddswait.Instance)
        assert_type(instance.outcome, ddswait.Outcome | None)
        assert_type(await w.wait(job_id), ddswait.Job)
        job, found = await asyncio.gather(w.wait(job_id), w.wait_for_instance("a" * 32 + "in02"))
        assert_type(job, ddswait.Job)
        assert_type(found, ddswait.Instance)
        assert_type(w.status(job_id), ddswait.Outcome | None)
        assert_type(w.pending(), list[ddswait.Outcome])
        async for outcome in w.as_completed({"orders": job_id}):
            assert_type(outcome, ddswait.CompletedOutcome | ddswait.NotCompletedOutcome)


def test_settings_of_from_env_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong type or a typo is found by type checkers, and at the call."""
    monkeypatch.setenv("HW_REGION_NAME", "eu-de")
    token = ddswait.Token("t")
    made = ddswait.Waiter.from_env(
        auth=token, project_id="p", timeout=60, rate="5/s", on_event=on_event, durations=None
    )
    assert_type(made, ddswait.Waiter)
    with pytest.raises(TypeError, match="timout"):
        ddswait.Waiter.from_env(auth=token, project_id="p", timout=60)  # type: ignore[call-arg]
    with pytest.raises(ddswait.InputError, match="timeout"):
        ddswait.Waiter.from_env(auth=token, project_id="p", timeout="60")  # type: ignore[arg-type]


def test_door_for_scripts_is_typed() -> None:
    """A list, a tuple, a generator or a mapping of job IDs; never None."""
    labels: Mapping[str, str] = {}
    assert_type(
        ddswait.wait_sync(
            labels, endpoint="https://dds.test", project_id="p", auth=ddswait.Token("t")
        ),
        list[ddswait.CompletedOutcome | ddswait.NotCompletedOutcome],
    )
    with pytest.raises(ddswait.InputError):
        ddswait.wait_sync(None)  # type: ignore[arg-type]
