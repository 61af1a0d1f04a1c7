"""ddswait.waiter: a label is the caller's name for a job, wherever the job is spoken of."""

import asyncio
import logging
import pickle
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

import ddswait
from ddswait.events import Ended, Event, PollFailed, Progressed
from ddswait.simulator import Simulator
from tests.runtime.waiters import waiter


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


async def test_error_in_a_task_group_says_which_of_twenty_failed(dds: Simulator) -> None:
    """Task, instance and label are in the message, so a traceback alone tells them."""
    ids = {f"shard-{number:02}": dds.add_job(seconds=900) for number in range(20)}
    ids["shard-07"] = dds.add_job(seconds=60, fails="no quota", instance_name="orders-db")

    async def wait_for_each() -> None:
        async with waiter(dds) as w, asyncio.TaskGroup() as group:
            for label, job_id in ids.items():
                group.create_task(w.wait(job_id, label=label))

    with pytest.raises(ExceptionGroup) as caught:
        await wait_for_each()
    (error,) = caught.value.exceptions
    assert isinstance(error, ddswait.JobFailed)
    assert str(error) == (
        f"shard-07 (CreateMongoDB of orders-db): job {ids['shard-07']} failed: no quota"
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (copy.label, copy.job_id, str(copy)) == ("shard-07", ids["shard-07"], str(error))


@pytest.mark.parametrize(
    ("label", "instance", "begins"),
    [
        ("", "orders-db", "CreateMongoDB of orders-db: job "),
        ("orders-db", "orders-db", "orders-db (CreateMongoDB): job "),
        ("orders", "", "orders (CreateMongoDB of {id}): job "),
    ],
)
async def test_message_says_nothing_twice(
    dds: Simulator, label: str, instance: str, begins: str
) -> None:
    """What is not known is left out, and so is an instance whose name is the label."""
    instance_id = "a" * 32 + "in02"
    job_id = dds.add_job(
        seconds=5, fails="no quota", instance_name=instance, instance_id=instance_id
    )
    async with waiter(dds) as w:
        with pytest.raises(ddswait.JobFailed) as caught:
            await w.wait(job_id, label=label)
    assert str(caught.value).startswith(begins.format(id=instance_id))


async def test_error_of_a_job_that_was_never_seen_begins_with_the_label(dds: Simulator) -> None:
    """Nothing else is known of it."""
    async with waiter(dds, grace=5) as w:
        with pytest.raises(ddswait.JobNotFound, match=r"^orders: job typo was not known"):
            await w.wait("typo", label="orders")


async def test_group_takes_a_label_for_each_job(dds: Simulator) -> None:
    """A mapping of labels to job IDs, as LABEL=ID on the command line."""
    jobs = {"orders": dds.add_job(seconds=20), "stock": dds.add_job(seconds=10, fails="x")}
    async with waiter(dds) as w:
        outcomes = await w.wait_all(jobs)
        order = [outcome.label async for outcome in w.as_completed(jobs)]
        # Without `orders`: which of two ended jobs is polled first is left to chance.
        both = {"slow": dds.add_job(), "stock": jobs["stock"]}
        pending = await w.wait_all(both, fail_fast=True)
    assert [(each.label, each.job_id) for each in outcomes] == list(jobs.items())
    assert sorted(order) == ["orders", "stock"]
    assert [(each.label, str(each.kind)) for each in pending] == [
        ("slow", "pending"),
        ("stock", "failed"),
    ]


async def test_each_caller_of_a_shared_job_has_a_label_of_their_own(dds: Simulator) -> None:
    """Outcome, future and callback have the label of their call; a call without one has none."""
    job_id = dds.add_job(seconds=10)
    called: list[str] = []
    async with waiter(dds) as w:
        futures = [
            w.track(job_id, label=label, callback=lambda outcome: called.append(outcome.label))
            for label in ("a", "", "b")
        ]
        assert [outcome.label for outcome in w.pending()] == ["a"]
    assert [future.label for future in futures] == ["a", "", "b"]
    assert [future.outcome.label for future in futures if future.outcome] == ["a", "", "b"]
    assert sorted(called) == ["", "a", "b"]


async def test_wait_for_an_instance_has_a_label(dds: Simulator) -> None:
    """After a job, and without one."""
    job_id = dds.add_job(seconds=10, instance_id="a" * 32 + "in02")
    async with waiter(dds) as w:
        after = w.track(job_id, ready=True, label="after")
        alone = w.track_instance("a" * 32 + "in02", label="alone")
        with pytest.raises(ddswait.JobNotFound, match=r"^none: instance nobody was not known"):
            await w.wait_for_instance("nobody", label="none", timeout=100)
        assert {outcome.label for outcome in w.pending()} <= {"after", "alone"}
    assert [each.outcome.label for each in (after, alone) if each.outcome] == ["after", "alone"]
    assert alone.outcome is not None
    assert alone.outcome.full_name == f"alone ({'a' * 32}in02)"


async def test_events_and_log_lines_name_the_label(
    dds: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Each event of the job, its outcome included, and each line has the label."""
    caplog.set_level(logging.DEBUG, "ddswait")
    seen: list[Event] = []
    plain, named = dds.add_job(seconds=300), dds.add_job(seconds=300)
    dds.inject("error", status=502, count=1, job_id=named)
    async with waiter(dds, on_event=seen.append) as w:
        w.track(plain)
        w.track(named, label="orders", ready=True)
    mine = [event for event in seen if event.job_id == named]
    assert {type(event) for event in mine} >= {PollFailed, Progressed, Ended}
    assert {event.label for event in mine} == {"orders"}
    assert {event.outcome.label for event in mine if isinstance(event, Ended)} == {"orders"}
    assert {event.label for event in seen if event.job_id != named} == {""}
    lines = [text for text in caplog.messages if named in text]
    assert len(lines) > 4
    assert all(" label=orders " in line for line in lines)
    assert not any("label=" in text for text in caplog.messages if plain in text)


async def test_invalid_label_is_refused_before_anything_is_sent(dds: Simulator) -> None:
    """It is quoted."""
    async with waiter(dds) as w:
        with pytest.raises(ddswait.InputError, match=r"label 'a\\nb'"):
            w.track("a", label="a\nb")
        with pytest.raises(ddswait.InputError, match=r"label 'a\\nb'"):
            w.track_instance("a", label="a\nb")
        assert w.pending() == []
    assert not dds.requests


async def test_waits_without_a_label_share_what_a_label_needs(dds: Simulator) -> None:
    """A job without a label costs no memory for one."""
    async with waiter(dds) as w:
        one, other, named = w.track("a"), w.track("b"), w.track("c", label="x")
        assert one._caller is other._caller is not named._caller
        await w.close()
