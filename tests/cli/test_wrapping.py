"""Lines for a terminal break between words, and count cells instead of characters."""

import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ddswait.cli.wrapping import cells, continued, wrapped
from tests.cli.output.pseudo_terminal import Terminal
from tests.cloud_process import Cloud

CHINESE = "磁盘配额不足（需要 500 GB），请先删除不再使用的实例，然后重新提交任务。"  # noqa: RUF001


@given(st.text(alphabet="ab 0-é中（，。한", max_size=120), st.integers(10, 60))  # noqa: RUF001
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(text: str, width: int) -> None:
    """A line is only wider if its one word, or a character with what closes it, is."""
    lines = wrapped(text, width)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    for line in lines:
        is_one_word = not re.search(r"\S\s+\S", line) and cell_len(line) > width
        assert cell_len(line) <= width or is_one_word


def test_wide_characters_take_two_cells() -> None:
    """A sentence without spaces breaks between them, but not before what ends or closes one."""
    assert cells(CHINESE) == cell_len(CHINESE) > len(CHINESE)
    lines = wrapped(f"orders failed: {CHINESE}", 40)
    assert max(map(cell_len, lines)) <= 40
    assert len(lines) == 3
    assert not [line for line in lines if line.strip()[0] in "，。）"]  # noqa: RUF001


def test_words_stay_whole() -> None:
    """Somebody may copy a long one; the spaces of an indented title stay as they are."""
    address = "https://" + "x" * 60
    assert wrapped(f"    next     look at {address} now", 30, "  ") == [
        "    next     look at",
        f"  {address}",
        "  now",
    ]
    assert wrapped("one line", None) == ["one line"]


@pytest.mark.parametrize("width", [None, 20, 60])
def test_continued_command_is_the_same_command(width: int | None) -> None:
    """A shell joins its lines."""
    words = ["ddswait", "--timeout", "20m", "'a b'=c010abd0", "订单=d020"]
    lines = continued(words, width)
    script = "\n".join(lines).replace("ddswait", "printf '%s,'", 1)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "--timeout,20m,a b=c010abd0,订单=d020,"
    assert len(lines) == (1 if width is None else len(lines))
    assert all(cell_len(line) <= (width or 999) for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02"],
        ["--no-such-option", "--nor-this-one", "--nor-that-one-which-is-even-longer", "x"],
        ["--timeout", "a-duration-that-nobody-can-read", "x"],
        ["--endpoint", "http://dds.example.com", "x"],
    ],
)
@pytest.mark.parametrize("columns", [50, 80])
def test_errors_break_between_words(cloud: Cloud, arguments: list[str], columns: int) -> None:
    """Whoever finds the error: the parser, the check of an ID, or that of a setting."""
    terminal = Terminal(cloud, *arguments, columns=columns)
    assert terminal.end() == 2
    lines = terminal.text.splitlines()
    begin = next(number for number, line in enumerate(lines) if "ddswait: error:" in line)
    whole = cloud.run(*arguments).stderr.splitlines()[-1]
    assert " ".join(line.strip() for line in lines[begin:]) == whole
    assert os.linesep not in whole
