"""ddswait.scheduler.durations: how long past jobs took."""

from math import inf, nan

import pytest

from ddswait.job import Job
from ddswait.scheduler.durations import Durations
from ddswait.service.dds import SERVICE


def record(job_id: str, seconds: int, **changed: str) -> Job:
    minutes, rest = divmod(seconds, 60)
    reported = {
        "id": job_id,
        "name": "CreateMongoDB",
        "status": "Completed",
        "created_at": "2026-01-01T00:00:00+0000",
        "ended_at": f"2026-01-01T00:{minutes:02}:{rest:02}+0000",
    }
    return SERVICE.read_record({**reported, **changed})


def test_median_and_spread() -> None:
    """The median of what was learned; the spread shrinks towards 0.4 with the weight of two."""
    durations = Durations()
    for number, seconds in enumerate((400, 500, 625)):
        durations.learn(record(str(number), seconds))
    past = durations.of("Create_MongoDB")  # v3 writes the name otherwise
    assert past is not None
    assert past.median == pytest.approx(500)
    # Variance: (2 x 0.16 + 2 x log(1.25)^2) / 5, widened by a third; pi / sqrt(3) / its root.
    assert past.shape == pytest.approx(5.43, abs=0.01)
    assert durations.count("createmongodb") == 3
    assert durations.of("Delete_MongoDB") is None


def test_same_job_counts_once_and_failures_do_not() -> None:
    """A job that was listed and seen to end is one; a failed or unfinished one is not counted."""
    durations = Durations()
    durations.learn(record("x", 100))
    durations.learn(record("x", 100))
    durations.learn(record("y", 100, status="Failed"))
    durations.learn(record("z", 100, ended_at=""))
    assert len(durations) == 1
    for seconds in (0.0, -1.0, nan, inf):
        durations.add("CreateMongoDB", "n", seconds)
    assert len(durations) == 1


def test_memory_is_bounded() -> None:
    """The latest fifty of a name, and two hundred names."""
    durations = Durations()
    for number in range(500):
        durations.add("a", str(number), 1.0 + number)
        durations.add(f"name{number}", "x", 1.0)
    assert durations.count("a") == 50
    assert durations.median_of("a") == pytest.approx(475.5, rel=0.01)
    assert durations.of("name499") is None
    assert len(durations) <= 50 + 200
