"""ddswait.history: durations of past jobs, kept in a file."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ddswait import ConfigurationError, history
from ddswait.scheduler.durations import Durations


def test_file_keeps_them(tmp_path: Path) -> None:
    """What was saved is there again; the file is private, and nothing else is left behind."""
    file = tmp_path / "history.json"
    durations = history.load(file)
    durations.add("Create_MongoDB", "x", 500.0)
    history.save(file, durations)
    again = history.load(file)
    assert again.of("Create_MongoDB") == durations.of("Create_MongoDB")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"history.json", ".history.json.lock"}


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    """Six processes that write at once: all durations are in the file."""
    file = tmp_path / "history.json"
    program = (
        "import sys\nfrom ddswait import history\n"
        "for number in range(8):\n"
        "    durations = history.load(sys.argv[1])\n"
        "    durations.add('job', f'{sys.argv[2]}-{number}', 100.0)\n"
        "    history.save(sys.argv[1], durations)\n"
    )
    command = [sys.executable, "-c", program, str(file)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(6)]
    assert [writer.wait() for writer in writers] == [0] * 6
    assert history.load(file).count("job") == 48


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0" * 512,
        '{"durations, version 2": {}}',
        '{"durations, version 1": {"a": 7}}',
        '{\n "durations, version 1": {"a": ',
        '{"durations, version 1": ' + "[" * 9999,
        '{"durations, version 1": {"a": {"j": 1' + 400 * "0" + "}}}",
    ],
    ids=["empty", "zeros", "version", "number", "cut", "deep", "large"],
)
def test_damaged_file_is_set_aside(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is renamed with a warning, and the run continues without it."""
    file = tmp_path / "history.json"
    file.write_text(text)
    assert len(history.load(file)) == 0
    assert (tmp_path / "history.json.damaged").read_text() == text
    assert "history_damaged" in caplog.text
    history.save(file, history.load(file))
    assert json.loads(file.read_text()) == {"durations, version 1": {}}


@pytest.mark.parametrize(
    "data",
    [b"root:x:0:0:root:/root:/bin/bash\n", b"[]", b"{}", b'{"deadline": 7.0}', b"\xff\xfe\x00"],
    ids=["text", "list", "object", "other", "binary"],
)
def test_file_of_something_else_is_left_alone(data: bytes, tmp_path: Path) -> None:
    """A wrong path renames and replaces nothing, neither at the start nor at the end."""
    file = tmp_path / "passwd"
    file.write_bytes(data)
    known = Durations()
    known.add("job", "a", 100.0)
    with pytest.raises(ConfigurationError, match="passwd holds something else than durations"):
        history.load(file)
    with pytest.raises(ConfigurationError, match=r"use another file$"):
        history.save(file, known)
    assert file.read_bytes() == data
    assert not (tmp_path / "passwd.damaged").exists()


def test_unusable_place_is_reported_at_once(tmp_path: Path) -> None:
    """A folder, or a file in a folder that cannot be written to."""
    with pytest.raises(ConfigurationError, match="is a folder"):
        history.load(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        history.load(tmp_path / "nothing" / "history.json")


def test_only_regular_files_are_used(tmp_path: Path) -> None:
    """A pipe would block, and a device must never be renamed."""
    for each in (tmp_path / "pipe", tmp_path / "link"):
        if each.name == "pipe":
            os.mkfifo(each)
        else:
            each.symlink_to("/dev/null")
        with pytest.raises(ConfigurationError, match="is not a regular file: use a file"):
            history.load(each)
        with pytest.raises(ConfigurationError, match="is not a regular file: use a file"):
            history.save(each, Durations())
    assert {each.name for each in tmp_path.iterdir()} == {"pipe", "link"}


def test_symbolic_links_stay(tmp_path: Path) -> None:
    """What a link points to is read, locked and written."""
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "link.json", tmp_path / "real" / "history.json"
    link.symlink_to(target)
    durations = history.load(link)
    durations.add("a", "x", 5.0)
    history.save(link, durations)
    assert link.is_symlink()
    assert history.load(target).count("a") == 1
    assert {each.name for each in tmp_path.iterdir()} == {"real", "link.json"}


def test_old_knowledge_does_not_push_out_what_others_learned(tmp_path: Path) -> None:
    """Who loaded fifty long ago and learned one adds one, each time it saves."""
    file = tmp_path / "history.json"
    first = Durations()
    for number in range(50):
        first.add("n", f"old{number}", 100.0)
    history.save(file, first)
    mine, others = history.load(file), history.load(file)
    for number in range(50):
        others.add("n", f"new{number}", 200.0)
    mine.add("n", "one", 100.0)
    mine.add("n", "old3", 100.0)
    for durations in (others, mine, first, mine):
        history.save(file, durations)
    ((_, known),) = history.load(file).items()
    assert list(known) == [*(f"new{number}" for number in range(1, 50)), "one"]
