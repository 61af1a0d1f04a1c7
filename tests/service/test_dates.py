"""ddswait.service.dates: what a reply says about time."""

import pytest

from ddswait.service.dates import retry_after, seconds_since_epoch


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
