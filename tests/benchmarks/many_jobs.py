"""Many jobs under one rate limit: polls per job, lateness, refusals.

In virtual time, without sockets. The cloud replies at once, counts every request against its
limit as the gateway does, and serves lists where they are allowed.

    python -m tests.benchmarks.many_jobs [--quick | --brief] [--json]
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from ddswait.events import Ended
from ddswait.outcome import Refusal, Scope
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.poll_settings import PollSettings
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.scheduler.scheduler import Scheduler
from ddswait.scheduler.urgency import Urgency
from ddswait.service.dds import SERVICE
from ddswait.service.replies import JobPage, JobReply, JobSeen, Problem, Throttled
from ddswait.simulator.limits import Limit
from tests.benchmarks.goals import PERCENTS
from tests.benchmarks.oracle import GOALS
from tests.benchmarks.poll_times import history
from tests.benchmarks.table import Figure, Size, figure, main
from tests.benchmarks.workload import Run, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EPOCH = datetime(2021, 1, 1, tzinfo=UTC)
DATE = "Fri, 01 Jan 2021 00:00:00 GMT"


class Cloud:
    """Jobs that all began at second 0."""

    def __init__(self, jobs: Sequence[Run], limit: Limit | None, *, lists: bool) -> None:
        self.jobs = {f"job-{number:05}": run for number, run in enumerate(jobs)}
        self.limit = limit
        self.lists = lists
        self.requests = self.refused = self.listed = 0

    def record(self, job_id: str, now: float) -> dict[str, Any]:
        run = self.jobs[job_id]
        percent = run.percent(now)
        over = now >= run.seconds
        return {
            "id": job_id,
            "name": run.name,
            "status": "Completed" if over else "Running",
            "created": EPOCH.isoformat(),
            "ended": (EPOCH + timedelta(seconds=min(now, run.seconds))).isoformat(),
            "progress": "" if over or percent is None else f"{percent}%",
        }

    def answer(self, action: PollJob | ListJobs, now: float) -> JobReply | JobPage | Problem:
        self.requests += 1
        if self.limit is not None and self.limit.refusal(now):
            self.refused += 1
            return Throttled("429", 0.0, self.limit.count, self.limit.seconds)
        if isinstance(action, ListJobs):
            return self._page(action, now)
        return JobSeen(SERVICE.read_record(self.record(action.poll.job_id, now)), DATE)

    def _page(self, request: ListJobs, now: float) -> JobPage | Refusal:
        self.listed += 1
        if not self.lists:
            return Refusal(403, "DBS.280032", scope=Scope.OPERATION)
        if not request.running:
            return JobPage([], 0)
        alive = [job_id for job_id, run in self.jobs.items() if now < run.seconds]
        shown = alive[request.offset : request.offset + 100]
        return JobPage(
            [SERVICE.read_record(self.record(job_id, now)) for job_id in shown], len(alive)
        )


class Result(NamedTuple):
    """Of one run: per job, and in seconds."""

    polls: float
    lateness: float
    p99: float
    refused: int
    ended: int
    listed: int


def run(  # noqa: PLR0913 - the knobs of an experiment
    jobs: Sequence[Run],
    *,
    rate: str = "10/s",
    limit: Limit | None = None,
    lists: bool = True,
    past: int = 5,
    interval: float = 10.0,
) -> Result:
    cloud = Cloud(jobs, limit, lists=lists)
    scheduler = Scheduler(
        PollSettings(interval=interval),
        Random(5),
        rate_limiter=RateLimiter(*parse_rate(rate)),
        durations=history(past, 1.0, "0.35", Random(6)) if past else None,
    )
    for job_id in cloud.jobs:
        scheduler.subscribers.subscribe(job_id, 1e7, None, 0.0)
    now, late = 0.0, []
    while len(scheduler):
        action = scheduler.next(now)
        if isinstance(action, Wait):
            now = action.until
            continue
        assert isinstance(action, PollJob | ListJobs)
        events = scheduler.take(action, cloud.answer(action, now), now)
        ended = (event.job_id for event in events if isinstance(event, Ended))
        late += [now - cloud.jobs[job_id].seconds for job_id in ended]
    late.sort()
    return Result(
        cloud.requests / len(jobs),
        sum(late) / len(late),
        late[int(0.99 * (len(late) - 1))],
        cloud.refused,
        len(late),
        cloud.listed,
    )


@contextmanager
def due_order() -> Iterator[None]:
    """Let whoever has been due for longest go first."""
    usual = Urgency.span
    Urgency.span = lambda _, poll, urgency: (poll.due, poll.due + urgency)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Urgency.span = usual  # type: ignore[method-assign]


def mean(results: Sequence[Result]) -> Result:
    return Result(*(sum(each) / len(results) for each in zip(*results, strict=True)))


def together(counts: Sequence[int], intervals: Sequence[float]) -> Iterator[Figure]:
    print("jobs together, 60 requests a minute, 5 past jobs per name:")
    for count in counts:
        for kind in ("mix", "truthful", "absent"):
            tried = {
                interval: mean(
                    [
                        run(runs(count, "0.35", kind, Random(seed)), rate="60/m", interval=interval)
                        for seed in range(3)
                    ]
                )
                for interval in intervals
            }
            for interval, told in tried.items():
                print(
                    f"  {count:5} jobs, progress {kind:<9} interval {interval:3.0f}: "
                    f"{told.polls:6.2f} polls per job, lateness {told.lateness:6.2f} s, "
                    f"p99 {told.p99:5.1f} s"
                )
            if count in GOALS:
                print(f"        {beside_goal(tried, *GOALS[count])}")
                excess = min(over_goal(told, *GOALS[count]) for told in tried.values())
                yield figure(f"{count} jobs together, progress {kind}: cost / goal", [excess])


def over_goal(told: Result, polls: float, lateness: float) -> float:
    """Return the ratio of a result to a goal, in whichever of both it is worse."""
    return max(told.polls / polls, told.lateness / lateness)


def beside_goal(tried: Mapping[float, Result], polls: float, lateness: float) -> str:
    """Return how near the nearest of some results comes to a goal."""
    nearest = min(tried, key=lambda interval: over_goal(tried[interval], polls, lateness))
    by = over_goal(tried[nearest], polls, lateness)
    verdict = "reached" if by <= 1 else f"not reached, by a factor of {by:.2f} (see oracle)"
    return (
        f"goal {polls} polls and {lateness} s; nearest: interval {nearest:.0f} with "
        f"{tried[nearest].polls:.2f} polls and {tried[nearest].lateness:.2f} s: {verdict}"
    )


def limited(count: int) -> None:
    jobs = runs(count, "0.35", "mix", Random(8))
    for lists in (True, False):
        told = run(jobs, limit=Limit(200, 300.0), lists=lists)
        print(
            f"{count} jobs, 200 requests per 5 minutes, lists {'' if lists else 'not '}allowed: "
            f"{told.refused} x 429, {told.ended} ended, {told.polls:.2f} polls per job, lateness "
            f"mean {told.lateness:.1f} s, p99 {told.p99:.1f} s"
        )


def ratio_rule(count: int, limit: int) -> float:
    """Return our mean lateness, as a ratio to that of polling in due order."""
    jobs = runs(count, "0.35", "mix", Random(9))
    ours = run(jobs, rate="1000/s", limit=Limit(limit, 60.0), lists=False)
    with due_order():
        theirs = run(jobs, rate="1000/s", limit=Limit(limit, 60.0), lists=False)
    print(
        f"{count} jobs, limit of {limit} per minute learned, lists forbidden: {ours.refused} and "
        f"{theirs.refused} x 429; mean lateness, ratio rule / due order: {ours.lateness:.0f} s / "
        f"{theirs.lateness:.0f} s = {ours.lateness / theirs.lateness:.2f}; p99 "
        f"{ours.p99:.0f} s / {theirs.p99:.0f} s"
    )
    return ours.lateness / theirs.lateness


def measure(size: Size) -> Iterator[Figure]:
    is_full, is_quick = size is Size.FULL, size is Size.QUICK
    yield from together(
        (10,) if is_quick else (10, 100), (5.0, 10.0, 20.0, 40.0, 80.0) if is_full else (40.0,)
    )
    if size is not Size.BRIEF:
        limited(50 if is_quick else 1000)
    count = 50 if is_quick else 10_000 if is_full else 1_000
    for percent in PERCENTS:
        ratio = ratio_rule(count, count * percent // 100)
        yield figure(f"ratio rule / due order, {percent} polls a minute per 100 jobs", [ratio])


if __name__ == "__main__":
    main(measure)
