"""ddswait.runtime.log: events on the stdlib logger `ddswait`."""

import logging
import subprocess
import sys
from typing import Any

import pytest

from ddswait import Job, Outcome, OutcomeKind
from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    PollFailed,
    Progressed,
    RenewalFailed,
    Tracked,
    UnknownStatus,
    Visible,
)
from ddswait.runtime.log import log_event

JOB = Job("x", "Create_MongoDB", "Running", progress=9)
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@pytest.mark.parametrize(
    ("event", "level", "reported"),
    [
        (Tracked("x"), "DEBUG", {"message": "ddswait.job_tracked"}),
        (
            Visible("x", JOB),
            "INFO",
            {"message": "ddswait.job_visible", "job_name": "Create_MongoDB"},
        ),
        (
            Progressed("x", JOB, JOB),
            "INFO",
            {"message": "ddswait.job_progressed", "status": "Running", "progress": 9},
        ),
        (
            PollFailed("x", "HTTP 502", 0.12345),
            "WARNING",
            {"message": "ddswait.poll_failed", "cause": "HTTP 502", "retry_delay": 0.123},
        ),
        (
            UnknownStatus("x", "Odd"),
            "WARNING",
            {"message": "ddswait.unknown_status", "status": "Odd"},
        ),
        (
            Ended("x", Outcome("x", OutcomeKind.FAILED, JOB, "why", waited=2.0, polls=3)),
            "WARNING",
            {
                "message": "ddswait.job_failed",
                "job_name": "Create_MongoDB",
                "message_text": "why",
                "waited": 2.0,
                "polls": 3,
            },
        ),
    ],
)
def test_whole_events(
    event: Event, level: str, reported: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Every event has its name, its level and its values, and nothing else."""
    caplog.set_level(logging.DEBUG, "ddswait")
    log_event(event)
    (record,) = caplog.records
    values = {name: value for name, value in vars(record).items() if name not in STANDARD}
    assert record.levelname == level
    assert {"message": record.message, **values} == {"job_id": "x", **reported}


@pytest.mark.parametrize(("kind", "level"), [("completed", "INFO"), ("failed", "WARNING")])
def test_good_ends_are_not_warnings(
    kind: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A completed job is information, any other end a warning."""
    caplog.set_level(logging.DEBUG, "ddswait")
    log_event(Ended("x", Outcome("x", OutcomeKind(kind))))
    assert [record.levelname for record in caplog.records] == [level]


@pytest.mark.parametrize(
    ("event", "level", "reported"),
    [
        (ListRefused("HTTP 403"), "INFO", {"message": "ddswait.list_refused", "cause": "HTTP 403"}),
        (
            RenewalFailed("HTTP 503", 1.23456),
            "WARNING",
            {"message": "ddswait.renewal_failed", "cause": "HTTP 503", "retry_delay": 1.235},
        ),
        (
            RenewalFailed("HTTP 401", None),
            "WARNING",
            {"message": "ddswait.renewal_failed", "cause": "HTTP 401", "retry_delay": None},
        ),
    ],
)
def test_what_concerns_no_job(
    event: Event, level: str, reported: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What happens to the credentials or to lists is logged without a job."""
    caplog.set_level(logging.DEBUG, "ddswait")
    log_event(event)
    (record,) = caplog.records
    values = {name: value for name, value in vars(record).items() if name not in STANDARD}
    assert record.levelname == level
    assert {"message": record.message, **values} == reported


def test_instance_that_is_ready_has_its_own_name(caplog: pytest.LogCaptureFixture) -> None:
    """The second end of a wait with `ready` has another name than the job's."""
    caplog.set_level(logging.DEBUG, "ddswait")
    for kind in (OutcomeKind.COMPLETED, OutcomeKind.NOT_READY):
        log_event(Ended("x", Outcome("x", kind), instance=True))
    reported = [record.message for record in caplog.records]
    assert reported == ["ddswait.instance_ready", "ddswait.job_not_ready"]


def test_silent_until_configured() -> None:
    """Without a logging configuration nothing is printed, and structlog is not even loaded."""
    program = (
        "import sys, logging; from ddswait.runtime.log import log; log(logging.INFO, 'a');"
        "assert 'structlog' not in sys.modules; log(logging.ERROR, 'b')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
