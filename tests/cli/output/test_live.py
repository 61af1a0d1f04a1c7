"""The live view, in a real pseudo-terminal whose screen is read back."""

import re
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

from tests.cloud_process import Cloud

SHOWN = ("TERM", "NO_COLOR", "COLORTERM", "FORCE_COLOR", "COLUMNS", "LINES", "CI")


class Terminal:
    """A command in a terminal of so many columns and lines."""

    def __init__(
        self,
        cloud: Cloud,
        *arguments: str,
        columns: int = 80,
        lines: int = 30,
        env: dict[str, str] | None = None,
        command: list[str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        kept = {name: value for name, value in cloud.env.items() if name not in SHOWN}
        command = command or cloud.command(*arguments)
        self.process: Any = pexpect.spawn(
            command[0],
            command[1:],
            dimensions=(lines, columns),
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})},
        )

    def _read(self) -> bool:
        try:
            data = self.process.read_nonblocking(65536, timeout=20)
        except pexpect.EOF:
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def until(self, pattern: str) -> str:
        """Read until the screen shows a pattern; return the screen."""
        while not re.search(pattern, self.text):
            assert self._read(), f"{pattern!r} never came:\n{self.text}"
        return self.text

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        self.process.close()
        code: int = self.process.exitstatus
        return code

    def resize(self, columns: int, lines: int) -> None:
        self.process.setwinsize(lines, columns)
        self.screen.resize(lines, columns)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def row(self, begin: str) -> str:
        rows = [line for line in self.text.splitlines() if line.startswith(begin)]
        assert len(rows) == 1, self.text
        return rows[0]


@pytest.mark.parametrize("columns", [80, 200])
def test_a_row_per_job_stays_on_the_screen(cloud: Cloud, columns: int) -> None:
    """Name, instance, status, bar, age, next look; ended jobs stay, and the summary last."""
    good = cloud.job(seconds=4, instance_name="orders-db")
    bad = cloud.job(seconds=2, fails="no quota in az2")
    terminal = Terminal(cloud, f"mine={good}", bad, columns=columns)
    screen = terminal.until(r"mine .* orders-db .*Running +\N{FULL BLOCK}+.* \d+ % +\ds +\ds")
    titles = next(line for line in screen.splitlines() if line.startswith("job "))
    wanted = ["job", "task", "instance", "status", "progress", "age", "next", "look"]
    assert set(titles.split()) >= set(wanted) - ({"task"} if columns == 80 else set())
    assert terminal.end() == 1
    assert re.search(r"orders-db +\N{CHECK MARK} completed +\N{FULL BLOCK}+ 100 %", terminal.text)
    assert "\N{MULTIPLICATION X} failed" in terminal.row(bad[:8])
    assert "2 of 2 jobs ended after" in terminal.text
    assert "1 completed, 1 failed; exit code 1" in terminal.text
    assert "reason    no quota in az2" in terminal.text
    assert terminal.text.count(good) == 0  # told once: a label, no line of data beside the row
    assert b"\x1b[3" in terminal.raw  # in colour


def test_time_left_by_what_past_jobs_took(cloud: Cloud, tmp_path: Path) -> None:
    """With a history, the row tells about how long the job will take."""
    past = {str(number): 600.0 for number in range(5)}
    file = tmp_path / "history.json"
    file.write_text(f'{{"durations, version 1": {{"createmongodb": {past}}}}}'.replace("'", '"'))
    terminal = Terminal(cloud, "--history", str(file), f"mine={cloud.job(seconds=3)}")
    terminal.until(r"mine .*Running.* ~(9m5\ds|10m00s)")
    assert terminal.end() == 0


def test_narrow_terminal_keeps_name_and_status(cloud: Cloud) -> None:
    """Forty columns: no row is broken in two."""
    terminal = Terminal(cloud, f"mine={cloud.job(seconds=3)}", columns=40)
    terminal.until(r"(?m)^mine +Running")
    assert terminal.end() == 0
    assert "\N{CHECK MARK} completed" in terminal.row("mine")


def test_resized_while_it_is_drawn(cloud: Cloud) -> None:
    """The next picture fits the new width; nothing breaks."""
    terminal = Terminal(cloud, f"mine={cloud.job(seconds=6, instance_name='x' * 30)}", columns=200)
    terminal.until(r"mine .*Running")
    terminal.resize(60, 20)
    for _ in range(2):
        assert terminal._read()  # a picture of that width has come
    terminal.resize(110, 30)
    assert terminal.end() == 0
    assert "\N{CHECK MARK} completed" in terminal.text
    assert "Traceback" not in terminal.text


def test_many_jobs_are_counted(cloud: Cloud) -> None:
    """Over thirty: counts, what failed, and some that are still running."""
    jobs = [cloud.job(seconds=5 + number / 20) for number in range(40)]
    bad = cloud.job(fails="no quota")
    terminal = Terminal(cloud, "--rate", "100/s", *jobs, bad, lines=50)
    # The failed row stands first: below it there must be a running one, and so a whole picture.
    failed = f"{bad[:8]}.* failed"
    screen = terminal.until(rf"1 of 41 jobs ended(.|\n)*\d+ Running(.|\n)*{failed}(.|\n)* Running ")
    assert "1 failed" in screen
    assert screen.count(" Running ") <= 12
    assert "\N{MULTIPLICATION X} failed" in terminal.row(bad[:8])
    assert terminal.end() == 1


def test_no_color_is_respected(cloud: Cloud) -> None:
    """NO_COLOR: the view without a colour."""
    terminal = Terminal(cloud, f"mine={cloud.job(seconds=2)}", env={"NO_COLOR": "1"})
    terminal.until(r"mine .*Running")
    assert terminal.end() == 0
    assert not re.search(rb"\x1b\[[\d;]*3\d", terminal.raw)


@pytest.mark.parametrize("reason", ["dumb", "quiet", "no rich"])
def test_lines_where_no_view_can_be(cloud: Cloud, reason: str, tmp_path: Path) -> None:
    """A dumb terminal and a missing rich get lines; -q gets none."""
    (tmp_path / "rich.py").write_text("raise ImportError\n")
    env = {"dumb": {"TERM": "dumb"}, "no rich": {"PYTHONPATH": str(tmp_path)}}.get(reason, {})
    options = ["-q"] if reason == "quiet" else []
    terminal = Terminal(cloud, *options, f"mine={cloud.job(seconds=2)}", columns=200, env=env)
    assert terminal.end() == 0
    assert b"\x1b[" not in terminal.raw
    assert ("mine  Create_MongoDB of dds-simulated: Running" in terminal.text) == (not options)
    assert "\tcompleted\t" in terminal.raw.decode()


EVIL = "\x1b[31mred\x1b]0;title\x07"


def test_verbose_lets_no_text_steer_the_terminal(cloud: Cloud) -> None:
    """Events on a terminal are coloured by us alone."""
    terminal = Terminal(cloud, "-v", cloud.job(name=EVIL, fails=EVIL), columns=200)
    assert terminal.end() == 1
    assert b"\x1b[31mred" not in terminal.raw
    assert b"\x1b]0;" not in terminal.raw
    assert b"job_failed" in terminal.raw


def test_trouble_is_told_above_the_rows(cloud: Cloud) -> None:
    """A look that failed is a line above; the view goes on below it."""
    job_id = cloud.job(seconds=4)
    cloud.post("faults", kind="error", status=502)
    terminal = Terminal(cloud, f"mine={job_id}", columns=120)
    terminal.until(r"mine  look failed, again in \ds: HTTP 502(.|\n)*mine .*Running")
    assert terminal.end() == 0


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_data_goes_where_it_was_sent(cloud: Cloud, form: str, tmp_path: Path) -> None:
    """Standard output to a file, the view on the terminal: each has its own."""
    file, job_id = tmp_path / "out", cloud.job(seconds=2)
    words = " ".join(cloud.command("--output", form, f"mine={job_id}"))
    terminal = Terminal(cloud._replace(), command=["sh", "-c", f"{words} > {file}"])
    terminal.until(r"mine .*Running")
    assert terminal.end() == 0
    lines = file.read_text().splitlines()
    assert all(job_id in line for line in lines[: None if form == "text" else -1])
    assert len(lines) >= (1 if form == "text" else 4)
    assert job_id not in terminal.text


def test_ctrl_c_leaves_a_readable_screen(cloud: Cloud) -> None:
    """Interrupted: the last picture stays, what is open is told, the cursor is back."""
    terminal = Terminal(cloud, f"mine={cloud.job(seconds=600)}")
    terminal.until(r"mine .*Running")
    terminal.process.sendintr()
    assert terminal.end() == 130
    assert re.search(r"mine .*pending", terminal.text)
    assert "to resume:" in terminal.text
    assert terminal.raw.rindex(b"\x1b[?25h") > terminal.raw.rindex(b"\x1b[?25l")
