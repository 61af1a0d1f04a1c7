"""ddswait.credentials.source_file: files with credentials, and who can read them."""

from pathlib import Path

import pytest

from ddswait import ConfigurationError
from ddswait.credentials import source_file
from tests.nobody import as_nobody


def test_existence(tmp_path: Path) -> None:
    """A file in a folder without search permission does not exist for this user."""
    path = tmp_path / "credentials"
    assert not source_file.exists(path)
    path.touch()
    assert source_file.exists(path)
    with as_nobody(tmp_path):
        assert not source_file.exists(path)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read: No such file"), (b"s3cret\xff", "not UTF-8")]
)
def test_unreadable_file_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    """The message names the file, and does not repeat its text."""
    path = tmp_path / "credentials"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        source_file.read_text(path, 99)
    assert str(path) in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["large", "/dev/zero"])
def test_file_that_is_too_large_is_refused(tmp_path: Path, name: str) -> None:
    """No more of it is read than such a file may have; the message says how much that is."""
    path = tmp_path / name  # an absolute path stays as it is
    if name == "large":
        path.write_bytes(b"x" * 2049)
    with pytest.raises(ConfigurationError, match="is larger than 2 KiB"):
        source_file.read_text(path, 2048)
    if name == "large":
        assert source_file.read_text(path, 2049) == "x" * 2049


@pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o640, 1), (0o604, 1), (0o644, 1)])
def test_permissions(tmp_path: Path, mode: int, count: int) -> None:
    """Permission for the group or for others is a warning."""
    path = tmp_path / "credentials"
    path.touch()
    path.chmod(mode)
    assert len(source_file.permission_warnings(path)) == count


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_mark_is_accepted(tmp_path: Path, encoding: str) -> None:
    """Editors of Windows and PowerShell put one before the text."""
    path = tmp_path / "credentials"
    path.write_bytes("[basic]\nak = Schlüssel".encode(encoding))
    assert source_file.read_text(path, 99) == "[basic]\nak = Schlüssel"


def test_home_is_expanded() -> None:
    """`~` is the home that HOME names; what is no home is kept."""
    env = {"HOME": "/home/me"}
    for path, expanded in (
        ("~/x", "/home/me/x"),
        ("~", "/home/me"),
        ("/x/~", "/x/~"),
        ("x", "x"),
        ("~nobody-has-this-name/x", "~nobody-has-this-name/x"),
    ):
        assert str(source_file.expand(path, env)) == expanded
    assert str(source_file.expand("~root/x", {})).startswith("/")
