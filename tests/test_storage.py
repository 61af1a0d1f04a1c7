"""ddswait.whole_file: whole or not at all."""

import stat
from pathlib import Path

import pytest

from ddswait.storage import replace_file


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_file_is_replaced_and_private(tmp_path: Path) -> None:
    """Whatever mode it had, only its owner can read the new one; nothing is left beside it."""
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
