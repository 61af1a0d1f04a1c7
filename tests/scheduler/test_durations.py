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


def test_only_a_positive_duration_below_three_years_counts() -> None:
    """Less than a second counts, 1e8 seconds do not."""
    durations = Durations()
    durations.add("a", "short", 0.5)
    durations.add("a", "long", 99_999_999.5)
    durations.add("a", "too long", 1e8)
    durations.add("a", "too long as well", 1e8 + 0.5)
    assert dict(durations.items()) == {"a": {"short": 0.5, "long": 99_999_999.5}}


def test_latest_durations_are_kept_whatever_their_order() -> None:
    """Of a list of jobs, those that ended last count as the latest."""
    durations = Durations()
    jobs = [record(str(second), second) for second in range(60, 0, -1)]
    durations.learn_all([*jobs, record("running", 1, status="Running", ended_at="")])
    assert [*dict(durations.items())["createmongodb"]] == [str(each) for each in range(11, 61)]


def test_job_that_is_learned_again_counts_as_the_latest() -> None:
    """It is not the next one to be forgotten, and it is saved once."""
    durations = Durations()
    for number in range(50):
        durations.add("a", str(number), 1.0)
    durations.add("a", "0", 2.0)
    durations.add("a", "new", 3.0)
    known = dict(durations.items())["a"]
    assert "1" not in known
    assert known["0"] == 2.0


def test_what_was_learned_is_saved_once() -> None:
    """A new job is learned until it is settled or forgotten; a known one is not learned again."""
    durations = Durations()
    durations.add("Create_MongoDB", "x", 1.0)
    assert [*durations.learned()] == [("createmongodb", "x", 1.0)]
    durations.settle()
    durations.add("CreateMongoDB", "x", 2.0)
    assert [*durations.learned()] == []
    for number in range(50):
        durations.add("createmongodb", str(number), 1.0)
    assert len([*durations.learned()]) == 50
    durations.add("createmongodb", "last", 1.0)
    assert [job_id for _, job_id, _ in durations.learned()] == [*map(str, range(1, 50)), "last"]


def test_two_hundred_names_are_known_and_no_more() -> None:
    """A server that invents names does not fill the memory."""
    durations = Durations()
    for number in range(201):
        durations.add(f"n{number}", "x", 1.0)
    assert durations.count("n199") == 1
    assert durations.count("n200") == 0
    for number in range(201):
        durations.of(f"unknown{number}")
    assert len(durations._past) == 200


def test_what_is_known_of_a_name_is_worked_out_once() -> None:
    """Until the next duration comes, a name is fitted once; an unknown one has no median."""
    durations = Durations()
    durations.add("a", "x", 10.0)
    assert durations.of("a") is durations.of("a")
    assert durations.median_of("a") == pytest.approx(10.0)
    assert durations.median_of("b") is None
    durations.add("a", "y", 40.0)
    assert durations.median_of("a") == pytest.approx(20.0)


def test_durations_of_a_service_are_its_own() -> None:
    """Jobs of two services may have the same name; without a service, it is one of DDS."""
    durations = Durations()
    durations.of_service("dds").add("Create_Instance", "x", 60.0)
    durations.of_service("rds").add("CreateInstance", "y", 600.0)
    assert durations.median_of("CreateInstance") == pytest.approx(60.0)
    assert durations.of_service("dds").median_of("CreateInstance") == pytest.approx(60.0)
    assert durations.of_service("rds").median_of("CreateInstance") == pytest.approx(600.0)
    assert durations.of_service("ddm").median_of("CreateInstance") is None
    assert [key for key, _ in durations.items()] == ["createinstance", "rds:createinstance"]


def test_durations_are_taken_as_they_were_given() -> None:
    """Whatever the service and the name, as if they had been added to the new ones."""
    durations, taken = Durations(), Durations()
    durations.of_service("dds").add("Create", "x", 60.0)
    durations.of_service("rds").add("Create", "y", 600.0)
    durations.of_service("rds").add("a:b", "z", 6.0)
    for key, known in durations.items():
        for job_id, seconds in known.items():
            taken.take(key, job_id, seconds)
    assert [*taken.items()] == [*durations.items()]
    assert [*taken.learned()] == [*durations.learned()]
    assert len(taken) == 3
