"""ddswait.scheduler: many polls, no loop, no clock."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddswait.events import Ended, PollFailed, Progressed, Tracked, UnknownStatus, Visible
from ddswait.job import JobPhase
from ddswait.outcome import OutcomeKind as Kind
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.job_poll import JobPoll
from ddswait.scheduler.poll import LAST_POLL, PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.replies import JobSeen, Throttled, TransientFailure, UnknownJob
from ddswait.simulator.limits import Limit
from tests.scheduler.shell import (
    LOCATION,
    Reply,
    Shell,
    Still,
    completed,
    failed,
    lasting,
    page,
    record,
    seen,
)

BAD_TOKEN = Refusal(
    401, "APIGW.0301", "bad token", "r", scope=Scope.EVERYTHING, refuses_credentials=True
)


def scheduler() -> Scheduler:
    return Scheduler(PollSettings(location=LOCATION), Still())


def test_first_poll_is_at_once() -> None:
    """A job is polled when its tracking begins; two do not leave before one is answered."""
    a = scheduler()
    assert a.subscribers.subscribe("x", 100.0, "me", 5.0) == (Tracked("x"),)
    (poll,) = a
    assert isinstance(poll, JobPoll)
    action = a.next(5.0)
    assert isinstance(action, PollJob)
    assert (action.poll, action.credentials, action.sent_at) == (poll, 0, 5.0)
    assert isinstance(a.next(5.0), Wait)


def test_nothing_to_poll_is_a_rest_for_ever() -> None:
    """An empty scheduler has nothing due."""
    assert scheduler().next(0.0) == Wait(float("inf"))
    assert scheduler().due() == float("inf")


def test_one_job_from_door_to_door() -> None:
    """A job becomes visible, progresses and completes; each is told once, with exact times."""
    shell = Shell(lasting(20.0, visible_after=2.0))
    me = shell.track("x")
    shell.run()
    told = [(at, type(event).__name__) for at, event in shell.log]
    # Unknown at 0, 0.5 and 1.5; visible at 3.5, then sqrt((600 + age) / 10) + 0.025 apart.
    assert [round(at, 3) for at, kind in told if kind == "PollJob"] == [
        0.0, 0.5, 1.5, 3.5, 11.294, 19.137, 27.031,
    ]  # fmt: skip
    assert [kind for _, kind in told if kind != "PollJob"] == [
        "Tracked", "Visible", "Progressed", "Ended",
    ]  # fmt: skip
    ((_, end),) = shell.ended
    assert (end.outcome.kind, end.outcome.polls, end.subscribers) == (Kind.COMPLETED, 7, (me,))
    assert len(shell.scheduler) == 0


def test_progress_is_told_when_it_changes_only() -> None:
    """The same status and progress twice is no news."""
    a = scheduler()
    a.subscribers.subscribe("x", 1000.0, "me", 0.0)
    kinds = []
    for now, progress in ((0.0, 5), (10.0, 5), (20.0, 6)):
        action = a.next(now)
        assert isinstance(action, PollJob)
        events = a.take(action, seen(record("x", progress=progress)), now)
        kinds.append([type(event) for event in events])
    assert kinds == [[Visible], [], [Progressed]]


def test_two_versions_write_the_same_progress() -> None:
    """A list's `60` is what a single poll's `60%` is: no news, and nothing learned of the end."""
    a = scheduler()
    a.subscribers.subscribe("x", 1000.0, "me", 0.0)
    first = a.next(0.0)
    assert isinstance(first, PollJob)
    a.take(first, seen(record("x", progress=60), "Fri, 01 Jan 2021 00:00:00 GMT"), 0.0)
    request = ListJobs(running=True, offset=0, moment=0.0, cut_at=30.0, poller=a._lists)
    for now, progress, told in ((5.0, "60", 0), (10.0, "61", 1), (15.0, "rubbish", 1)):
        a._lists.planner.begin("x")
        events = a.take(request, page([{**record("x"), "progress": progress}], 1), now)
        assert sum(isinstance(event, Progressed) for event in events) == told
        assert (first.poll.estimate is not None) == (progress == "61")


@pytest.mark.parametrize("left", [True, False])
def test_job_that_was_cancelled_or_polled_is_no_newcomer(left: bool) -> None:
    """One new job is polled singly, whatever became of others that were new."""
    a = scheduler()
    a._lists._past_due = float("inf")
    for now, name in ((0.0, "x"), (1.0, "y")):
        a.subscribers.subscribe(name, 1000.0, name, now)
        ask = a.next(now)
        assert isinstance(ask, PollJob)
        good = seen(record("x"), "Fri, 01 Jan 2021 00:00:00 GMT")
        a.take(ask, good if name == "x" or left else TransientFailure("HTTP 503"), now)
    a.subscribers.subscribe("b", 1000.0, "b", 2.0)
    if left:
        a.subscribers.subscribe("c", 1000.0, "c", 2.0)
        a.subscribers.unsubscribe("c", "c")
    ask = a.next(2.0)
    assert isinstance(ask, PollJob)


def test_undocumented_status_is_told_once() -> None:
    """However many jobs show it."""
    shell = Shell(lambda job_id, now: (seen(record(job_id, "Queued")), 0.0))
    for name in "abc":
        shell.track(name)
    shell.run(until=100)
    assert sum(isinstance(event, UnknownStatus) for _, event in shell.log) == 1


def test_subscribers_share_one_stream_and_one_ending() -> None:
    """Ten subscribers of a job are one stream of polls, and end together."""
    shell = Shell(lasting(50.0))
    subscribers = tuple(shell.track("x") for _ in range(10))
    alone = Shell(lasting(50.0))
    alone.track("x")
    assert shell.run().polls == alone.run().polls
    ((_, end),) = shell.ended
    assert end.subscribers == subscribers


def test_each_subscriber_has_a_deadline() -> None:
    """Deadlines strike one by one, in order, each with a last poll; the job's stream goes on."""
    shell = Shell(lasting(100.0))
    late, soon, sooner = (shell.track("x", timeout) for timeout in (500.0, 60.0, 30.0))
    shell.run()
    ends = [(at, end.subscribers, end.outcome.kind) for at, end in shell.ended]
    assert ends[:2] == [(30.0, (sooner,), Kind.TIMED_OUT), (60.0, (soon,), Kind.TIMED_OUT)]
    assert ends[2][1:] == ((late,), Kind.COMPLETED)
    assert {30.0, 60.0} <= {at for at, _ in shell.polls}


def test_released_subscriber_hears_nothing_and_the_last_one_ends_the_poll() -> None:
    """Letting go in any order leaves the others; after the last there is nothing to ask."""
    shell = Shell(lasting(1000.0))
    first, second, third = (shell.track("x", timeout) for timeout in (50.0, 70.0, 60.0))
    shell.scheduler.subscribers.unsubscribe("x", second)
    shell.scheduler.subscribers.unsubscribe("x", first)
    shell.run(until=65)
    assert [end.subscribers for _, end in shell.ended] == [(third,)]
    assert len(shell.scheduler) == 0
    shell.scheduler.subscribers.unsubscribe("x", third)
    assert shell.scheduler.next(65.0) == Wait(float("inf"))


def test_reply_for_a_job_that_was_cancelled_is_ignored() -> None:
    """A late reply touches neither nothing nor a new poll of the same ID."""
    a = scheduler()
    a.subscribers.subscribe("x", 100.0, "me", 0.0)
    request = a.next(0.0)
    assert isinstance(request, PollJob)
    a.subscribers.unsubscribe("x", "me")
    a.subscribers.subscribe("x", 100.0, "you", 1.0)
    assert a.take(request, completed("x"), 1.0) == ()
    assert isinstance(a.next(1.0), PollJob)


def test_bad_credentials_are_polled_once() -> None:
    """However many jobs: one request, every wait refused, later ones without a request."""
    shell = Shell(lambda *_: (BAD_TOKEN, 0.5))
    for number in range(1000):
        shell.track(f"job-{number}")
    shell.run()
    assert len(shell.polls) == 1
    assert {end.outcome.kind for _, end in shell.ended} == {Kind.REFUSED}
    assert len(shell.ended) == 1000
    shell.track("another")
    assert len(shell.run().polls) == 1
    assert shell.ended[-1][1].outcome.refusal == BAD_TOKEN


def test_unanswered_probe_holds_back_the_others_for_two_seconds_only() -> None:
    """A first request that stalls does not stall the rest for its whole time."""
    shell = Shell(lambda job_id, now: (seen(record(job_id)), 30.0 if job_id == "a" else 0.0))
    for name in "abc":
        shell.track(name)
    shell.run(until=3)
    assert shell.polls == [(0.0, "a"), (2.0, "b"), (2.0, "c")]


def test_slow_refusals_are_two_at_the_most() -> None:
    """Until the credentials were accepted once, no more than two requests are under way."""
    shell = Shell(lambda *_: (BAD_TOKEN, 25.0))
    for number in range(100):
        shell.track(f"job-{number}")
    shell.run()
    assert [at for at, _ in shell.polls] == [0.0, 2.0]
    assert {(at, end.outcome.kind) for at, end in shell.ended} == {(25.0, Kind.REFUSED)}


def test_probes_that_tell_nothing_are_followed_by_others() -> None:
    """Two polls that stall are cut like any; then others go, one for each."""
    shell = Shell(lambda job_id, now: (seen(record(job_id)), 1e6 if now < 40 else 0.0))
    for name in "abcd":
        shell.track(name)
    shell.run(until=100)
    assert shell.polls[:4] == [(0.0, "a"), (2.0, "b"), (30.0, "c"), (32.0, "d")]
    assert {name for at, name in shell.polls if at >= 60} == set("abcd")


def test_lapse_ends_waits_that_could_not_even_ask() -> None:
    """With every place taken by stalled polls, a deadline still ends its wait."""
    shell = Shell(
        lambda job_id, now: (seen(record(job_id)), 1000.0 if now > 50 else 0.0),
        PollSettings(request_timeout=500.0, location=LOCATION),
        size=1,
    )
    shell.track("hog", 3000.0)
    waiting = shell.track("x", 100.0)
    shell.run(until=200)
    ends = {end.subscribers: at for at, end in shell.ended}
    assert 100.0 <= ends[waiting,] <= 100.0 + LAST_POLL + 2.0


def test_stale_entries_are_swept_out() -> None:
    """Tracking and letting go a million times leaves no heap behind."""
    a = scheduler()
    for number in range(10_000):
        a.subscribers.subscribe(f"job-{number}", 100.0, number, 0.0)
        a.subscribers.unsubscribe(f"job-{number}", number)
    assert len(a._queue._delayed) < 200


def test_a_year_of_many_jobs() -> None:
    """200 jobs through a year end, each once, without a loop and without a clock."""
    year = 365 * 86400.0
    chance = Random(1)
    lengths = {f"job-{number}": chance.uniform(60, 3600) for number in range(200)}
    starts = {name: chance.uniform(0, year) for name in lengths}

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        if chance.random() < 0.05:
            return TransientFailure("HTTP 502"), 1.0
        over = now >= starts[job_id] + lengths[job_id]
        done = completed(job_id)
        return (done if over else seen(record(job_id))), chance.uniform(0, 0.5)

    shell = Shell(cloud, random=Random(2))
    for name in sorted(starts, key=lambda name: starts[name]):
        shell.run(until=starts[name])
        shell.track(name, 7200.0)
    shell.run()
    assert len(shell.ended) == 200
    assert {end.outcome.kind for _, end in shell.ended} == {Kind.COMPLETED}
    late = [at - starts[end.job_id] - lengths[end.job_id] for at, end in shell.ended]
    assert max(late) < 60


def test_servers_clock_is_followed() -> None:
    """It is read again each minute, and taken over when it is off by more than some seconds."""
    a = scheduler()
    a.lists = False
    a.subscribers.subscribe("x", 90_000.0, "me", 0.0)
    ahead = []
    for now, date in (
        (0.0, "rubbish"),
        (10.0, "Fri, 01 Jan 2021 00:00:10 GMT"),
        (30.0, "Fri, 01 Jan 2021 02:00:30 GMT"),
        (80.0, "Fri, 01 Jan 2021 00:01:22 GMT"),
        (200.0, "rubbish"),
        (220.0, "Fri, 01 Jan 2021 02:03:40 GMT"),
    ):
        ask = a.next(now)
        assert isinstance(ask, PollJob)
        a.take(ask, seen(record("x"), date), now)
        ahead.append(a._context.clock.ahead and a._context.clock.ahead - 1609459200.0)
    assert ahead == [None, 0.0, 0.0, 0.0, 0.0, 7200.0]


@pytest.mark.parametrize("figures", [True, False])
def test_want_of_rate_limit_makes_no_job_unreachable(figures: bool) -> None:
    """500 jobs under a limit of 20 a minute, stated or hidden, in bad network: all complete."""
    limit, chance = Limit(20, 60.0), Random(1)

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        if limit.refusal(now):
            return Throttled("429", 0.0, *((20, 60.0) if figures else ())), 0.0
        if chance.random() < 0.05:
            return TransientFailure("HTTP 503"), 0.0
        over = now > 600.0
        return (completed(job_id) if over else seen(record(job_id))), 0.0

    shell = Shell(cloud, random=Random(2), rate_limiter=RateLimiter())
    for number in range(500):
        shell.track(f"job-{number}", 90_000.0)
    shell.run()
    assert Counter(end.outcome.kind for _, end in shell.ended) == {Kind.COMPLETED: 500}


def test_outage_ends_the_waits_in_time_though_few_polls_can_be_under_way() -> None:
    """200 jobs, 4 places, a server that is silent: waiting for a place is unreachable."""
    shell = Shell(lambda job_id, now: (seen(record(job_id)), 1000.0 if now > 50 else 0.0), size=4)
    for number in range(200):
        shell.track(f"job-{number}", 90_000.0)
    shell.run()
    assert Counter(end.outcome.kind for _, end in shell.ended) == {Kind.UNREACHABLE: 200}
    assert max(at for at, _ in shell.ended) < 4000


REPLIES = st.sampled_from(
    [
        lambda job_id: seen(record(job_id)),
        lambda job_id: seen(record(job_id, "Queued", 50)),
        lambda job_id: seen({**record(job_id), "name": None}),
        lambda job_id: seen({**record(job_id), "name": [], "progress": {}}),
        lambda job_id: seen(record(job_id), "Fri, 31 Dec 9999 23:59:59 GMT"),
        completed,
        failed,
        lambda _: UnknownJob("unknown"),
        lambda _: TransientFailure("HTTP 502"),
        lambda _: TransientFailure("HTTP 503", retry_after=40.0),
        lambda _: Throttled("slow down", limit=5, window=1.0),
        lambda _: Refusal(400, "DBS.200001", "bad parameter"),
        lambda _: BAD_TOKEN,
    ]
)
# Endings are rare in the list on purpose: `weights` repeats what keeps a wait going.
STEPS = st.lists(st.tuples(REPLIES, st.sampled_from([0.0, 0.1, 3.0, 50.0])), min_size=1)
TRACKS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([5.0, 60.0, 61.0, 700.0, 3600.0])),
    min_size=1,
    max_size=5,
)


@settings(max_examples=3 * settings().max_examples)
@given(steps=STEPS, tracks=TRACKS, seed=st.integers(0, 3), size=st.sampled_from([1, 2, 64]))
def test_whatever_the_cloud_says(
    steps: list[tuple[object, float]],
    tracks: list[tuple[str, float]],
    seed: int,
    size: int,
) -> None:
    """Each wait ends exactly once, and only for a reason.

    Never completed or failed unless the server said so of that very job; never by time before
    its deadline nor after the last poll's allowance; one poll per job at a time; the next
    request is later than now.
    """
    said: dict[str, set[object]] = {"a": set(), "b": set(), "c": set()}
    script = iter(steps * 50)

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        make, latency = next(script, (lambda _: TransientFailure("silence"), 0.0))
        reply: Reply = make(job_id)  # type: ignore[operator]
        said[job_id].add(reply.job.phase if isinstance(reply, JobSeen) else type(reply))
        return reply, latency

    shell = Shell(cloud, random=Random(seed), size=size)
    deadlines = {shell.track(name, timeout): (name, timeout) for name, timeout in tracks}
    shell.run()
    subscribers = [subscriber for _, end in shell.ended for subscriber in end.subscribers]
    assert sorted(map(id, subscribers)) == sorted(map(id, deadlines))
    for at, end in shell.ended:
        kind = end.outcome.kind
        for subscriber in end.subscribers:
            name, deadline = deadlines[subscriber]
            assert name == end.job_id
            assert at <= deadline + LAST_POLL + 2.0
            assert kind is not Kind.TIMED_OUT or at >= deadline
            assert kind is not Kind.UNREACHABLE or at >= 600.0
            assert kind is not Kind.NOT_FOUND or at >= 60.0
        assert kind is not Kind.COMPLETED or JobPhase.COMPLETED in said[end.job_id]
        assert kind is not Kind.FAILED or JobPhase.FAILED in said[end.job_id]
        was_seen = any(isinstance(e, Visible) and e.job_id == name for _, e in shell.log)
        assert kind is not Kind.NOT_FOUND or not was_seen
        assert kind is not Kind.VANISHED or was_seen
    for name in said:
        times = [at for at, asked in shell.polls if asked == name]
        assert times == sorted(set(times))


@given(steps=STEPS, tracks=TRACKS)
def test_histories_repeat(
    steps: list[tuple[object, float]], tracks: list[tuple[str, float]]
) -> None:
    """The same seed and the same replies give the same history, to the last bit."""

    def history() -> list[tuple[float, str]]:
        script = iter(steps * 20)

        def cloud(job_id: str, now: float) -> tuple[Reply, float]:
            make, latency = next(script, (lambda _: TransientFailure("silence"), 0.0))
            return make(job_id), latency  # type: ignore[operator]

        shell = Shell(cloud, random=Random(7))
        for name, timeout in tracks:
            shell.track(name, timeout)
        return shell.run().polls

    assert history() == history()


@pytest.mark.parametrize("reply", [TransientFailure("HTTP 502"), Throttled("slow")])
def test_failed_poll_is_told_with_its_pause(reply: Reply) -> None:
    """A failed poll is an event that says why, and when the next one is due."""
    a = scheduler()
    a.subscribers.subscribe("x", 1000.0, "me", 0.0)
    request = a.next(0.0)
    assert isinstance(request, PollJob)
    (event,) = a.take(request, reply, 0.0)
    assert event == PollFailed("x", reply.cause, 0.75)  # type: ignore[union-attr]
    assert a.next(0.1) == Wait(0.75)
    assert [type(e) for e in a.expire(0.2)] == []
    assert not isinstance(event, Ended)
