"""ddswait.duration_text: what is read as a duration, and how durations are printed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.duration_text import duration, exact, parse, parse_positive
from ddswait.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("1d", 86_400),
        ("1d2h", 93_600),
        ("1h02m", 3720),
        ("3m05s", 185),
        ("0.5", 0.5),
        ("0s", 0),
        (" 7 ", 7),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """A number of seconds, or numbers with units, the largest unit first."""
    assert parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1x",
        "-1",
        "nan",
        "inf",
        "1e400",
        "1 h",
        "h",
        "1h30",
        "30m1h",
        "1h1h",
        "٣",
        "9" * 400,
    ],
)
def test_invalid_durations(text: str) -> None:
    """What is not a duration is quoted, with what to use."""
    with pytest.raises(InputError) as caught:
        parse(text)
    assert str(caught.value) == f"invalid duration {text!a}: use 90, 90s, 10m, 1h30m or 1d"


@pytest.mark.parametrize("text", ["0", "0s", "0h0m"])
def test_no_time_at_all(text: str) -> None:
    """An option needs more than 0."""
    with pytest.raises(InputError, match=f"invalid duration '{text}': use more than 0"):
        parse_positive(text)
    assert parse_positive("0.1") == 0.1


@given(st.text() | st.from_regex(r"[0-9.]{1,4}[dhms]?[0-9]{0,2}[hms]?", fullmatch=True))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Every text is a finite duration or a clear error."""
    with contextlib.suppress(InputError):
        assert 0 <= parse(text) < float("inf")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (7.4, "7s"), (59.6, "1m00s"), (185, "3m05s"), (3720, "1h02m"), (90_000, "25h00m")],
)
def test_rounded_for_people(seconds: float, text: str) -> None:
    """To the second up to an hour, then to the minute."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.2, "0.2s"),
        (30, "30s"),
        (1800, "30m"),
        (5400, "1h30m"),
        (86_400, "1d"),
        (93_600.5, "1d2h0.5s"),
    ],
)
def test_exact(seconds: float, text: str) -> None:
    """Nothing is lost, so that a command line can repeat it."""
    assert exact(seconds) == text


@given(st.floats(0, 1e9))
def test_what_is_printed_can_be_read(seconds: float) -> None:
    """Every printed duration is accepted, and means what was printed."""
    assert parse(exact(seconds)) == pytest.approx(seconds, abs=1e-6)
    assert parse(duration(seconds)) == pytest.approx(seconds, abs=0.5 if seconds < 3599.5 else 60)


@pytest.mark.parametrize("text", ["36501d", "999999999999d", "876001h", "9999999999"])
def test_no_duration_is_longer_than_a_century(text: str) -> None:
    """A longer one could neither be printed nor be added to a date, and is refused."""
    assert parse("36500d") == 36_500 * 86_400
    with pytest.raises(InputError, match="use at most a century, 36500d"):
        parse(text)
