"""ddswait.cli.options: what may be said, and what is refused."""

import argparse
import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.cli import options
from ddswait.cli.main import main

GOLDEN = Path(__file__).parent / "help.txt"


def test_help_is_as_written_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` says what tests/cli/help.txt holds, exit codes and examples included."""
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    # Newer Pythons head the list of arguments and wrap its lines their own way.
    assert capsys.readouterr().out.split() == GOLDEN.read_text().split()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600), ("1.5h", 5400), (" 7 ", 7)],
)
def test_times(text: str, seconds: float) -> None:
    """A time is a number with or without a unit, in seconds."""
    assert options.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-1", "nan", "inf", "1e400", "1d", "1 h", "h", "٣", "9" * 400]
)
def test_times_that_are_none(text: str) -> None:
    """Zero, negative, infinite and unreadable times are refused by name."""
    with pytest.raises(argparse.ArgumentTypeError, match="is no time: give more than 0"):
        options.seconds(text)


@given(st.text())
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    """Every text is a positive, finite time or a clear refusal."""
    with contextlib.suppress(argparse.ArgumentTypeError):
        assert 0 < options.seconds(text) < float("inf")


def usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert "hunter2" not in shown.err + shown.out
    return shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token", "hunter2"],
        ["--token=hunter2"],
        ["--token"],
        ["--password", "hunter2"],
        ["--sk=hunter2"],
        ["--secret-key", "hunter2"],
        ["--ak=hunter2"],
        ["--access-key=hunter2"],
        ["--security-token", "hunter2"],
    ],
)
def test_secret_in_argv_is_refused_without_repeating_it(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret is refused with the advice to use the environment, and not echoed."""
    told = usage_error([*arguments, "some-id"], capsys)
    assert "HW_AUTH_TOKEN" in told
    assert f"{arguments[0].partition('=')[0]} is refused" in told


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--my-secret=hunter2", "id"], "--my-secret=..."),
        (["id", "--my-secret", "hunter2"], "--my-secret"),
        (["-phunter2", "id"], "-p..."),
        (["-p", "id"], "-p"),
    ],
)
def test_unknown_option_is_named_without_its_value(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was given to an option that does not exist may be a secret: it is not repeated."""
    told = usage_error(arguments, capsys)
    assert told.endswith(f"unrecognized arguments: {named}\n")
