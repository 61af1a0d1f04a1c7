"""Waits of a trigger and of a sensor that pokes, in one process and without a deployment."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
)
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import GetXCom, XComResult
from structlog.testing import capture_logs

from ddswait import InputError, OutcomeKind, Policy, Token
from ddswait.airflow import DdsJobSensor, DdsJobTrigger, wait
from ddswait.airflow.batch import Batch
from ddswait.airflow.kept_state import (
    KeptState,
    packed_state,
    unpacked,
    unpacked_state,
)
from ddswait.airflow.task_log import TaskLog
from ddswait.scheduler.durations import Durations
from ddswait.simulator.faults import Fault
from tests.airflow.test_provider import Pushes

if TYPE_CHECKING:
    from ddswait.discovery import EnvSettings
    from ddswait.simulator import Simulator
    from ddswait.wait_group import WaitGroup
    from ddswait.wait_state import WaitState
    from tests.cloud_process import Cloud

TASK = SimpleNamespace(dag_id="dag", run_id="run", task_id="wait", map_index=2)
UNKNOWN = "00000001-c209-4cac-629f-6fbed82c07cd"


def now() -> float:
    return asyncio.get_running_loop().time()


class XComs:
    """The supervisor of a trigger, as far as it keeps the XComs of one task."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.written_at: list[float] = []
        self.written = 0
        self.seconds = 0.0
        self.is_down = False

    async def asend(self, message: Any) -> Any:
        names = {name: getattr(message, name) for name in vars(TASK)}
        assert names == vars(TASK)
        if self.is_down:
            raise OSError("the supervisor has gone")
        if isinstance(message, GetXCom):
            return XComResult(key=message.key, value=self.kept.get(message.key))
        self.written_at.append(now())
        await asyncio.sleep(self.seconds)
        self.written += 1
        self.kept[message.key] = message.value
        return None

    @property
    def ended(self) -> int:
        state = unpacked_state(self.kept["ddswait_state"])
        return len(state.jobs) - len(state.open)


@pytest.fixture
def xcoms(monkeypatch: pytest.MonkeyPatch) -> XComs:
    made = XComs()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


@pytest.fixture
def dds(virtual_dds_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A simulator with a connection that leads to it."""
    virtual_dds_simulator.visible_after = 0.0
    connect(monkeypatch, virtual_dds_simulator)
    return virtual_dds_simulator


def connect(monkeypatch: pytest.MonkeyPatch, dds: Simulator, **more: str) -> None:
    extra = {"project_id": dds.project_id, "token": dds.token, **more}
    fields = {"conn_type": "ddswait", "host": dds.endpoint, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_DDS", json.dumps(fields))


def trigger(batch: Batch, task: Any = TASK) -> DdsJobTrigger:
    made = DdsJobTrigger(batch.to_dict(), "dds")
    made.task_instance = task
    return made


async def event_of(trigger: DdsJobTrigger) -> dict[str, Any]:
    events = [event.payload async for event in trigger.run()]
    (event,) = events
    assert isinstance(event, dict)
    return event


def lines(logs: list[Any]) -> list[str]:
    return [each["event"] for each in logs]


# ---- the trigger


async def test_trigger_tells_how_its_jobs_ended(dds: Simulator, xcoms: XComs) -> None:
    """The event has their outcomes, the log a line for each change, and the XCom the state."""
    good, bad = dds.add_job(seconds=100), dds.add_job(seconds=200, fails="no quota")
    with capture_logs() as logs:
        event = await event_of(trigger(Batch.begin({"orders": good, "bills": bad}, timeout=600)))
    assert (event["status"], event["counts"]) == ("failed", {"completed": 1, "failed": 1})
    assert [each["label"] for each in event["outcomes"]] == ["orders", "bills"]
    log = lines(logs)
    assert log[0].startswith("waiting for 2 jobs, for up to ")
    assert f"orders ({good})  CreateMongoDB of dds-simulated: Running" in "\n".join(log)
    assert f"orders ({good})  completed" in log
    assert f"bills ({bad})  failed: no quota" in "\n".join(log)
    assert not [line for line in log if line.startswith("ddswait.")]
    assert [each["log_level"] for each in logs] == ["info"] * len(logs)
    assert xcoms.ended == 2
    assert "ddswait_outcomes" not in xcoms.kept


async def test_trigger_needs_no_longer_than_its_jobs(dds: Simulator, xcoms: XComs) -> None:
    """Only what ends within five seconds is held back."""
    job_id, began = dds.add_job(seconds=100), now()
    await event_of(trigger(Batch.begin([job_id], timeout=600)))
    (last,) = (each.at for each in list(dds.requests)[-1:])
    assert now() - began == pytest.approx(last, abs=0.5)
    assert xcoms.ended == 1


async def test_trigger_uses_the_arguments_of_its_batch(
    dds: Simulator, xcoms: XComs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service and the grace are those of the sensor, not those of the connection."""
    dds.service = "rds"
    connect(monkeypatch, dds)
    job_id, began = dds.add_job(seconds=30), now()
    batch = Batch.begin([job_id, "a" * 36], timeout=600, grace=300, service="rds")
    event = await event_of(trigger(batch))
    assert event["counts"] == {"completed": 1, "not_found": 1}
    assert 299 < now() - began < 310
    assert xcoms.ended == 2


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        ({"wait_for": "any"}, {"completed": 1, "failed": 1, "pending": 1}),
        ({"fail_fast": True}, {"failed": 1, "pending": 2}),
    ],
)
async def test_trigger_ends_when_its_policy_is_decided(
    dds: Simulator, xcoms: XComs, arguments: dict[str, Any], counts: dict[str, int]
) -> None:
    """The other jobs are pending, and polled no more."""
    plans: list[dict[str, Any]] = [{"held": True}, {"seconds": 20}, {"seconds": 9, "fails": "no"}]
    jobs = [dds.add_job(**plan) for plan in plans]
    event = await event_of(trigger(Batch.begin(jobs, timeout=600, **arguments)))
    assert event["counts"] == counts
    assert event["status"] == ("completed" if "completed" in counts else "failed")
    polls = dds.polls[jobs[0]]
    await asyncio.sleep(100)
    assert dds.polls[jobs[0]] == polls
    assert xcoms.ended == 3 - counts["pending"]


async def test_next_trigger_goes_on_and_leaves_no_task_behind(dds: Simulator, xcoms: XComs) -> None:
    """A job that had ended is not polled again; its outcome and the deadline stay."""
    early, late = dds.add_job(seconds=10), dds.add_job(seconds=300)
    batch = Batch.begin([early, late], timeout=600)
    first = asyncio.create_task(event_of(trigger(batch)))
    await asyncio.sleep(100)
    assert xcoms.ended == 1
    others = asyncio.all_tasks() - {asyncio.current_task(), first}
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert not [task for task in others if not task.done() and "airflow" in repr(task)]
    polls = dds.polls[early]
    with capture_logs() as logs:
        event = await event_of(trigger(batch))
    assert lines(logs)[0].startswith("waiting for 2 jobs, of which 1 ended before, for up to")
    assert event["counts"] == {"completed": 2}
    assert dds.polls[early] == polls
    assert unpacked_state(xcoms.kept["ddswait_state"]).deadline == batch.deadline


@pytest.mark.parametrize("kept", ["damaged", packed_state, None])
async def test_unusable_state_of_an_earlier_trigger_is_told(
    dds: Simulator, xcoms: XComs, kept: Any
) -> None:
    """The wait begins anew: whether the state is damaged, in another form, or out of reach."""
    batch = Batch.begin([dds.add_job(seconds=100)], timeout=600)
    xcoms.kept["ddswait_state"] = kept
    if kept is packed_state:
        xcoms.kept["ddswait_state"] = packed_state(batch.state())[:-8]
    xcoms.is_down = kept is None
    with capture_logs() as logs:
        event = await event_of(trigger(batch))
    assert event["counts"] == {"completed": 1}
    warnings = [each for each in logs if each["log_level"] == "warning"]
    what = (
        "cannot be read: the supervisor has gone" if kept is None else "is not used: it is damaged"
    )
    assert what in lines(warnings)[0]
    assert len(warnings) == (2 if kept is None else 1)  # one that it was not written


async def test_trigger_without_a_supervisor_waits_all_the_same(
    dds: Simulator, xcoms: XComs
) -> None:
    """`airflow dags test` gives a trigger no task: nothing is kept, and nobody complains."""
    batch = Batch.begin([dds.add_job(seconds=100)], timeout=600)
    with capture_logs() as logs:
        event = await event_of(trigger(batch, None))
    assert event["counts"] == {"completed": 1}
    assert not xcoms.kept
    assert {each["log_level"] for each in logs} == {"info"}


@pytest.mark.parametrize(
    ("count", "reason", "is_kept"), [(100, "no", False), (101, "no", True), (50, "額" * 900, True)]
)
async def test_outcomes_that_an_event_does_not_hold_are_kept(
    dds: Simulator, xcoms: XComs, count: int, reason: str, *, is_kept: bool
) -> None:
    """Because they are too many, or too long: the XCom then has each of them."""
    jobs = [dds.add_job(seconds=1, fails=reason) for _ in range(count)]
    event = await event_of(trigger(Batch.begin(jobs, timeout=600)))
    assert event["counts"] == {"failed": count}
    assert event["complete"] is not is_kept
    found = unpacked(xcoms.kept["ddswait_outcomes"]) if is_kept else event["outcomes"]
    assert [each["job_id"] for each in found] == jobs


async def test_log_of_many_jobs_has_a_line_a_minute(dds: Simulator, xcoms: XComs) -> None:
    """It counts what has ended, and what goes on."""
    jobs = [dds.add_job(seconds=30 if number else 200) for number in range(11)]
    with capture_logs() as logs:
        await event_of(trigger(Batch.begin(jobs, timeout=600)))
    found = lines(logs)
    assert len(found) == 4
    assert [line.split(";")[0] for line in found[1:]] == ["11 jobs: 1 running, 10 completed"] * 3
    assert f"next {jobs[0]}, " in found[1]
    assert xcoms.ended == 11


async def test_log_of_many_jobs_estimates_from_those_that_have_ended(
    dds: Simulator, xcoms: XComs
) -> None:
    """The last job shows no progress, and the ten others took 100 s."""
    jobs = [dds.add_job(seconds=100) for _ in range(10)]
    await asyncio.sleep(20)
    last = dds.add_job(seconds=200, progress="absent")
    with capture_logs() as logs:
        await event_of(trigger(Batch.begin([*jobs, last], timeout=600)))
    assert f"next {last}, ~" in lines(logs)[2]
    assert xcoms.ended == 11


async def test_log_of_many_jobs_counts_those_that_ended_before() -> None:
    """In the lines of the next triggerer."""
    written: list[str] = []
    state = Batch.begin([f"job-{number}" for number in range(11)], timeout=600).state()
    ended = [replace(each, outcome=each.ended(OutcomeKind.COMPLETED, "")) for each in state.jobs]
    state = replace(state, jobs=(*ended[:4], *state.jobs[4:]))
    with suppress(TimeoutError):
        await asyncio.wait_for(TaskLog(written.append, state, Durations()).every_minute(), 90.0)
    assert len(written) == 2
    assert "4 completed" in written[1]


async def test_invalid_rate_of_a_connection_is_told_by_the_event(
    dds: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task then fails for good, for no retry makes it valid."""
    connect(monkeypatch, dds, rate="5/w")
    event = await event_of(trigger(Batch.begin(["a"], timeout=60), None))
    assert event["status"] == "unusable"
    assert "invalid rate '5/w'" in event["message"]


# ---- what is kept


async def test_write_under_way_is_finished_before_the_event(dds: Simulator, xcoms: XComs) -> None:
    """The request is not cancelled when the last job ends."""
    xcoms.seconds = 30.0
    batch = Batch.begin([dds.add_job(seconds=5)], timeout=600)
    await event_of(trigger(batch))
    assert xcoms.written == len(xcoms.written_at) == 2
    assert xcoms.ended == 1


async def test_next_trigger_knows_which_jobs_were_seen(dds: Simulator, xcoms: XComs) -> None:
    """A job that was visible once is not taken for one that is new, though none has ended."""
    job_id = dds.add_job(held=True)
    first = asyncio.create_task(event_of(trigger(Batch.begin([job_id], timeout=600))))
    await asyncio.sleep(30)
    (kept,) = unpacked_state(xcoms.kept["ddswait_state"]).jobs
    assert kept.job is not None
    assert (kept.job.id, kept.outcome) == (job_id, None)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first


def kept_state() -> tuple[KeptState, list[str]]:
    complaints: list[str] = []
    return KeptState(TASK, complaints.append), complaints


async def test_state_is_saved_soon_and_seldom(xcoms: XComs) -> None:
    """At once after the first news; then not before half a second, or 20 times a slow write."""
    kept, _ = kept_state()
    state = Batch.begin(["a"], timeout=60).state()
    states: list[WaitState] = []

    def present() -> WaitState:
        states.append(state)
        return state

    saving = asyncio.create_task(kept.save_again_and_again(present))
    await asyncio.sleep(50.0)
    assert xcoms.written_at == []
    for _ in range(2):
        kept.soon()
        await asyncio.sleep(0.1)
    await asyncio.sleep(4.8)
    assert xcoms.written_at == [50.0, 50.5]
    xcoms.seconds = 1.0
    kept.soon()
    await asyncio.sleep(0.5)
    kept.soon()  # news while it is being written
    await asyncio.sleep(99.5)
    assert xcoms.written_at[2:] == [55.0, 76.0]
    kept.soon()
    await asyncio.sleep(0.5)
    kept.end()
    began = now()
    await asyncio.wait_for(saving, 60.0)
    assert now() - began == 0.5  # it ends with what it is writing
    assert len(states) == len(xcoms.written_at) == 5


async def test_end_waits_for_no_further_write(xcoms: XComs) -> None:
    """Neither without news, nor in the pause after a write."""
    for pause in (0.0, 5.0):
        kept, _ = kept_state()
        xcoms.seconds = pause
        saving = asyncio.create_task(
            kept.save_again_and_again(Batch.begin(["a"], timeout=60).state)
        )
        if pause:
            kept.soon()
            await asyncio.sleep(pause + 1.0)
        await asyncio.sleep(0)
        began = now()
        kept.end()
        await asyncio.wait_for(saving, 60.0)
        assert now() == began
    assert len(xcoms.written_at) == 1


async def test_lost_supervisor_is_complained_of_once(xcoms: XComs) -> None:
    """And once more after it was back."""
    kept, complaints = kept_state()
    state = Batch.begin(["a"], timeout=60).state()
    for is_down in (True, True, False, True):
        xcoms.is_down = is_down
        await kept.save(state)
    assert (
        complaints
        == [
            "the XCom 'ddswait_state' was not written: the supervisor has gone",
        ]
        * 2
    )


@pytest.mark.parametrize("text", ["", "x", "QUJD", "eJwDAAAAAAE=", "é"])
def test_damaged_state_is_refused(text: str) -> None:
    """As invalid input, whatever the damage."""
    with pytest.raises(InputError):
        unpacked_state(text)


# ---- pokes


def settings_for(dds: Simulator, batch: Batch, **more: Any) -> EnvSettings:
    found: Any = {
        "endpoint": dds.endpoint,
        "project_id": dds.project_id,
        "auth": Token(dds.token),
        **batch.settings,
        **more,
    }
    return found  # type: ignore[no-any-return]


async def poke(
    dds: Simulator, batch: Batch, state: WaitState | None = None, longest: float = 60.0, **more: Any
) -> WaitGroup:
    settings = settings_for(dds, batch, **more)
    return await wait.poll_once(state or batch.state(), batch.policy, settings, longest)


async def test_poke_polls_each_open_job_once(dds: Simulator) -> None:
    """Whether it is new, has made progress or not, is not visible yet, or cannot be polled."""
    dds.has_lists = False  # a list request may take the place of polls
    jobs = [dds.add_job(seconds=50, progress=each) for each in ("stuck", "truthful")]
    jobs += [dds.add_job(seconds=50, visible_after=1e6), dds.add_job(held=True)]
    batch = Batch.begin(jobs, timeout=600)
    state, began = batch.state(), now()
    for number in range(1, 4):
        if number == 2:
            dds.faults.add(Fault("error", count=1, status=502, job_id=jobs[3]))
        group = await poke(dds, batch, state)
        state = group.state
        assert [dds.polls[each] for each in jobs] == [number] * 4
        assert not group.decision.over
        assert now() - began < 1
        await asyncio.sleep(5)
        began = now()
    await asyncio.sleep(50)
    for number in range(4, 6):
        state = (await poke(dds, batch, state)).state
        assert [dds.polls[each] for each in jobs] == [4, 4, number, number]
    assert [bool(each.outcome) for each in state.jobs] == [True, True, False, False]


async def test_poke_leaves_to_the_next_what_it_cannot_poll_in_time(dds: Simulator) -> None:
    """Two jobs, and one request an hour: the poke ends after its time."""
    batch, began = Batch.begin([dds.add_job(), dds.add_job()], timeout=9000), now()
    group = await poke(dds, batch, longest=7.0, rate="1/h")
    assert now() - began == pytest.approx(7.0, abs=0.1)
    assert not group.decision.over
    assert sum(dds.polls.values()) == 1


@pytest.mark.parametrize("longest", [1.0, 60.0])
async def test_poke_waits_until_an_instance_is_confirmed(dds: Simulator, longest: float) -> None:
    """With `ready`, a job that has completed and its instance, or an instance alone."""
    ended, running = dds.add_job(seconds=1), dds.add_job(held=True)
    instance_id = dds.plans[ended].instance_id
    await asyncio.sleep(5)
    batch = Batch.begin([ended, running], [instance_id], timeout=600, ready=True)
    began = now()
    group = await poke(dds, batch, longest=longest)
    kinds = [each.kind for each in group.outcomes]
    assert kinds == [OutcomeKind.COMPLETED, OutcomeKind.PENDING, OutcomeKind.COMPLETED]
    assert 10 < now() - began < 11
    assert dds.polls[running] < 5


async def test_poke_does_not_wait_for_an_instance_that_is_busy(dds: Simulator) -> None:
    """It is polled once, and the next poke goes on."""
    dds.settle_seconds = 300
    ended = dds.add_job(seconds=1)
    await asyncio.sleep(5)
    batch, began = Batch.begin([ended], timeout=600, ready=True), now()
    group = await poke(dds, batch)
    assert now() - began < 1
    assert not group.decision.over
    await asyncio.sleep(300)
    assert (await poke(dds, batch, group.state)).decision.ok


async def test_poke_confirms_that_a_job_has_vanished(dds: Simulator) -> None:
    """A second poll misses it too: else no poke would ever decide."""
    job_id = dds.add_job(seconds=50, vanishes=True)
    batch = Batch.begin([job_id], timeout=600, grace=1.0)
    state = (await poke(dds, batch)).state
    await asyncio.sleep(60)
    long_ago = tuple(replace(each, tracked_at=each.tracked_at - 60) for each in state.jobs)
    group = await poke(dds, batch, replace(state, jobs=long_ago))
    assert [each.kind for each in group.outcomes] == [OutcomeKind.VANISHED]


async def test_poke_follows_its_policy(dds: Simulator) -> None:
    """One job that has completed is enough for `any`."""
    jobs = [dds.add_job(held=True), dds.add_job(seconds=1)]
    await asyncio.sleep(5)
    group = await poke(dds, Batch.begin(jobs, timeout=600, wait_for="any"))
    assert (group.decision.over, group.decision.ok) == (True, True)


def poking(monkeypatch: pytest.MonkeyPatch, cloud: Cloud, **arguments: Any) -> DdsJobSensor:
    extra = {"project_id": cloud.env["HW_PROJECT_ID"], "token": cloud.env["HW_AUTH_TOKEN"]}
    host = arguments.pop("host", cloud.endpoint)
    extra |= arguments.pop("extra", {})
    fields = {"conn_type": "ddswait", "host": host, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_DDS", json.dumps(fields))
    return DdsJobSensor(
        **{
            "task_id": "wait",
            "ddswait_conn_id": "dds",
            "deferrable": False,
            "poke_interval": 0,
            "timeout": 600,
            **arguments,
        }
    )


def test_sensor_pokes_until_its_jobs_have_ended(
    monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    """What has ended is logged once and polled no more; the last poke returns and pushes all."""
    first, second = cloud.held_job(), cloud.held_job()
    sensor, pushes = poking(monkeypatch, cloud, job_ids=[first, second]), Pushes()
    found = []
    with capture_logs() as logs:
        for ended in ("", first, second):
            if ended:
                cloud.end(ended)
            found.append(sensor.poke({"ti": pushes}))
    assert [each.is_done for each in found] == [False, False, True]
    assert [cloud.show(each)["polls"] for each in (first, second)] == [2, 3]
    assert found[-1].xcom_value["counts"] == {"completed": 2}
    outcomes = pushes.pushed["outcomes"]
    assert [each["job_id"] for each in outcomes] == [first, second]
    assert found[-1].xcom_value["outcomes"] == outcomes
    assert lines(logs) == [
        f"{first}  completed",
        f"{second}  completed",
        "2 waits: 2 completed",
    ]


def test_failed_job_fails_a_poke_for_good(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    """With the service and the policy of the sensor; the outcomes are pushed before."""
    failed, held = cloud.job(fails="no quota", service="rds"), cloud.held_job(service="rds")
    sensor = poking(
        monkeypatch,
        cloud,
        job_ids=[failed, held],
        fail_fast=True,
        service="rds",
        host=f"{cloud.endpoint}/rds",
    )
    pushes = Pushes()
    with pytest.raises(AirflowFailException, match=r"1 failed, 1 pending\n.* failed: .*no quota"):
        sensor.execute({"ti": pushes})
    assert [each["outcome"] for each in pushes.pushed["outcomes"]] == ["failed", "pending"]


def test_invalid_rate_of_a_connection_fails_a_poke_for_good(
    monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    """No retry makes it valid."""
    sensor = poking(monkeypatch, cloud, job_ids=["a"], extra={"rate": "5/w"})
    with pytest.raises(AirflowFailException, match="wait: invalid rate '5/w'"):
        sensor.execute({"ti": Pushes()})


@pytest.mark.parametrize(("interval", "longest"), [(0.1, 1.0), (30.0, 30.0)])
def test_poke_may_last_until_the_next_one(
    monkeypatch: pytest.MonkeyPatch, cloud: Cloud, interval: float, longest: float
) -> None:
    """And for a second at least."""
    seen = []

    def poll_once(_: WaitState, __: Policy, ___: EnvSettings, seconds: float) -> None:
        seen.append(seconds)
        raise InputError("seen")

    monkeypatch.setattr(wait, "poll_once", poll_once)
    sensor = poking(monkeypatch, cloud, job_ids=["a"], poke_interval=interval)
    with pytest.raises(AirflowFailException, match="wait: seen"):
        sensor.poke({"ti": Pushes()})
    assert seen == [longest]


@pytest.mark.parametrize(
    ("retry_on", "raised"), [([], AirflowSensorTimeout), (["timed_out"], AirflowException)]
)
def test_timeout_of_a_sensor_is_retried_only_if_the_user_says_so(
    retry_on: list[str], raised: type[Exception]
) -> None:
    """Airflow never retries its own timeout of a sensor."""

    class Waiting(DdsJobSensor):
        def poke(self, context: Any) -> Any:
            return False

    sensor = Waiting(
        task_id="wait", job_ids=["a"], timeout=1e-6, poke_interval=0, retry_on=retry_on
    )
    with pytest.raises(AirflowException) as caught:
        sensor.execute({"ti": Pushes()})
    assert type(caught.value) is raised
