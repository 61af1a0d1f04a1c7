"""ddswait.credentials.profile_file: the SDK's INI file."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from ddswait import AccessKey, ConfigurationError
from ddswait.credentials import profile_file
from ddswait.credentials.source import Source
from tests.nobody import as_nobody


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".huaweicloud").mkdir()
    return tmp_path


def write(home: Path, text: str | bytes, mode: int = 0o600) -> dict[str, str]:
    path = home / ".huaweicloud" / "credentials"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return {"HOME": str(home)}


def read(env: dict[str, str]) -> Source:
    source = profile_file.read_source(env)
    assert source is not None
    return source


def test_profile_file_is_read(home: Path) -> None:
    """Key, project and IAM come from the section [basic]."""
    env = write(
        home,
        "[basic]\nak = FILEAK\nsk = s3%cret\nproject_id = p\nsecurity_token = t\n"
        "iam_endpoint = https://iam.test\n",
    )
    source = read(env)
    assert source.auth == AccessKey("FILEAK", "s3%cret", "t", "p")
    assert source.settings.project_id == "p"
    assert source.settings.iam_endpoint.value == "https://iam.test"
    assert source.warnings == ()
    assert "s3%cret" not in repr(source)


def test_file_that_others_can_read_is_a_warning(home: Path) -> None:
    """The file is used, and the warning says how to correct its permissions."""
    source = read(write(home, "[basic]\nak = A\nsk = B\n", 0o644))
    assert f"chmod 600 {home / '.huaweicloud' / 'credentials'}" in source.warnings[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sk = s3cret\n", "not a valid INI file"),
        (b"\x80\xff", "not UTF-8"),
        ("[other]\nak = A\n", r"no section \[basic\]"),
        ("[basic]\nregion = x\n", "neither ak nor sk"),
        ("[basic]\nak = A\n", "ak is set without sk"),
    ],
)
def test_invalid_file_is_an_error(text: str | bytes, message: str, home: Path) -> None:
    """The message names the file and what is wrong with it, and does not repeat its text."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        profile_file.read_source(write(home, text))
    assert str(home) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_file_set_by_the_variable_must_exist(home: Path) -> None:
    """A missing file is an error when the environment names it, and no source otherwise."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        profile_file.read_source({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(home / "nothing")})
    assert profile_file.read_source({"HOME": str(home)}) is None


def test_home_without_search_permission_has_no_profile(home: Path) -> None:
    """The home of another user, mode 0700, is no source; a file that is named there is an error."""
    env = write(home, "[basic]\nak = A\nsk = B\n")
    with as_nobody(home):
        assert profile_file.read_source(env) is None
    env["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = str(home / ".huaweicloud" / "credentials")
    with as_nobody(home), pytest.raises(ConfigurationError, match="cannot be read: Permission"):
        profile_file.read_source(env)


@pytest.mark.parametrize("env", [{}, {"HOME": ""}])
def test_without_home_the_working_directory_is_not_used(
    env: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file ./.huaweicloud/credentials is not read."""
    write(home, "[basic]\nak = A\nsk = B\n")
    monkeypatch.chdir(home)
    assert profile_file.read_source(env) is None


@pytest.mark.parametrize(
    "line",
    [
        *(
            "ak=A=B:C",
            "ak : A",
            "  ak = A",
            "AK\t=\tA  ",
            "a k = A",
            "ak = ",
            "ak: = A",
            "ak = A ; x",
        ),
        *("ak == A", "ak =A\n  B", "ak = A\n\n# x\n; y\n", "ak\u00a0= A", "ak = A\r", "# ak = B"),
    ],
)
def test_lines_are_read_as_the_library_reads_them(home: Path, line: str) -> None:
    """The SDK uses the library, so users have files that it accepts."""
    text = f"[basic]\nsk = B\n{line}\n"
    expected = ConfigParser(interpolation=None)
    expected.read_string(text)
    env = write(home, text)
    assert profile_file._read_section(home / ".huaweicloud" / "credentials") == expected["basic"]
    assert env


def test_blanks_before_a_delimiter_are_passed_once(home: Path) -> None:
    """The pattern of the library goes back over them for each of them."""
    text = f"[basic]\nak = A\nsk = B\nx{' ' * 60_000}y{' ' * 5000}= z\n"
    assert read(write(home, text)).auth == AccessKey("A", "B")
    # A lazy part before a part that may be as long is what makes the square.
    assert ".*?" not in profile_file._OPTION.pattern


def test_file_that_is_no_profile_is_refused_before_it_is_parsed(home: Path) -> None:
    """64 KiB are many profiles; the message says that the path is wrong."""
    with pytest.raises(ConfigurationError, match="is larger than 64 KiB"):
        read(write(home, "x\n" * 40_000))
