"""ddswait.simulator.world: the state of the cloud, without HTTP and without an event loop."""

from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from ddswait.credentials.keys import AccessKey
from ddswait.service.replies import Request
from ddswait.simulator.signatures import Signed
from ddswait.simulator.world import Exchange, World

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    made = World(time=clock, epoch=EPOCH)
    made.start()
    return made


def by_token(token: str) -> Signed:
    return Signed("GET", "/", "", {"X-Auth-Token": token}, b"")


def test_time_begins_at_the_start_and_passes_at_its_speed(clock: Clock) -> None:
    """Simulated seconds are counted from the start; the wall time is that of the clients."""
    world = World(time=clock, speed=60.0, epoch=EPOCH)
    world.start()
    clock.seconds += 2.0
    assert world.now() == 120.0
    assert world.present() == world.wall_time(120.0) == EPOCH + timedelta(seconds=2)


def test_same_seed_makes_the_same_ids(clock: Clock) -> None:
    """IDs look like DDS's own, differ from one another, and can be made again."""
    first, second = World(time=clock), World(time=clock)
    job_id = first.add_job()
    assert [len(part) for part in job_id.split("-")] == [8, 4, 4, 4, 12]
    assert second.add_job() == job_id
    assert World(time=clock, seed=1).add_job() != job_id
    assert first.add_job() != job_id
    instance_id = first.plans[job_id].instance_id
    assert (len(instance_id), instance_id[-4:]) == (36, "in02")


def test_job_takes_what_it_is_not_told_from_the_world(world: World) -> None:
    """Length, visibility and reason of a job are the world's at its submission, unless given."""
    world.job_seconds, world.visible_after, world.fails = 7.0, 2.0, "no quota"
    plan = world.plans[world.add_job()]
    assert (plan.seconds, plan.visible_after, plan.fail_reason) == (7.0, 2.0, "no quota")
    plan = world.plans[world.add_job("mine", seconds=0.0, visible_after=0.0, fails="disk full")]
    assert (plan.job_id, plan.seconds, plan.visible_after) == ("mine", 0.0, 0.0)
    assert plan.fail_reason == "disk full"


@pytest.mark.parametrize(("fails", "status"), [(None, "Completed"), ("disk full", "Failed")])
def test_held_job_ends_when_it_is_released(
    world: World, clock: Clock, fails: str | None, status: str
) -> None:
    """However short it is, a held job runs until its release, which may let it fail."""
    job_id = world.add_job(seconds=1.0, held=True)
    clock.seconds += 1e6
    assert world.plans[job_id].status_at(world.now()) == "Running"
    world.release(job_id, fails=fails)
    plan = world.plans[job_id]
    assert (plan.status_at(world.now()), plan.ends, plan.fail_reason) == (status, 1e6, fails)


def test_release_of_what_is_not_held(world: World) -> None:
    """An unknown ID and a job that ends by itself cannot be released."""
    with pytest.raises(KeyError, match="nobody"):
        world.release("nobody")
    with pytest.raises(ValueError, match="is not held"):
        world.release(world.add_job())


def test_instance_shows_the_status_that_a_test_sets(world: World, clock: Clock) -> None:
    """The status of an instance that is there can be set; its actions stay what they are."""
    world.settle_seconds = 10.0
    world.add_job(instance_id="i", seconds=5.0)
    assert [world.instance(each) is not None for each in ("i", "other")] == [True, False]
    clock.seconds += 5.0
    world.instance_status["i"] = "frozen"
    found = world.instance("i")
    assert found is not None
    assert (found.status, found.actions) == ("frozen", ["CREATE"])


def test_token_expires(world: World, clock: Clock) -> None:
    """An issued token is accepted for as long as it lives; the first one lives for ever."""
    world.token_seconds = 100.0
    token, expires_at = world.issue_token()
    assert expires_at == EPOCH + timedelta(seconds=100)
    clock.seconds += 99.9
    assert world.refusal(by_token(token)) is None
    clock.seconds += 0.1
    assert world.refusal(by_token(token)) == "decrypt token fail"
    assert world.accepted_tokens[world.token] == inf


def test_tokens_are_revoked(world: World) -> None:
    """One token or all of them can be revoked; a token that nobody issued is refused."""
    token, _ = world.issue_token()
    world.revoke()
    assert [world.refusal(by_token(each)) for each in (token, world.token)] == [
        None,
        "decrypt token fail",
    ]
    world.revoke("nobody's")
    world.revoke_all()
    assert world.refusal(by_token(token)) == "decrypt token fail"
    assert world.refusal(Signed("GET", "/", "", {}, b"")) == "decrypt token fail"


def test_signature_counts_before_a_token(world: World) -> None:
    """A request with both is judged by its signature."""
    headers = {"X-Auth-Token": world.token, "Authorization": "Bearer t"}
    refusal = world.refusal(Signed("GET", "/", "", headers, b""))
    assert refusal == "authorization header is malformed"


def test_issued_keys_expire(world: World) -> None:
    """Each key is new and names its end."""
    world.key_seconds = 60.0
    first, second = world.issue_key(), world.issue_key()
    assert first.expires_at == EPOCH + timedelta(seconds=60)
    assert len({*first[:3], *second[:3]}) == 6


def test_every_limit_counts_every_request(world: World, clock: Clock) -> None:
    """A request that one limit refuses counts for the others as well."""
    world.limit(1, 10.0)
    world.limit(2, 3600.0, "ip")
    assert world.throttled() is None
    assert "policy user" in (world.throttled() or "")
    clock.seconds += 60.0
    assert "policy ip" in (world.throttled() or "")


def test_log_counts_statuses_and_keeps_the_last_requests(world: World) -> None:
    """The counts are complete; the requests are the last ones only."""
    for number in range(10_001):
        world.log(Exchange(number, "GET", "/", None, 200 + number % 2))
    assert world.statuses == {200: 5001, 201: 5000}
    assert (len(world.requests), world.requests[0].at) == (10_000, 1)


def test_world_shows_no_secret(world: World) -> None:
    """Neither its token nor its keys are in its repr, which pytest prints."""
    assert not any(each in repr(world) for each in (world.token, world.secret_key, world.password))


def test_signatures_are_compared_with_the_real_clock(clock: Clock) -> None:
    """A fast simulation has the wall time of its clients, who sign with it."""
    world = World(time=clock, speed=60.0, epoch=EPOCH)
    world.start()
    clock.seconds += 600.0
    key = AccessKey(
        world.access_key, world.secret_key, clock=lambda: EPOCH + timedelta(seconds=600)
    )
    headers = key.sign(Request("GET", "http://dds.test/v3/p/jobs?id=a"), {})
    headers |= {name.lower(): value for name, value in headers.items()}
    signed = Signed("GET", "/v3/p/jobs", "id=a", headers, b"")
    assert world.refusal(signed) is None
