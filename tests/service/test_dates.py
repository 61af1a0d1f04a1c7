"""ddswait.service.dates: what a reply says about time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ddswait.service.dates import parse_time, retry_after, seconds_since_epoch


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-1", 0.0),
        ("1e3", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("999999999999", 86400.0),
        ("Fri, 01 Jan 2021 00:02:00 GMT", 90.0),
        ("Fri, 01 Jan 2020 00:02:00 GMT", 0.0),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value: str, seconds: float) -> None:
    """Retry-After is read in both forms, against the reply's own Date, and bounded by a day."""
    headers = {"Retry-After": value, "Date": "Fri, 01 Jan 2021 00:00:30 GMT"}
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Fri, 01 Jan 2021 00:00:00 GMT", 1609459200.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Sat, 01 Jan 2000 00:00:00 GMT", None),
        ("Sat, 01 Jan 2000 00:00:01 GMT", 946684801.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", None),
        ("Fri, 01 Jan 0100 00:00:00 GMT", None),
        ("", None),
        ("rubbish", None),
    ],
)
def test_only_a_clock_of_our_times_is_one(date: str, moment: float | None) -> None:
    """A month before and after what a Date header says is a date, or it says nothing."""
    assert seconds_since_epoch(date) == moment


@pytest.mark.parametrize("zone", ["+99999999999999999", "-99999999999999999"])
def test_time_zone_beyond_any_date_is_no_error(zone: str) -> None:
    """A date whose time zone no date can hold asks for no delay, whichever header it is in."""
    date, sound = f"Mon, 01 Jan 2024 00:00:00 {zone}", "Mon, 01 Jan 2024 00:00:00 GMT"
    assert seconds_since_epoch(date) is None
    assert retry_after({"Retry-After": date, "Date": sound}) == 0.0
    assert retry_after({"Retry-After": sound, "Date": date}) == 0.0


@pytest.mark.parametrize("value", ["Fri, 01 Jan 2021 00:02:00 GMT", "", None])
def test_reply_without_a_date_of_its_own_asks_for_nothing(value: str | None) -> None:
    """An HTTP date says nothing without the clock that it was written by."""
    assert retry_after({} if value is None else {"Retry-After": value}) == 0.0


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2021-07-12T09:22:04+0000", datetime(2021, 7, 12, 9, 22, 4, tzinfo=UTC)),
        (
            "2021-07-12T09:22:04+0800",
            datetime(2021, 7, 12, 9, 22, 4, tzinfo=timezone(timedelta(hours=8))),
        ),
        ("2021-07-12T09:22:04", datetime(2021, 7, 12, 9, 22, 4, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1626081724, None),
    ],
)
def test_times_of_records_know_their_zone(text: object, time: datetime | None) -> None:
    """A time keeps its own zone, counts as UTC without one, and is None when it is unreadable."""
    read = parse_time(text)
    assert read == time
    assert read is None or time is None or read.utcoffset() == time.utcoffset()
