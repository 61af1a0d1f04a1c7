"""The command of a run, and the one that resumes it."""

import argparse
import shlex
from pathlib import Path

import pytest

from ddswait.cli.arguments import parse, parser
from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.options import DEFAULTS
from ddswait.cli.resume import given_command, resume_command
from ddswait.outcome import Outcome, OutcomeKind

ID = "c010abd0-48cf-4fa8-8cbc-090f093eaa2f"


def pending(*jobs: Named) -> JobTable:
    made = JobTable(jobs, 0.0)
    for entry in made:
        made.settle(Outcome(entry.job_id, OutcomeKind.PENDING), 1.0)
    return made


def test_given_command_is_the_command_that_was_given() -> None:
    """Its options, instances and jobs, quoted for a shell; defaults are left out."""
    options = parse(["--ready", "--timeout", "90m", "--instance", "i1", "a label=x", "-"])
    command = " ".join(given_command(options))
    assert command == "ddswait --timeout 1h30m --ready --instance i1 'a label=x' -"
    assert parse(shlex.split(command)[1:]) == options


def test_given_command_names_few_jobs() -> None:
    """A report is no place for a thousand IDs: it lists the jobs anyway."""
    words = given_command(DEFAULTS._replace(job_ids=tuple(map(str, range(1000)))))
    assert len(words) == 22
    assert words[-1] == "... and 980 more"


@pytest.mark.parametrize(
    ("jobs", "width", "is_saved"),
    [
        (1, None, False),
        (20, None, False),
        (21, None, True),
        (1, 20, False),
        (2, 56, False),
        (2, 55, True),
    ],
)
def test_command_that_does_not_fit_reads_a_file(
    jobs: int, width: int | None, is_saved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal it fits into a line; a log has lines of 20 jobs. The file is private."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    named = [Named(ID, "orders"), *(Named(f"id-{number}") for number in range(jobs - 1))]
    words = resume_command(pending(*named), DEFAULTS, width)
    ids = [f"orders={ID}", *(f"id-{number}" for number in range(jobs - 1))]
    if not is_saved:
        assert words == ["ddswait", *ids]
        return
    (file,) = tmp_path.iterdir()
    assert words == ["ddswait", "-", "<", str(file)]
    assert file.read_text().splitlines() == ids
    assert file.stat().st_mode & 0o077 == 0


def test_nothing_is_left_to_resume() -> None:
    """When every job has ended for good, there is no command."""
    made = JobTable([Named("a"), Named("b")], 0.0)
    made.settle(Outcome("a", OutcomeKind.COMPLETED), 1.0)
    made.settle(Outcome("b", OutcomeKind.FAILED), 1.0)
    assert resume_command(made, DEFAULTS) == []


@pytest.mark.parametrize(
    ("option", "main", "words"),
    [
        ("", "dds", "x rds:y"),
        ("", "rds", "dds:x rds:y"),  # by DDSWAIT_SERVICE, which may not be set tomorrow
        ("rds", "rds", "--service rds dds:x y"),
        ("dds", "dds", "--service dds x rds:y"),
    ],
)
def test_command_names_each_service_that_it_does_not_choose(
    option: str, main: str, words: str
) -> None:
    """It means the same jobs wherever it is pasted."""
    table = JobTable([Named("x", "", "dds"), Named("y", "", "rds")], 0.0, main)
    for entry in table:
        table.settle(Outcome(entry.job_id, OutcomeKind.PENDING), 1.0)
    options = DEFAULTS._replace(service=option)
    assert " ".join(resume_command(table, options)) == f"ddswait {words}"


VALUES = {
    "--service": "dds",
    "--wait-for": "2",
    "--timeout": "90m",
    "--grace": "5m",
    "--interval": "1s",
    "--unreachable-after": "3m",
    "--heartbeat": "10m",
    "--rate": "200/5m",
    "--output": "jsonl",
    "--auth": "metadata",
}
"""Values of the options that do not take any text."""


def test_command_that_resumes_keeps_every_option() -> None:
    """Whoever pastes it gets the same run for the jobs that are left, whatever it was given."""
    others = {"--check", "--schema", "--print-completion", "--demo", "--version", "--help"}
    given: list[str] = []
    for action in parser()._actions:
        name = action.option_strings[-1] if action.option_strings else ""
        is_secret = action.help == argparse.SUPPRESS
        if not name or is_secret or name in others or name in {"--instance", "--state"}:
            continue
        given += [name] if action.nargs == 0 else [name, VALUES.get(name, "some")]
    assert len(given) > 40
    options = parse([*given, "a", "b", "c"])
    made = pending(Named("a", "orders"), Named("instance:i1"), Named("c"), Named("d"))
    words = resume_command(made, options)
    again = parse(shlex.split(" ".join(words))[1:])
    assert again.job_ids == ("orders=a", "instance:i1", "c", "d")
    assert again._replace(job_ids=()) == options._replace(job_ids=())
    assert "--interval 1s" in " ".join(words)
