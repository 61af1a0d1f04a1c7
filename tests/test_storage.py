"""ddswait.storage: a locked JSON file, written whole or not at all."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ddswait.errors import ConfigurationError, InputError
from ddswait.storage import Damaged, JsonFile, hint_for, replace_file


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_file_is_replaced_and_private(tmp_path: Path) -> None:
    """Whatever mode it had, only its subscriber can read the new one; nothing is left beside it."""
    file = tmp_path / "f"
    file.write_text("old")
    file.chmod(0o644)
    replace_file(file, "new \N{GREEK SMALL LETTER ALPHA}")
    assert file.read_text(encoding="utf-8") == "new \N{GREEK SMALL LETTER ALPHA}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["f"]


def test_old_file_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    """What cannot be written whole is not written."""
    file = tmp_path / "f"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(file, "\ud800")
    with pytest.raises(OSError, match="No such file"):
        replace_file(tmp_path / "none" / "f", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "folder", "x")
    assert file.read_text() == "old"
    assert names(tmp_path) == ["f", "folder"]


def test_remains_of_a_killed_process_are_cleared_away(tmp_path: Path) -> None:
    """Even if they lead elsewhere."""
    other = tmp_path / "other"
    other.write_text("other")
    (tmp_path / ".f.new").symlink_to(other)
    replace_file(tmp_path / "f", "new")
    assert other.read_text() == "other"
    assert names(tmp_path) == ["f", "other"]


def json_file(path: Path) -> JsonFile:
    return JsonFile(path, title="--state", error=InputError, largest=100)


def as_is(document: Any) -> Any:
    return document


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """The document; None before there is a file."""
    file = json_file(tmp_path / "f")
    assert file.read(as_is) is None
    file.write({"a": [1, "\u00e9"]})
    assert file.read(as_is) == {"a": [1, "\u00e9"]}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "Expecting value"),
        (b"\x80", "utf-8"),
        (b"[" * 99, "Expecting value"),
        (b"[1" + b"0" * 99 + b"]", "Expecting"),
        (b"7", "object is not subscriptable"),
        (b"{}", "'a'"),
        (b'{"a": "x"}', "invalid literal"),
        (b'{"a": 1e999}', "infinity"),
    ],
    ids=["empty", "binary", "cut", "large", "type", "key", "value", "overflow"],
)
def test_damage(tmp_path: Path, data: bytes, problem: str) -> None:
    """Whatever is wrong with the document is one error, and the file stays until set aside."""
    (tmp_path / "f").write_bytes(data)
    file = json_file(tmp_path / "f")
    with pytest.raises(Damaged, match=problem):
        file.read(lambda document: int(document["a"]))
    assert (tmp_path / "f").read_bytes() == data
    assert file.set_aside() == tmp_path / "f.damaged"
    assert names(tmp_path) == ["f.damaged"]
    assert file.read(as_is) is None


HOLDER = """
import sys
from ddswait.errors import InputError
from ddswait.storage import JsonFile
file = JsonFile(sys.argv[1], title="--state", error=InputError, largest=100)
file.lock()
print("locked", flush=True)
sys.stdin.read()
"""


def test_two_processes_exclude_each_other(tmp_path: Path) -> None:
    """Until the first one ends, even if it is killed; under all names of the file."""
    (tmp_path / "link").symlink_to(tmp_path / "f")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "f")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        for name in ("f", "link"):
            with pytest.raises(InputError, match=r"--state .*f is in use by another process: wait"):
                json_file(tmp_path / name).lock()
        process.kill()
    file = json_file(tmp_path / "f")
    file.lock()
    file.unlock()
    with file.locked():
        assert stat.S_IMODE((tmp_path / ".f.lock").stat().st_mode) == 0o600


@pytest.mark.parametrize("place", ["none/f", "/proc/f"])
def test_place_without_room_for_a_lock(tmp_path: Path, place: str) -> None:
    """It is an error at once; no folder is made, and nothing is tried for ever."""
    file = json_file(tmp_path / place)
    with pytest.raises(InputError, match="cannot be written: No such file or directory: use"):
        file.lock()
    with pytest.raises(InputError, match="cannot be written"), file.locked():
        pytest.fail("it is locked")
    assert names(tmp_path) == []


def test_errors_name_the_file_as_its_subscriber_does(tmp_path: Path) -> None:
    """Title, path, what is wrong, what to do; in the subscriber's own exception."""
    with pytest.raises(ConfigurationError) as caught:
        JsonFile(tmp_path, title="history", error=ConfigurationError, largest=1)
    hint = "use a file in a folder that you can write to"
    assert str(caught.value) == f"history {tmp_path} is a folder: {hint}"


def fails_with(number: int) -> Any:
    """Return a system call that fails: such a file system cannot be mounted in a test."""

    def call(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    return call


NOT_SUPPORTED = [errno.ENOLCK, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP]


@pytest.mark.parametrize("number", NOT_SUPPORTED)
def test_file_system_that_cannot_lock_is_a_warning(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the reason; the file is used without a lock, and nobody waits for one."""
    monkeypatch.setattr("fcntl.flock", fails_with(number))
    file = json_file(tmp_path / "f")
    assert file.lock() == (
        f"--state {tmp_path / 'f'} cannot be locked ({os.strerror(number)}): do not use it in two "
        "processes at the same time"
    )
    file.unlock()
    with file.locked() as warning:
        assert "cannot be locked" in warning
        (tmp_path / ".f.new").write_text("of a process that is writing as well")
        file.write({})
    assert file.read(as_is) == {}
    assert names(tmp_path) == [".f.lock", ".f.new", "f"]


def test_other_failures_to_lock_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They name the reason, and leave no descriptor open."""
    monkeypatch.setattr("fcntl.flock", fails_with(errno.EIO))
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(InputError, match="cannot be locked: Input/output error: use a file"):
        json_file(tmp_path / "f").lock()
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_lock_is_released(tmp_path: Path) -> None:
    """No descriptor is left, after a block or by `unlock`, twice is once."""
    file = json_file(tmp_path / "f")
    before = len([*Path("/proc/self/fd").iterdir()])
    assert file.lock() == ""
    file.unlock()
    file.unlock()
    with file.locked() as warning:
        assert warning == ""
    assert len([*Path("/proc/self/fd").iterdir()]) == before


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_file_system_that_cannot_sync_is_used(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not supported is not failed; the file is written whole all the same."""
    monkeypatch.setattr("os.fsync", fails_with(number))
    replace_file(tmp_path / "f", "new")
    assert (tmp_path / "f").read_text() == "new"


def test_failure_to_sync_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, since the new one may not survive."""
    (tmp_path / "f").write_text("old")
    monkeypatch.setattr("os.fsync", fails_with(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        replace_file(tmp_path / "f", "new")
    assert (tmp_path / "f").read_text() == "old"


def test_only_a_full_disk_needs_space() -> None:
    """Other failures have another hint."""
    hints = {number: hint_for(OSError(number, "")) for number in (errno.ENOSPC, errno.EDQUOT, 5)}
    assert hints[errno.ENOSPC] == hints[errno.EDQUOT] == "free some space, or use another file"
    assert hints[5] == "use a file in a folder that you can write to"


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Some editors add one."""
    (tmp_path / "f").write_text('{"a": 1}', encoding="utf-8-sig")
    assert json_file(tmp_path / "f").read(as_is) == {"a": 1}
