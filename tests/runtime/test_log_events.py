"""ddswait.runtime.log_events: the level, the name and the values of each event."""

import logging
from typing import Any

import pytest

from ddswait import Job, Outcome, OutcomeKind
from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    Polled,
    PollFailed,
    Progressed,
    RenewalFailed,
    Tracked,
    UnknownStatus,
    Visible,
)
from ddswait.job import Instance
from ddswait.runtime.log_events import Levels, line_of

JOB = Job("x", "Create_MongoDB", "Running", progress=9)
FAILED = Outcome("x", OutcomeKind.FAILED, JOB, "why", waited=2.0, polls=3)


@pytest.mark.parametrize(
    ("event", "level", "name", "fields"),
    [
        (Tracked("x"), "DEBUG", "job_tracked", {"job_id": "x"}),
        (
            Visible("x", JOB),
            "DEBUG",
            "job_visible",
            {"job_id": "x", "job_name": "CreateMongoDB"},
        ),
        (
            Progressed("x", JOB, JOB),
            "DEBUG",
            "job_progressed",
            {"job_id": "x", "status": "Running", "progress": 9},
        ),
        (
            Polled("x", "first", 0.12345),
            "DEBUG",
            "job_polled",
            {"job_id": "x", "reason": "first", "next_in": 0.123},
        ),
        (
            PollFailed("x", "HTTP 502", 0.12345),
            "WARNING",
            "poll_failed",
            {"job_id": "x", "cause": "HTTP 502", "retry_delay": 0.123},
        ),
        (
            PollFailed("", "HTTP 502", 0.12345, "i1", ("me",)),
            "WARNING",
            "poll_failed",
            {"instance_id": "i1", "cause": "HTTP 502", "retry_delay": 0.123},
        ),
        (
            PollFailed("x", "HTTP 502", 0.12345, "i1", ("me",)),
            "WARNING",
            "poll_failed",
            {"instance_id": "i1", "job_id": "x", "cause": "HTTP 502", "retry_delay": 0.123},
        ),
        (
            UnknownStatus("x", "Odd"),
            "WARNING",
            "unknown_status",
            {"job_id": "x", "status": "Odd"},
        ),
        (ListRefused("HTTP 403"), "INFO", "list_refused", {"cause": "HTTP 403"}),
        (
            RenewalFailed("HTTP 503", 1.23456),
            "WARNING",
            "renewal_failed",
            {"cause": "HTTP 503", "retry_delay": 1.235},
        ),
        (
            RenewalFailed("HTTP 401", None),
            "WARNING",
            "renewal_failed",
            {"cause": "HTTP 401", "retry_delay": None},
        ),
        (
            Ended("x", FAILED),
            "WARNING",
            "job_failed",
            {
                "job_id": "x",
                "job_name": "CreateMongoDB",
                "message_text": "why",
                "waited": 2.0,
                "polls": 3,
                "pending": 7,
            },
        ),
    ],
)
def test_whole_events(event: Event, level: str, name: str, fields: dict[str, Any]) -> None:
    """Every event has its name, its level and its values, and nothing else."""
    assert logging.getLevelName(Levels().of(event, 7)) == level
    assert line_of(event, 7) == (f"ddswait.{name}", fields)


@pytest.mark.parametrize("kind", [each for each in OutcomeKind if each != "completed"])
def test_every_other_end_than_completed_is_a_warning(kind: OutcomeKind) -> None:
    """A completed job is information, any other end a warning."""
    assert Levels().of(Ended("x", Outcome("x", kind)), 1) == logging.WARNING
    assert Levels().of(Ended("x", Outcome("x", OutcomeKind.COMPLETED)), 1) == logging.INFO


def test_instance_that_is_ready_has_its_own_name() -> None:
    """The second end of a wait with `ready` has another name than the job's."""
    kinds = (OutcomeKind.COMPLETED, OutcomeKind.NOT_READY)
    events = [Ended("x", Outcome("x", kind), instance=True) for kind in kinds]
    reported = [line_of(event, 0).name for event in events]
    assert reported == ["ddswait.instance_ready", "ddswait.job_not_ready"]


def test_end_of_an_instance_without_a_job_names_the_instance() -> None:
    """It has no job ID and no job name, and its kind is that of an instance."""
    late = Outcome("", OutcomeKind.TIMED_OUT, message="late", instance=Instance("i1", ""))
    name, fields = line_of(Ended("", late, instance=True), 2)
    assert name == "ddswait.instance_timed_out"
    values = {"message_text": "late", "waited": 0.0, "polls": 0, "pending": 2}
    assert fields == {"instance_id": "i1", **values}


def informing(levels: Levels, pending: list[int]) -> list[int]:
    """Return how many were pending at each completed job that is logged at INFO."""
    event = Ended("x", Outcome("x", OutcomeKind.COMPLETED))
    return [left for left in pending if levels.of(event, left) == logging.INFO]


@pytest.mark.parametrize("jobs", [1, 20, 5_000, 100_000])
def test_jobs_that_go_well_write_few_lines(jobs: int) -> None:
    """Of many jobs that complete, the first, every round number and the last have a line."""
    told = informing(Levels(), list(range(jobs))[::-1])
    assert told[:20] == list(range(jobs))[::-1][:20]
    assert told[-1] == 0
    assert len(told) < 40
    if jobs == 5_000:
        assert told[20:] == [4950, 4900, 4800, 4500, 4000, 3000, 0]


def test_jobs_one_after_another_have_a_line_each() -> None:
    """When nothing is waited for any more, the count of completed jobs begins again."""
    levels = Levels()
    assert informing(levels, [0] * 100) == [0] * 100
    assert informing(levels, [*range(1000, 0, -1), 0])[:21] == [*range(1000, 980, -1), 951]
