"""Report files that cannot be written are found before polling, and reported at the end."""

import errno
import os
from pathlib import Path

import pytest

from ddswait.cli.arguments import parse
from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.options import Options
from ddswait.cli.reports import files
from ddswait.errors import InputError
from ddswait.outcome import Outcome, OutcomeKind


def table() -> JobTable:
    made = JobTable([Named("id-1")], 0.0)
    made.settle(Outcome("id-1", OutcomeKind.COMPLETED), 1.0)
    return made


@pytest.mark.parametrize("option", ["report", "junit"])
@pytest.mark.parametrize("place", ["absent/x", ".", "/proc/x", "pipe"])
def test_unwritable_file_is_found_before_polling(option: str, place: str, tmp_path: Path) -> None:
    """The message names the option and the path, and says what to do."""
    os.mkfifo(tmp_path / "pipe")
    path = str(tmp_path / place)
    with pytest.raises(InputError) as caught:
        files.check(parse([f"--{option}", path]))
    assert str(caught.value).startswith(f"--{option} {path} ")
    assert str(caught.value).endswith(": name a file in a writable folder")


def test_check_leaves_no_trace(tmp_path: Path) -> None:
    """A new file is not created, an old one keeps its content."""
    (tmp_path / "old").write_text("old")
    files.check(Options(report=str(tmp_path / "old"), junit=str(tmp_path / "new")))
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("old", "old")]


@pytest.mark.parametrize("other", ["junit", "state", "history"])
def test_two_options_for_one_file_are_refused(other: str, tmp_path: Path) -> None:
    """However its path is written: one would overwrite the other."""
    (tmp_path / "folder").mkdir()
    first, second = str(tmp_path / "x"), str(tmp_path / "folder" / ".." / "x")
    with pytest.raises(InputError, match="two options name the file"):
        files.check(parse(["--report", first, f"--{other}", second]))


def test_every_requested_file_is_written(tmp_path: Path) -> None:
    """And no other."""
    options = Options(report=str(tmp_path / "r.html"), junit=str(tmp_path / "j.xml"))
    assert files.write(options, table(), 0, 1.0, {}) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["j.xml", "r.html"]
    assert "<html" in (tmp_path / "r.html").read_text()
    assert "<testsuites" in (tmp_path / "j.xml").read_text()


def test_what_could_not_be_written_is_returned() -> None:
    """A full disk stops neither the other files nor the run."""
    options = Options(report="/dev/full", junit="/dev/full")
    assert files.write(options, table(), 0, 1.0, {}) == [
        "--junit /dev/full was not written: No space left on device",
        "--report /dev/full was not written: No space left on device",
    ]


def test_github_is_a_workflow_or_the_option() -> None:
    """`GITHUB_ACTIONS` must be `true`, as the runner sets it."""
    assert files.is_github(Options(), {"GITHUB_ACTIONS": "true"})
    assert files.is_github(Options(github=True), {})
    assert not files.is_github(Options(), {"GITHUB_ACTIONS": "false"})


def test_report_on_a_file_system_that_cannot_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not supported is not failed: the file is whole, and no warning follows."""

    def no_sync(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("os.fsync", no_sync)
    assert files._written("--junit", str(tmp_path / "f"), "text") == []
    assert (tmp_path / "f").read_text() == "text"
