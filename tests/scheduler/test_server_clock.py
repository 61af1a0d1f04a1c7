"""ddswait.scheduler.server_clock: the time on the server, as replies tell it."""

import pytest

from ddswait.scheduler.server_clock import ServerClock
from ddswait.service.dds import SERVICE

DATE = "Fri, 01 Jan 2021 00:0{}:00 GMT"
MIDNIGHT = 1609459200.0  # seconds from 1970 to that day


def test_clock_is_unknown_until_a_reply_states_it() -> None:
    """An unreadable Date says nothing, and the next reply is read."""
    clock = ServerClock()
    assert clock.ahead is None
    clock.read("rubbish", 10.0)
    assert clock.ahead is None
    clock.read(DATE.format(0), 10.0)
    assert clock.ahead == MIDNIGHT - 10.0


def test_clock_is_read_once_a_minute() -> None:
    """The first reply after a minute is read; those before it are not."""
    clock = ServerClock()
    clock.read(DATE.format(0), 10.0)
    clock.read(DATE.format(9), 69.9)
    assert clock.ahead == MIDNIGHT - 10.0
    clock.read(DATE.format(9), 70.0)
    assert clock.ahead == MIDNIGHT + 540 - 70.0


@pytest.mark.parametrize(("late", "followed"), [(5.0, False), (5.5, True), (-5.5, True)])
def test_small_differences_are_not_followed(late: float, followed: bool) -> None:
    """A Date has whole seconds and takes time to arrive, so five seconds are no news."""
    clock = ServerClock()
    clock.read(DATE.format(0), 0.0)
    clock.read(DATE.format(5), 300.0 + late)
    assert clock.ahead == (MIDNIGHT - late if followed else MIDNIGHT)


@pytest.mark.parametrize(
    ("created", "age"),
    [
        ("2021-01-01T00:00:00+0000", 100.0),
        ("2021-01-01T00:05:00+0000", 0.0),
        ("2020-01-01T00:00:00+0000", 31 * 86400.0),
        ("2020-12-31T23:59:59+0000", 101.0),
    ],
)
def test_creation_is_told_on_our_clock(created: str, age: float) -> None:
    """Never in the future, and never more than a month ago."""
    clock, job = ServerClock(), SERVICE.read_record({"id": "x", "created": created})
    assert clock.created_at(job, 100.0) is None
    clock.read(DATE.format(0), 0.0)
    assert clock.created_at(job, 100.0) == 100.0 - age


def test_job_without_a_creation_has_none() -> None:
    """What the record does not say is not guessed."""
    clock = ServerClock()
    clock.read(DATE.format(0), 0.0)
    assert clock.created_at(SERVICE.read_record({"id": "x"}), 100.0) is None
