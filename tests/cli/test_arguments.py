"""ddswait.cli.arguments: what is accepted, and what is refused."""

import importlib.util
import os
import sys
from pathlib import Path

import pexpect
import pytest

from ddswait.cli import option_values
from ddswait.cli.arguments import parse
from ddswait.cli.main import main
from ddswait.cli.options import Options
from ddswait.errors import InputError

GOLDEN = Path(__file__).parent / "help.txt"


def test_help_is_as_written_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` says what tests/cli/help.txt says, exit codes and examples included."""
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    # Newer Pythons head the list of arguments and wrap its lines their own way.
    assert capsys.readouterr().out.split() == GOLDEN.read_text().split()


@pytest.mark.parametrize(
    ("columns", "width"), [("60", 60), ("100", 100), ("", 80), ("0", 80), ("-9", 80), ("wide", 80)]
)
def test_help_fills_the_width(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The options fill the lines of `COLUMNS` cells, or of 80 without a terminal."""
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        parse(["--help"])
    options = capsys.readouterr().out.partition("service and credentials:")[2].split("\n\n")[0]
    longest = max(map(len, options.splitlines()))
    assert width - 10 < longest <= width - 2


def test_help_fills_a_terminal() -> None:
    """On a terminal the options fill its lines."""
    env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "CI"}}
    command = f"{sys.executable} -m ddswait --help"
    text = str(pexpect.run(command, dimensions=(30, 120), env=env, encoding="utf-8", timeout=60))
    options = text.partition("service and credentials:")[2].split("\r\n\r\n")[0]
    assert 110 < max(map(len, options.splitlines())) <= 118


def test_defaults_are_those_of_the_class() -> None:
    """Without arguments every option has the default that `Options` says."""
    assert parse([]) == Options()
    assert parse(["a", "b"]) == Options(job_ids=("a", "b"))


def test_options_are_typed() -> None:
    """Durations are in seconds, and a policy is a number of jobs."""
    given = parse(["a", "--timeout", "1h30m", "--wait-for", "any", "-q", "--rate", "5/m"])
    assert given == Options(job_ids=("a",), timeout=5400.0, wait_for=1, quiet=True, rate="5/m")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["a"], "wait"),
        (["--check"], "check"),
        (["--demo"], "demo"),
        (["--print-completion", "zsh"], "completion"),
        (["--schema"], "schema"),
    ],
)
def test_command_is_found_by_its_name(arguments: list[str], command: str) -> None:
    """Each command is a module of that name."""
    assert parse(arguments).command == command
    assert importlib.util.find_spec(f"ddswait.cli.commands.{command}")


@pytest.mark.parametrize("option", ["--timeout", "--grace", "--heartbeat"])
def test_invalid_duration_is_quoted(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The option, the text, and what to use."""
    error = usage_error([option, "1x", "a"], capsys)
    assert f"argument {option}: invalid duration '1x': use 90, 90s, 10m, 1h30m or 1d" in error


@pytest.mark.parametrize("option", ["--state", "--history", "--report", "--junit"])
def test_empty_name_of_a_file_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable without its value would leave the run without the file, and say nothing."""
    with pytest.raises(SystemExit) as ended:
        parse(["a", f"{option}="])
    assert ended.value.code == 2
    assert (
        f"argument {option}: the name of the file is empty: give one, or leave the option out"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("text", ["", "0", "-1", "some", "1.5", "ALL", "1e3"])
def test_invalid_number_of_jobs(text: str) -> None:
    """It is quoted, with what to use."""
    with pytest.raises(InputError, match="use 'all', 'any' or a number from 1 up"):
        option_values.parse_wait_for(text)


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
    error = usage_error([*arguments, "some-id"], capsys)
    assert "HW_AUTH_TOKEN" in error
    assert f"{arguments[0].partition('=')[0]} is refused" in error


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
    error = usage_error(arguments, capsys)
    assert error.endswith(f"unrecognized arguments: {named}\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--timout", "5m"], "--timout; did you mean --timeout?"),
        (["--timout=5m"], "--timout=5m; did you mean --timeout?"),
        (
            ["--fail-fats", "--jnit=x"],
            "--fail-fats --jnit=x; did you mean --fail-fast and --junit?",
        ),
        (["--unreachable", "5m"], "--unreachable; did you mean --unreachable-after?"),
        (["--time", "5m"], "--time; did you mean --timeout?"),
        (["--wait", "any"], "--wait; did you mean --wait-for?"),
        (["--re", "x"], "--re"),
        (["--zebra"], "--zebra"),
        (["--hartbeat=3"], "--hartbeat=3; did you mean --heartbeat?"),
        (["--tokn=hunter2"], "--tokn=..."),
        (["--project-key=hunter2"], "--project-key=...; did you mean --project-id?"),
        (["--endpont=https://u:hunter2@x"], "--endpont=...; did you mean --endpoint?"),
        (["--no-such-thing=hunter2"], "--no-such-thing=..."),
    ],
)
def test_mistyped_option_is_asked_about(
    arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the option that is nearest, but never one that takes a secret.

    It shows the value if it is one of that option, and no secret by its name or its form.
    """
    assert usage_error(arguments, capsys).endswith(f"unrecognized arguments: {error}\n")


def test_right_command_line_does_not_load_what_a_typo_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The comparison of words takes longer to import than the options take to parse."""
    monkeypatch.setitem(sys.modules, "difflib", None)
    assert parse(["a", "--timeout", "5m"]).timeout == 300.0


def test_bare_command_says_where_to_begin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any argument, the message points to the help and to the demo."""
    monkeypatch.delenv("DDSWAIT_ENDPOINT", raising=False)
    assert main([]) == 2
    assert capsys.readouterr().err == (
        "ddswait: error: no job ID: pass the job_id of a reply as an argument, or '-' to read "
        "standard input; ddswait --help lists the options, and ddswait --demo shows a run without "
        "a cloud\n"
    )
