"""ddswait.scheduler.scheduler: whole histories of many jobs, made by chance."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.events import Visible
from ddswait.job import JobPhase
from ddswait.outcome import OutcomeKind as Kind
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.poll_settings import LAST_POLL, PollSettings
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
    record,
    seen,
)

BAD_TOKEN = Refusal(
    401, "APIGW.0301", "bad token", "r", scope=Scope.EVERYTHING, refuses_credentials=True
)


def scheduler() -> Scheduler:
    return Scheduler(PollSettings(location=LOCATION), Still())


def test_stale_entries_are_removed() -> None:
    """Tracking and cancelling ten thousand jobs leaves no heap behind."""
    a = scheduler()
    for number in range(10_000):
        a.subscribers.subscribe(f"job-{number}", 100.0, number, 0.0)
        a.subscribers.unsubscribe(f"job-{number}", number)
    assert len(a.queue._delayed) < 200


def test_a_year_of_jobs() -> None:
    """Two hundred jobs through a year end, each once, without a loop and without a clock."""
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


@pytest.mark.parametrize("figures", [True, False])
def test_waiting_for_the_rate_limiter_makes_no_job_unreachable(figures: bool) -> None:
    """200 jobs under a limit of 20 a minute, stated or hidden, with failures: all complete."""
    limit, chance = Limit(20, 60.0), Random(1)

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        if limit.refusal(now):
            return Throttled("429", 0.0, *((20, 60.0) if figures else ())), 0.0
        if chance.random() < 0.05:
            return TransientFailure("HTTP 503"), 0.0
        over = now > 600.0
        return (completed(job_id) if over else seen(record(job_id))), 0.0

    shell = Shell(cloud, random=Random(2), rate_limiter=RateLimiter())
    for number in range(200):
        shell.track(f"job-{number}", 90_000.0)
    shell.run()
    assert Counter(end.outcome.kind for _, end in shell.ended) == {Kind.COMPLETED: 200}


def test_outage_ends_the_waits_in_time_though_few_polls_fit_in_flight() -> None:
    """200 jobs, 4 places, a server that is silent: waiting for a place counts as unreachable."""
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


# Few of these replies end a wait, so that histories are long.
STEPS = st.lists(st.tuples(REPLIES, st.sampled_from([0.0, 0.1, 3.0, 50.0])), min_size=1)


TRACKS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([5.0, 60.0, 61.0, 700.0, 3600.0])),
    min_size=1,
    max_size=5,
)


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
    action is later than now.
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
