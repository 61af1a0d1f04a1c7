"""ddswait.wait_state and Waiter.track_all: a wait that another process can go on with."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from ddswait import (
    InputError,
    JobState,
    Outcome,
    OutcomeKind,
    Policy,
    Refusal,
    Token,
    Waiter,
    WaitState,
)
from ddswait.service.dds import SERVICE
from ddswait.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HELD = 1e6  # seconds of a job that does not end in a test


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0, job_seconds=60.0) as simulator:
        yield simulator


def waiter_of(dds: Simulator, service: str = "dds") -> Waiter:
    return Waiter(
        service=service,
        endpoint=dds.endpoint_of(service),
        project_id=dds.project_id,
        auth=Token(dds.token),
    )


def handed_over(state: WaitState) -> WaitState:
    """Return a state as another process gets it."""
    return WaitState.from_dict(json.loads(json.dumps(state.to_dict())))


def running(job_id: str) -> Any:
    record = {"id": job_id, "name": "Create_MongoDB", "status": "Running", "progress": "61%"}
    return SERVICE.read_record(record)


async def test_next_process_goes_on_with_what_is_open(dds: Simulator) -> None:
    """Ended jobs are not polled again, deadline and records are kept, every job has an outcome."""
    quick, bad = dds.add_job(seconds=5), dds.add_job(seconds=300, fails="no quota")
    slow = dds.add_job(seconds=300)
    labels = {"quick": quick, "bad": bad, "slow": slow}
    async with waiter_of(dds) as first:
        group = first.track_all(WaitState.begin(labels, timeout=600))
        async for outcome in group:
            assert outcome.job_id == quick
            break
        kept = group.state
    assert [each.label for each in kept.open] == ["bad", "slow"]
    state = handed_over(kept)
    before = dds.polls.copy()
    async with waiter_of(dds) as second:
        group = second.track_all(state)
        outcomes = await group.wait()
    assert [(each.label, str(each.kind)) for each in outcomes] == [
        ("quick", "completed"),
        ("bad", "failed"),
        ("slow", "completed"),
    ]
    assert dds.polls[quick] == before[quick] > 0
    assert dds.polls[slow] > before[slow] > 0
    assert state.deadline == kept.deadline == group.state.deadline
    assert group.decision == (True, False)


async def test_job_that_was_seen_has_vanished(dds: Simulator) -> None:
    """Unknown now: seen in the former life, so vanished; never seen, and its grace is over."""
    gone, never = (f"{digit * 8}-c209-4cac-629f-6fbed82c07cd" for digit in "ab")
    begun = WaitState.begin([gone, never], timeout=3600, now=time.time() - 300)
    seen = replace(begun.jobs[0], job=running(gone))
    state = replace(begun, jobs=(seen, begun.jobs[1]))
    async with waiter_of(dds) as waiter:
        outcomes = await waiter.track_all(handed_over(state)).wait()
    assert [each.kind for each in outcomes] == [OutcomeKind.VANISHED, OutcomeKind.NOT_FOUND]
    assert "last seen Running, 61 %" in outcomes[0].message
    assert "within 30" in outcomes[1].message
    assert all(each.waited >= 300 for each in outcomes)


async def test_deadline_that_has_passed_gets_one_last_poll(dds: Simulator) -> None:
    """A job that ended meanwhile is completed; one that runs has timed out, after one poll."""
    done, slow = dds.add_job(seconds=1), dds.add_job(seconds=HELD)
    await asyncio.sleep(2)
    state = WaitState.begin([done, slow], timeout=60, now=time.time() - 3600)
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(handed_over(state))
        outcomes = await group.wait()
    assert [str(each.kind) for each in outcomes] == ["completed", "timed_out"]
    assert [each.polls for each in outcomes] == [1, 1]
    assert group.state.deadline == state.deadline


async def test_resumed_wait_keeps_its_first_beginning(dds: Simulator) -> None:
    """First-tracked times, creation, and progress of a job that goes on are in the next state."""
    job_id = dds.add_job(seconds=HELD)
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(WaitState.begin([job_id], timeout=1e7, now=time.time() - 50))
        waiting = asyncio.create_task(group.wait())
        await asyncio.sleep(100)
        (entry,) = handed_over(group.state).jobs
        group.stop()
        (outcome,) = await waiting
    assert entry.job is not None
    assert entry.created_at is not None
    assert entry.tracked_at == pytest.approx(time.time() - 50, abs=40)
    assert entry.outcome is None
    assert (outcome.kind, outcome.job) == (OutcomeKind.PENDING, entry.job)
    (left,) = group.state.jobs  # the waits are cancelled, and what was known is kept
    assert left.created_at == pytest.approx(entry.created_at, abs=0.01)
    assert left.job == outcome.job


async def test_policy_decides_and_gives_the_rest_up(dds: Simulator) -> None:
    """One completed job is enough: the others are pending, and not polled any more."""
    quick, slow = dds.add_job(seconds=5), dds.add_job(seconds=HELD)
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(WaitState.begin([quick, slow]), Policy(1))
        outcomes = await group.wait()
        assert waiter.pending() == []
    assert [str(each.kind) for each in outcomes] == ["completed", "pending"]
    assert outcomes[1].polls
    assert group.decision == (True, True)
    assert [each.job_id for each in group.state.open] == [slow]


async def test_decided_state_polls_nothing(dds: Simulator) -> None:
    """What an earlier process decided is decided: every job has an outcome without a request."""
    quick, slow = dds.add_job(seconds=5), dds.add_job(seconds=HELD)
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(WaitState.begin([quick, slow]), Policy(1))
        await group.wait()
    before = len(dds.requests)
    async with waiter_of(dds) as waiter:
        again = waiter.track_all(handed_over(group.state), Policy(1))
        outcomes = await again.wait()
    assert [str(each.kind) for each in outcomes] == ["completed", "pending"]
    assert outcomes[1].message == "the job was not waited for in this run"
    assert len(dds.requests) == before


async def test_group_smaller_than_its_policy_is_refused(dds: Simulator) -> None:
    """Before anything is polled."""
    async with waiter_of(dds) as waiter:
        with pytest.raises(InputError, match="wait_for 2: there is 1 job only"):
            waiter.track_all(WaitState.begin(["a"]), Policy(2))
        with pytest.raises(InputError, match="wait_for 3: there are 2 jobs only"):
            await waiter.wait_all(["a", "b"], wait_for=3)
    assert not dds.requests


async def test_wait_all_has_the_policies_of_the_command_line(dds: Simulator) -> None:
    """`any` and N return when so many have completed, `fail_fast` when they cannot any more."""
    quick, quick2, slow = dds.add_job(seconds=5), dds.add_job(seconds=6), dds.add_job(seconds=HELD)
    bad = dds.add_job(seconds=5, fails="x")
    async with waiter_of(dds) as waiter:
        one = await waiter.wait_all([slow, quick], wait_for="any")
        two = await waiter.wait_all([slow, quick, quick2], wait_for=2)
        lost = await waiter.wait_all([slow, bad], wait_for=2, fail_fast=True)
    assert [str(each.kind) for each in one] == ["pending", "completed"]
    assert [str(each.kind) for each in two] == ["pending", "completed", "completed"]
    assert [str(each.kind) for each in lost] == ["pending", "failed"]


async def test_instances_and_readiness_are_handed_over(dds: Simulator) -> None:
    """An instance without a job, and a job whose instance is still busy, are waited for again."""
    first = dds.add_job(seconds=1, instance_id="i1in02")
    dds.add_job(seconds=HELD, instance_id="i1in02")
    begun = WaitState.begin([first], instances=["i1in02"], timeout=1e5, ready=True)
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(begun)
        waiting = asyncio.create_task(group.wait())
        await asyncio.sleep(60)
        state = handed_over(group.state)
        waiting.cancel()
        await waiter.close()
    assert (len(state.open), state.ready) == (2, True)
    assert [each.key for each in state.jobs] == [first, "instance:i1in02"]
    dds.add_job(seconds=1, instance_id="i1in02", job_id=list(dds.plans)[-1])
    async with waiter_of(dds) as waiter:
        outcomes = await waiter.track_all(state).wait()
    assert [each.ok for each in outcomes] == [True, True]
    assert outcomes[1].instance is not None


async def test_closing_the_waiter_ends_the_group(dds: Simulator) -> None:
    """Nobody waits for cancelled waits: the loop ends, and every outcome is pending."""
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(WaitState.begin([dds.add_job(seconds=HELD)]))
        waiting = asyncio.create_task(group.wait())
        await asyncio.sleep(1)
        await waiter.close()
        (outcome,) = await waiting
    assert outcome.kind is OutcomeKind.PENDING


async def test_leaving_the_loop_cancels_the_other_waits(dds: Simulator) -> None:
    """As with as_completed(): the block does not wait for them."""
    quick, slow = dds.add_job(seconds=5), dds.add_job(seconds=HELD)
    async with waiter_of(dds) as waiter:
        group = waiter.track_all(WaitState.begin([quick, slow], timeout=2 * HELD))
        async for outcome in group:
            assert outcome.job_id == quick
            break
    assert [str(each.kind) for each in group.outcomes] == ["completed", "pending"]


async def test_jobs_of_several_services_are_one_group(dds: Simulator) -> None:
    """Each waiter polls those of its service, and one policy decides all."""
    other = dds.add_job(seconds=HELD)
    jobs = (
        *WaitState.begin([dds.add_job(seconds=5)]).jobs,
        *WaitState.begin([dds.add_job(seconds=5, service="rds")], service="rds").jobs,
        *WaitState.begin([other]).jobs,
    )
    state = handed_over(replace(WaitState.begin([]), jobs=jobs))
    assert [each.service for each in state.jobs] == ["dds", "rds", "dds"]
    async with waiter_of(dds) as one, waiter_of(dds, "rds") as two:
        with pytest.raises(InputError, match="is of rds, but the waiter asks dds: make a waiter"):
            one.track_all(state)
        group = one.track_all(state, Policy(2), others=[two])
        outcomes = await group.wait()
    assert [str(each.kind) for each in outcomes] == ["completed", "completed", "pending"]
    assert [each.service for each in group.state.open] == ["dds"]


_times = st.floats(0, 4e9).map(lambda value: round(value, 3))
_labels = st.text(st.characters(categories=["L", "N"]), max_size=20)
_details = {"waited": _times, "polls": st.integers(0, 10**6)}


@st.composite
def job_states(draw: st.DrawFn, number: int) -> JobState:
    job_id = f"{number:08d}-c209-4cac-629f-6fbed82c07cd"
    of_instance = draw(st.booleans())
    label, tracked_at = draw(_labels), draw(_times)
    if of_instance:
        state = JobState(instance_id=f"i{number}in02", label=label, tracked_at=tracked_at)
    else:
        job = draw(st.none() | st.just(running(job_id)))
        created_at = draw(st.none() | _times)
        state = JobState(job_id, "", label, tracked_at, created_at, job)
    if draw(st.booleans()):
        return state
    final = [kind for kind in OutcomeKind if Outcome("x", kind).facts.is_final]
    details = {name: draw(values) for name, values in _details.items()}
    outcome = state.ended(draw(st.sampled_from(final)), draw(st.text()), **details)
    return replace(state, outcome=outcome, ended_at=draw(_times) or 1.0, ready=draw(st.booleans()))


@st.composite
def wait_states(draw: st.DrawFn) -> WaitState:
    jobs = tuple(draw(job_states(number)) for number in range(draw(st.integers(0, 5))))
    return WaitState(jobs, draw(_times), draw(st.none() | _times), draw(st.booleans()))


@given(wait_states())
def test_plain_form_is_the_same_state(state: WaitState) -> None:
    """Whatever a state holds, JSON keeps it."""
    assert handed_over(state) == state


@given(wait_states(), _times)
def test_no_time_of_a_resumed_state_is_in_the_future(state: WaitState, now: float) -> None:
    """A clock that was ahead makes no wait longer than its timeout, and no age negative."""
    resumed = state.resumed(now)
    assert all(each.tracked_at <= now for each in resumed.jobs)
    assert all(each.earlier(now).waited >= 0 for each in resumed.jobs)
    assert resumed.deadline <= state.deadline
    if state.timeout is not None:
        assert resumed.deadline <= now + state.timeout
    assert resumed.resumed(now) == resumed


def test_outcome_that_another_wait_may_change_is_open_again() -> None:
    """Only final outcomes are handed over."""
    jobs = []
    for number, kind in enumerate(OutcomeKind):
        job = JobState(f"{number:08d}-c209-4cac-629f-6fbed82c07cd")
        jobs.append(replace(job, outcome=job.ended(kind, "why"), ended_at=5.0))
    state = handed_over(WaitState(tuple(jobs), 10.0))
    kinds = [each.outcome.kind for each in state.jobs if each.outcome]
    assert kinds == [kind for kind in OutcomeKind if Outcome("x", kind).facts.is_final]
    assert len(state.open) == len(OutcomeKind) - len(kinds)


@pytest.mark.parametrize(
    "change",
    [
        {"form": "ddswait state, version 2"},
        {"form": None},
        {"deadline": "soon"},
        {"deadline": float("nan")},
        {"jobs": None},
        {"jobs": [7]},
        {"jobs": [{"id": "a b"}]},
        {"jobs": [{"id": "instance:a b", "label": ""}]},
    ],
)
def test_other_forms_are_refused(change: dict[str, Any]) -> None:
    """With an InputError, whatever is wrong: another version, a missing field, an invalid ID."""
    document = WaitState.begin(["a"], now=0.0).to_dict()
    assert WaitState.from_dict(document).jobs[0].job_id == "a"
    with pytest.raises(InputError, match="invalid state: "):
        WaitState.from_dict({**document, **change})


def test_job_twice_is_refused() -> None:
    """One job has one outcome."""
    document = WaitState.begin(["a"], now=0.0).to_dict()
    with pytest.raises(InputError, match="it lists a job twice"):
        WaitState.from_dict({**document, "jobs": document["jobs"] * 2})


@pytest.mark.parametrize(
    "bad", [{"jobs": "abc"}, {"jobs": ["a b"]}, {"timeout": 0}, {"timeout": -1}]
)
def test_state_begins_with_valid_ids_only(bad: dict[str, Any]) -> None:
    """As track() does, before anything is polled."""
    with pytest.raises(InputError):
        WaitState.begin(**{"jobs": ["a"], **bad})


def test_plain_form_of_an_outcome_is_json() -> None:
    """As `--output json` shows it, with the refusal and the record, and without the raw reply."""
    refusal = Refusal(403, "DBS.280032", "denied", "r1", hint="ask")
    outcome = Outcome("a", OutcomeKind.REFUSED, running("a"), "why", "c", refusal, 1.23456, 7)
    document = json.loads(json.dumps(outcome.to_dict()))
    assert (document["outcome"], document["waited_seconds"], document["polls"]) == (
        "refused",
        1.235,
        7,
    )
    assert document["refusal"]["error_code"] == "DBS.280032"
    assert (document["job"]["name"], document["job"]["progress"]) == ("CreateMongoDB", 61)
    assert "raw" not in document["job"]
