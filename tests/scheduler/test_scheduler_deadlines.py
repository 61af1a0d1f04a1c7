"""ddswait.scheduler: every deadline gets its last poll, and nothing is unreachable too early."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from ddswait.job import EarlierWait
from ddswait.outcome import OutcomeKind
from ddswait.scheduler.actions import Wait
from ddswait.scheduler.poll import Trouble
from ddswait.scheduler.poll_settings import LAST_POLL, PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.scheduler.scheduler import Scheduler
from ddswait.service.replies import Throttled, TransientFailure, UnknownJob
from tests.scheduler.shell import LOCATION, Reply, Shell, Still, completed, lasting, record, seen

TIMED_OUT, COMPLETED = OutcomeKind.TIMED_OUT, OutcomeKind.COMPLETED
REFUSES_FOR_TEN_MINUTES = Throttled("HTTP 429 too many requests", 600.0)


def kinds(shell: Shell) -> list[tuple[float, OutcomeKind]]:
    return [(round(at, 3), end.outcome.kind) for at, end in shell.ended]


def slow(seconds: float, latency: float) -> object:
    """Return a cloud whose jobs take `seconds`, and whose replies take `latency`."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        done = now + latency >= seconds
        return completed(job_id) if done else seen(record(job_id)), latency

    return cloud


def test_poll_that_a_new_deadline_finds_under_way_is_followed_by_a_last_one() -> None:
    """A caller who joins just after a poll left has a last poll at their own deadline."""
    shell = Shell(slow(5.0, 4.0))  # type: ignore[arg-type]
    shell.track("x", 3600.0, "me")
    shell.run(1.5)
    shell.track("x", 2.0, "you")
    shell.run(5.6)
    assert [at for at, _ in shell.polls] == [0.0, 3.5]
    assert kinds(shell) == [(5.5, TIMED_OUT)]
    shell.run()
    assert kinds(shell)[1][1] is COMPLETED


def test_poll_that_leaves_just_before_the_deadline_has_its_allowance() -> None:
    """A timeout shorter than the reply takes is long enough for a job that has completed."""
    shell = Shell(slow(0.0, 0.2))  # type: ignore[arg-type]
    shell.track("x", 0.1)
    shell.run()
    assert kinds(shell) == [(0.2, COMPLETED)]


def test_deadline_of_many_jobs_is_not_cut_short() -> None:
    """As many of 300 jobs as may leave within two seconds have a last poll, which is awaited."""
    shell = Shell(slow(99.5, 0.2), rate_limiter=RateLimiter(10, 1.0), random=Random(1))  # type: ignore[arg-type]
    for number in range(300):
        shell.track(f"job-{number:03}", 100.0)
    shell.run()
    found = [at for at, kind in kinds(shell) if kind is COMPLETED]
    assert len([at for at in found if at > 100.0]) >= 18
    assert max(at for at, _ in kinds(shell)) <= 100.0 + LAST_POLL + 1.0
    assert max(at for at, _ in shell.polls) <= 100.0 + LAST_POLL


def test_last_poll_goes_before_everything_else() -> None:
    """A thousand jobs under a limit of 200 in five minutes do not keep it back."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        if not now:
            return Throttled("too many requests", 0.0, 200, 300.0), 0.0
        return completed(job_id) if job_id == "hasty" and now > 50.0 else seen(record(job_id)), 0.0

    shell = Shell(cloud, rate_limiter=RateLimiter(10, 1.0))
    for number in range(1000):
        shell.track(f"job-{number}", 90_000.0)
    shell.run(10.0)
    shell.track("hasty", 120.0)
    shell.run(140.0)
    assert kinds(shell)[0][1] is COMPLETED
    assert kinds(shell)[0][0] <= 131.4  # the next request after the deadline


@pytest.mark.parametrize(
    "throttled",
    [
        REFUSES_FOR_TEN_MINUTES,
        Throttled("HTTP 429 too many requests", 0.0, 100, 86_400.0),
        Throttled("HTTP 429 too many requests"),
    ],
)
def test_429_does_not_take_the_last_poll_away(throttled: Throttled) -> None:
    """However long it asks to wait: the job has completed meanwhile."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        return (completed(job_id) if now else throttled), 0.0

    shell = Shell(cloud, rate_limiter=RateLimiter(10, 1.0))
    for number in range(5):
        shell.track(f"job-{number}", 20.0)
    shell.run()
    assert [kind for _, kind in kinds(shell)] == [COMPLETED] * 5
    assert kinds(shell)[-1][0] <= 20.0 + LAST_POLL


def test_service_that_only_throttles_is_asked_again_after_unreachable_after() -> None:
    """A 429 is an answer, so the wait goes on; its deadline names the throttling as the cause."""
    shell = Shell(
        lambda *_: (REFUSES_FOR_TEN_MINUTES, 0.0),
        PollSettings(location=LOCATION, unreachable_after=8.0),
        rate_limiter=RateLimiter(10, 1.0),
    )
    shell.track("x", 20.0)
    shell.run()
    assert [at for at, _ in shell.polls] == [0.0, 8.0, 16.0, 20.0]
    ((_, end),) = shell.ended
    assert end.outcome.kind is TIMED_OUT
    assert "too many requests" in end.outcome.message


def test_jobs_that_were_never_polled_say_so_and_why() -> None:
    """The limit that a 429 stated left no room for them, not even for a last poll."""
    shell = Shell(
        lambda *_: (Throttled("HTTP 429: limit:1,time:1 day", 0.0, 1, 86_400.0), 0.0),
        rate_limiter=RateLimiter(10, 1.0),
    )
    for name in "ab":
        shell.track(name, 20.0)
    shell.run()
    unpolled = next(end.outcome for _, end in shell.ended if end.outcome.polls == 0)
    assert "it was not polled" in unpolled.message
    assert "the last poll was not sent: HTTP 429: limit:1,time:1 day" in unpolled.message
    assert "visible" not in unpolled.message


def test_too_many_jobs_for_the_rate_are_told_so() -> None:
    """Of jobs that nobody polled, nothing is claimed."""
    shell = Shell(lasting(5000.0), rate_limiter=RateLimiter(1, 1.0))
    for number in range(200):
        shell.track(f"job-{number:03}", 30.0)
    shell.run()
    unpolled = [end.outcome.message for _, end in shell.ended if end.outcome.polls == 0]
    assert len(unpolled) > 100
    assert all(
        "it was not polled; the last poll was not sent: the rate" in text for text in unpolled
    )


def test_every_job_is_polled_within_an_interval_after_an_outage() -> None:
    """However long it lasted."""

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        down = 100.0 <= now < 500.0
        return (TransientFailure("HTTP 502") if down else seen(record(job_id))), 0.0

    shell = Shell(cloud, random=Random(1))
    for number in range(20):
        shell.track(f"job-{number}", 600.0)
    shell.run(510.0)
    assert {name for at, name in shell.polls if at >= 500.0} == {f"job-{n}" for n in range(20)}


def test_polls_that_are_throttled_again_and_again_are_not_unreachable() -> None:
    """Six 429s with figures, each of which is an answer."""
    answers = 0

    def cloud(job_id: str, now: float) -> tuple[Reply, float]:
        nonlocal answers
        answers += 1
        if answers <= 6:
            return Throttled("HTTP 429", 0.0, 200, 300.0), 0.0
        return (completed(job_id) if now > 3000.0 else seen(record(job_id))), 0.0

    shell = Shell(cloud, rate_limiter=RateLimiter(10, 1.0))
    shell.track("x", 7200.0)
    shell.run()
    assert kinds(shell)[0][1] is COMPLETED


def test_resumed_wait_goes_on_from_the_first_run() -> None:
    """A job that was seen before, and is unknown now, has vanished; its grace is over."""
    shell = Shell(lambda *_: (UnknownJob("DBS.200543"), 0.0))
    job = seen(record("x", progress=61)).job
    subscribers = shell.scheduler.subscribers
    shell._note(subscribers.subscribe("x", 3600.0, "me", 0.0, EarlierWait(300.0, job)))
    shell.run()
    ((_, end),) = shell.ended
    assert end.outcome.kind is OutcomeKind.VANISHED
    assert "last seen Running, 61 %" in end.outcome.message
    assert end.outcome.waited > 300.0


def test_nothing_is_polled_long_after_the_last_deadline() -> None:
    """Also when nothing could leave for a while."""
    shell = Shell(lasting(inf), rate_limiter=RateLimiter(1, 60.0))
    for name in "abcdef":
        shell.track(name, 30.0)
    shell.run()
    assert all(at <= 30.0 + LAST_POLL for at, _ in shell.polls)
    assert all(at <= 30.0 + LAST_POLL + 1.0 for at, _ in kinds(shell))


def test_throttling_that_has_passed_is_no_cause() -> None:
    """A last poll that finds no room an hour later is told about the rate."""
    throttled = [Throttled("HTTP 429 too many requests", 5.0)]
    shell = Shell(
        lambda job_id, _: (throttled.pop() if throttled else seen(record(job_id)), 0.0),
        rate_limiter=RateLimiter(1, 60.0),
    )
    for name in "abcd":
        shell.track(name, 3600.0)
    shell.run()
    causes = [end.outcome.message for _, end in shell.ended if "not sent" in end.outcome.message]
    assert causes
    assert all("too many requests" not in text.rpartition("not sent")[2] for text in causes)


def test_last_poll_that_is_too_late_is_not_forgotten_behind_one_that_moves_on() -> None:
    """The wait is ended at once, although the last poll before it was put off."""
    scheduler = Scheduler(
        PollSettings(unreachable_after=60.0), Still(), rate_limiter=RateLimiter(inf)
    )
    scheduler.subscribers.subscribe("fails", 100.0, "me", 0.0)
    scheduler.subscribers.subscribe("ends", 73.0, "me", 0.0)
    fails = scheduler.subscribers.jobs["fails"]
    fails.trouble, fails.unreachable_since, fails.last_at = Trouble(failures=2), 12.0, 72.0
    scheduler.queue.put_off(fails, 20.0)
    scheduler.queue.last.heard_at = 71.0  # others were answered, so it waits on
    wait = scheduler.next(75.5)
    assert isinstance(wait, Wait)
    assert wait.overdue
    (ended,) = scheduler.expire(75.5)
    assert ended.job_id == "ends"
