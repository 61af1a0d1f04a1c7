"""When to poll: polls per job and lateness, ours against the peers' own schedules.

In virtual time, timeouts off, one job after the other: no rate limit and no lists. For each peer
our `interval` is chosen so that we poll no more often than it does; then the lateness is compared.

    python -m tests.benchmarks.poll_times [--quick | --brief] [--json]
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ddswait.scheduler import expected_end, poll_interval
from ddswait.scheduler.durations import Durations
from tests.benchmarks.table import Figure, Size, figure, main
from tests.benchmarks.workload import MEDIANS, Run, duration, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Score(NamedTuple):
    """Means over all jobs, and the 99th percentile of the lateness, in seconds."""

    polls: float
    lateness: float
    p99: float


def fixed(delay: float) -> Callable[[Random], Iterator[float]]:
    def delays(_: Random) -> Iterator[float]:
        while True:
            yield delay

    return delays


def google(random: Random) -> Iterator[float]:
    longest = 1.0
    while True:
        yield random.uniform(0, min(20.0, longest))
        longest = min(longest * 1.5, 1e6)


def terraform_sdk(_: Random) -> Iterator[float]:
    delay = 0.1
    while True:
        yield min(delay, 10.0)
        delay *= 2


def backoff_full_jitter(random: Random) -> Iterator[float]:
    longest = 1.0
    while True:
        yield random.uniform(0, min(60.0, longest))
        longest = min(longest * 2, 1e6)


PEERS: dict[str, Callable[[Random], Iterator[float]]] = {
    "botocore, azure: 30 s": fixed(30.0),
    "Terraform Huawei: 10 s": fixed(10.0),
    "KooCLI: 5 s": fixed(5.0),
    "google-api-core": google,
    "terraform-plugin-sdk": terraform_sdk,
    "backoff, full jitter, 60 s": backoff_full_jitter,
}


def score(jobs: Sequence[Run], schedule: Callable[[Run], tuple[int, float]]) -> Score:
    polls, late = zip(*map(schedule, jobs), strict=True)
    ranked = sorted(late)
    return Score(
        sum(polls) / len(jobs), sum(late) / len(jobs), ranked[int(0.99 * (len(ranked) - 1))]
    )


def of_peer(delays: Callable[[Random], Iterator[float]]) -> Callable[[Run], tuple[int, float]]:
    random = Random(7)

    def schedule(job: Run) -> tuple[int, float]:
        at, count = 0.0, 1
        for delay in delays(random):
            if at >= job.seconds:
                break
            at += delay
            count += 1
        return count, at - job.seconds

    return schedule


def ours(interval: float, past: Durations | None) -> Callable[[Run], tuple[int, float]]:
    """Poll as a job poll does: at once, then by the poll interval, with the progress shown."""
    random = Random(7)

    def schedule(job: Run) -> tuple[int, float]:
        known = past.of(job.name) if past else None
        at, count, shown, estimate = 0.0, 1, job.percent(0.0), None
        while at < job.seconds:
            percent = job.percent(at)
            if percent is not None and percent != shown:
                shown, estimate = percent, expected_end.estimate(at, percent)
            at += poll_interval.next_interval(interval, at, random, known, estimate)
            count += 1
        return count, at - job.seconds

    return schedule


def history(samples: int, factor: float, shape: str, random: Random) -> Durations:
    past = Durations()
    for name in MEDIANS:
        for number in range(samples):
            past.add(name, str(number), factor * duration(name, shape, random))
    return past


def no_more_polls(jobs: Sequence[Run], past: Durations | None, polls: float) -> tuple[float, Score]:
    """Return the shortest interval with which we poll no more often, and its score."""
    low, high = 0.5, 300.0
    for _ in range(8):
        middle = (low * high) ** 0.5
        if score(jobs, ours(middle, past)).polls > polls:
            low = middle
        else:
            high = middle
    return high, score(jobs, ours(high, past))


def against_peers(*, quick: bool) -> None:
    for shape in ("0.35",) if quick else ("0.35", "0.15", "0.5", "uniform", "pareto"):
        for kind in (
            ("absent", "mix") if quick else ("absent", "mix", "truthful", "stuck", "staged")
        ):
            random = Random(1)
            jobs = runs(_count(shape, quick=quick), shape, kind, random)
            past = history(5, 1.0, shape, random)
            print(f"\ndurations {shape}, progress {kind}, 5 past jobs per name:")
            for name, peer in list(PEERS.items())[: 2 if quick else None]:
                theirs = score(jobs, of_peer(peer))
                interval, mine = no_more_polls(jobs, past, theirs.polls)
                print(
                    f"  {name:<28} {theirs.polls:6.1f} polls {theirs.lateness:6.2f} s "
                    f"(p99 {theirs.p99:5.1f})   ddswait, interval {interval:5.1f}: "
                    f"{mine.polls:6.1f} polls {mine.lateness:6.2f} s (p99 {mine.p99:5.1f})   "
                    f"{theirs.lateness / mine.lateness:5.2f} x"
                )


def _count(shape: str, *, quick: bool) -> int:
    """Return how many jobs to run: the goals are about 0.35, and each poll costs."""
    if quick:
        return 10
    return 400 if shape == "0.35" else 100


def uninformed(*, quick: bool) -> None:
    print("\nnothing known, against the best fixed interval (same polls):")
    for shape in ("0.35",) if quick else ("0.35", "0.15", "0.5", "uniform", "pareto"):
        jobs = runs(10 if quick else 400, shape, "absent", Random(2))
        for interval in (10.0,) if quick else (5.0, 10.0, 20.0):
            mine = score(jobs, ours(interval, None))
            low, high = 1.0, 300.0
            for _ in range(30):
                middle = (low + high) / 2
                if score(jobs, of_peer(fixed(middle))).polls > mine.polls:
                    low = middle
                else:
                    high = middle
            theirs = score(jobs, of_peer(fixed(high)))
            print(
                f"  {shape:<8} interval {interval:4.0f}: {mine.polls:6.1f} polls "
                f"{mine.lateness:6.2f} s (p99 {mine.p99:5.1f}); fixed {high:5.1f} s: "
                f"{theirs.polls:6.1f} polls {theirs.lateness:6.2f} s (p99 {theirs.p99:5.1f})   "
                f"{theirs.lateness / mine.lateness:5.2f} x"
            )


WRONG: tuple[tuple[str, float | None, str], ...] = (
    ("history 10 x too long", 10.0, "absent"),
    ("history 10 x too short", 0.1, "absent"),
    ("progress frozen at 99 %", None, "frozen"),
    ("progress stuck at 99 %", None, "stuck"),
)


def wrong_expectations(*, quick: bool) -> None:
    print("\nwrong expectations: C x polls + lateness / uninformed rule (interval 10):")
    for shape in ("0.35",) if quick else ("0.35", "0.15", "0.5", "uniform", "pareto"):
        for what, factor, kind in WRONG:
            seeds = range(1 if quick else 5)
            count = _count(shape, quick=quick)
            ratios = [_wrong(count, shape, kind, factor, seed) for seed in seeds]
            loss = sum(ratios) / len(ratios)
            print(
                f"  {shape:<8} {what:<24} {loss:6.3f}  ({min(ratios):.3f} to {max(ratios):.3f}) x"
            )


def _wrong(count: int, shape: str, kind: str, factor: float | None, seed: int) -> float:
    """Return the loss by a wrong expectation, as a ratio to that of the uninformed rule."""
    jobs = runs(count, shape, kind, Random(1000 + seed))
    past = history(5, factor, shape, Random(2000 + seed)) if factor else None
    return _loss(score(jobs, ours(10.0, past))) / _loss(score(jobs, of_uninformed(10.0)))


def of_uninformed(interval: float) -> Callable[[Run], tuple[int, float]]:
    schedule = ours(interval, None)
    return lambda job: schedule(job._replace(kind="absent"))


def _loss(scored: Score) -> float:
    return poll_interval.cost(10.0) * scored.polls + scored.lateness


def measure(size: Size) -> Iterator[Figure]:
    quick = size is Size.QUICK
    if size is not Size.BRIEF:
        against_peers(quick=quick)
        uninformed(quick=quick)
        wrong_expectations(quick=quick)
    count = _count("0.35", quick=quick)
    for kind in ("absent", "truthful"):
        random = Random(1)
        jobs, past = runs(count, "0.35", kind, random), history(5, 1.0, "0.35", random)
        theirs = score(jobs, of_peer(fixed(10.0)))
        _, mine = no_more_polls(jobs, past, theirs.polls)
        yield figure(
            f"lateness / that of as many fixed polls, progress {kind}",
            [mine.lateness / theirs.lateness],
        )
    losses = [_wrong(count, "0.35", kind, factor, 0) for _, factor, kind in WRONG]
    yield figure("worst of wrong expectations / uninformed rule", [max(losses)])


if __name__ == "__main__":
    main(measure)
