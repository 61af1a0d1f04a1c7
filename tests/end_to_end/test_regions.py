"""A waiter and the replies of different regions and gateways, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from ddswait import AccessKey, InstanceNotReady, Job, JobNotFound, Password, Refused, Token, Waiter
from ddswait.events import Event, Progressed
from ddswait.simulator import Dialect, Simulator


@pytest_asyncio.fixture(params=[200, 400, 404])
async def region(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    """Every form of a missing instance that regions have."""
    dialect = Dialect(missing_instance=request.param)
    async with Simulator(visible_after=0.0, dialect=dialect) as simulator:
        yield simulator


@pytest_asyncio.fixture
async def dds() -> AsyncIterator[Simulator]:
    async with Simulator(visible_after=0.0) as simulator:
        yield simulator


def waiter(dds: Simulator, **settings: Any) -> Waiter:
    return Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=Token(dds.token), **settings
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_deletion_needs_no_instance(region: Simulator) -> None:
    """Its instance is gone, and so it is as ready as it will be, in every region."""
    job_id = region.add_job(name="Delete_MongoDB", seconds=30)
    instance_id = region.plans[job_id].instance_id
    region.add_job(name="Delete_MongoDB", seconds=30, instance_id=instance_id, vanishes=True)
    async with waiter(region) as w:
        assert (await w.wait(job_id, ready=True)).status == "Completed"
    assert region.statuses.keys() == {200, region.dialect.missing_instance}


async def test_new_instance_that_is_listed_late_is_waited_for(region: Simulator) -> None:
    """It is missing at first, which is no reason to give up, in every region."""
    region.listed_after = 300.0
    begin = now()
    async with waiter(region) as w:
        job = await w.wait(region.add_job(seconds=100), ready=True)
    assert job.status == "Completed"
    assert now() - begin >= 300


async def test_instance_that_stays_missing_is_not_ready(region: Simulator) -> None:
    """At the deadline, with what was looked for, in every region."""
    region.listed_after = 1e9
    async with waiter(region, timeout=200) as w:
        with pytest.raises(InstanceNotReady, match="no instance has this ID"):
            await w.wait(region.add_job(seconds=100), ready=True)
    assert now() >= 200


@pytest.mark.parametrize("code", ["DBS.201028", "DBS.200604"])
async def test_refusal_of_one_instance_ends_one_wait(dds: Simulator, code: str) -> None:
    """An instance that does not exist or belongs to others says nothing about the rest."""
    dds.refused_instances["i"] = code
    async with waiter(dds) as w:
        refused = w.track(dds.add_job(seconds=10, instance_id="i"), ready=True)
        other = w.track(dds.add_job(seconds=100), ready=True)
        with pytest.raises(InstanceNotReady, match=code):
            await refused
        assert (await other).status == "Completed"


async def test_instance_of_the_job_decides_and_not_the_first_of_the_reply(dds: Simulator) -> None:
    """Another one that is ready may come first."""
    dds.dialect.lists_another = True
    dds.settle_seconds = 200.0
    begin = now()
    async with waiter(dds) as w:
        await w.wait(dds.add_job(seconds=100), ready=True)
    assert now() - begin >= 300


@pytest.mark.parametrize(
    ("status", "actions", "word"),
    [
        ("frozen", [], "frozen"),
        ("FROZEN", [], "FROZEN"),
        ("normal", ["FROZEN"], "FROZEN"),
        ("normal", ["RESTORE_FAILED_HANGUP"], "RESTORE_FAILED_HANGUP"),
        ("createfail", [], "createfail"),
    ],
)
async def test_state_that_no_waiting_changes_ends_the_wait(
    dds: Simulator, status: str, actions: list[str], word: str
) -> None:
    """At once, and the message says which."""
    dds.instance_status["i"], dds.instance_actions["i"] = status, actions
    async with waiter(dds) as w:
        with pytest.raises(InstanceNotReady, match=word):
            await w.wait(dds.add_job(seconds=100, instance_id="i"), ready=True)
    assert now() < 200


async def test_failed_restoration_hangs_for_good(dds: Simulator) -> None:
    """A later job of the same instance completes, and the instance still needs help."""
    dds.add_job(name="Restore_MongoDB", seconds=150, fails="no space", instance_id="i")
    async with waiter(dds) as w:
        with pytest.raises(InstanceNotReady, match="RESTORE_FAILED_HANGUP"):
            await w.wait(dds.add_job(seconds=100, instance_id="i"), ready=True)


@pytest.mark.parametrize("count", [1, 40])
async def test_odd_spelling_changes_nothing(dds: Simulator, count: int) -> None:
    """IDs, status words and percentages in another spelling, in single polls and in lists."""
    dds.dialect.is_odd = True
    ids = [dds.add_job(seconds=100 + number) for number in range(count)]
    events: list[Event] = []
    async with waiter(dds, on_event=events.append) as w:
        jobs = [w.track(each, ready=True) for each in ids]
        assert [(await each).id for each in jobs] == ids
    progress = [event for event in events if isinstance(event, Progressed)]
    assert {each.job.progress for each in progress} - {None}
    assert {each.job_id for each in progress} <= set(ids)
    if count > 1:  # jobs that a list shows are hardly polled while they run
        polls = [each for each in dds.requests if each.path.endswith("/jobs") and each.job_id]
        assert len(polls) < 2 * count


@pytest.mark.parametrize(
    "dialect",
    [
        {"without_headers": ("Date", "Content-Type", "X-Request-Id", "Server")},
        {"header_case": "lower"},
        {"header_case": "upper"},
    ],
)
async def test_headers_of_gateways_differ(dds: Simulator, dialect: dict[str, Any]) -> None:
    """What is missing or written differently costs no wait and no token, which is a header too."""
    dds.dialect.change(dialect)
    login = Password(dds.user, dds.password, dds.domain, dds.endpoint, dds.region)
    async with Waiter(endpoint=dds.endpoint, auth=login) as w:
        ids = [dds.add_job(seconds=100 + number) for number in range(20)]
        outcomes = await w.wait_all(ids, ready=True)
    assert {outcome.kind for outcome in outcomes} == {"completed"}


async def test_retry_after_may_be_a_time(dds: Simulator) -> None:
    """The next poll comes no earlier, by the clock of the server."""
    dds.dialect.retry_after_is_date = True
    dds.inject("error", retry_after="120")
    async with waiter(dds) as w:
        await w.wait(dds.add_job(seconds=1))
    first, second = (each.at for each in list(dds.requests)[:2])
    assert 119 <= second - first < 140


async def test_policy_that_denies_is_no_bad_key(dds: Simulator) -> None:
    """The message says what to ask for, and does not send the user to look at AK and SK."""
    dds.inject("error", count=None, status=401, code="DBS.280064", message="denied by a policy")
    auth = AccessKey(dds.access_key, dds.secret_key)
    async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as w:
        with pytest.raises(Refused, match="denied by a policy") as caught:
            await w.wait(dds.add_job())
    assert "check AK and SK" not in str(caught.value)
    assert "ask for the permission" in str(caught.value)


@pytest.mark.parametrize("gateway", ["APIGW", "APIG"])
async def test_gateways_number_their_errors_alike(dds: Simulator, gateway: Any) -> None:
    """Whatever the codes begin with: a limit is learned, a refused token is named."""
    dds.dialect.gateway = gateway
    dds.inject("throttle", limit="policy ip over ratelimit,limit:5,time:1 minute")
    async with waiter(dds) as w:
        await w.wait(dds.add_job(seconds=1))
        assert "5/60 s" in repr(w)
        dds.revoke()
        with pytest.raises(Refused, match="get a new token"):
            await w.wait(dds.add_job())


@pytest.mark.parametrize("without", [(), ("Date",)])
async def test_wrong_clock_is_named_with_and_without_a_date(
    dds: Simulator, without: tuple[str, ...]
) -> None:
    """Some gateways send no Date; their message says that the signature expired."""
    dds.dialect.without_headers = without
    auth = AccessKey(
        dds.access_key, dds.secret_key, clock=lambda: datetime.now(UTC) - timedelta(hours=1)
    )
    async with Waiter(endpoint=dds.endpoint, project_id=dds.project_id, auth=auth) as w:
        with pytest.raises(Refused, match="clock is off by more than 15 minutes"):
            await w.wait(dds.add_job())


async def test_kind_of_task_that_the_api_does_not_show_is_a_cause(dds: Simulator) -> None:
    """Its ID is never known: the message lists this cause beside the others."""
    async with waiter(dds, grace=30) as w:
        with pytest.raises(JobNotFound) as caught:
            await w.wait(dds.add_job(name="Delete_MongoDB", visible_after=1e9))
    for cause in ("not be visible yet", "older than a month", "another project", "mistyped"):
        assert cause in str(caught.value)
    assert "of a kind of task that this API does not show" in str(caught.value)


@pytest.mark.parametrize("status", [200, 400, 404])
async def test_new_job_is_waited_for_until_it_is_visible(dds: Simulator, status: Any) -> None:
    """Whatever a region says meanwhile."""
    dds.dialect.unknown_job = status
    async with waiter(dds) as w:
        job = await w.wait(dds.add_job(seconds=100, visible_after=20))
    assert job.status == "Completed"


async def test_deletion_that_was_seen_and_vanishes_has_completed(region: Simulator) -> None:
    """The API forgets the task when the instance is gone; the message says so."""
    job_id = region.add_job(name="Delete_MongoDB", seconds=100, vanishes=True)
    async with waiter(region) as w:
        [outcome] = await w.wait_all([job_id], ready=True)
    assert isinstance(outcome.job, Job)
    assert outcome.kind == "completed"
    assert "deletion" in outcome.message
