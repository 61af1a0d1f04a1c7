"""The live view, in a real pseudo-terminal whose screen is read back."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.output.pseudo_terminal import Terminal
from tests.cloud_process import Cloud, serving


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


BAR = (
    "[\N{BOX DRAWINGS HEAVY HORIZONTAL}\N{BOX DRAWINGS HEAVY LEFT}"
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}]+"
)


def test_a_row_per_job_stays_on_the_screen(cloud: Cloud) -> None:
    """Name, instance, status, bar, age, next poll; ended jobs stay, and the summary last."""
    good, bad = cloud.held_job(instance_name="orders-db"), cloud.held_job()
    terminal = Terminal(cloud, f"mine={good}", bad, columns=120)
    terminal.until(rf"mine .* orders-db .*Running +{BAR} +\d+ % +\d+s +\d+s")
    titles = " ".join(terminal.row("job ").split())
    assert titles.startswith("job task instance status progress age next poll")
    cloud.end(good, instance_name="orders-db")
    cloud.end(bad, fails="no quota in az2")
    assert terminal.end() == 1
    assert re.search(rf"orders-db +\N{{CHECK MARK}} completed +{BAR} +100 %", terminal.text)
    failed = "\N{MULTIPLICATION X} failed after "
    assert re.search(rf"{bad}  .*{failed}\d+s: no quota in az2", terminal.text)
    assert "2 of 2 jobs ended, 1 not completed" in terminal.text
    assert "1 completed, 1 failed; exit code 1" in terminal.text
    assert ": no quota in az2" in terminal.text
    assert terminal.text.count(good) == 0  # shown once: a label, no line of data beside the row
    assert b"\x1b[3" in terminal.raw  # in colour


@pytest.mark.slow
def test_time_left_by_what_past_jobs_took(cloud: Cloud, tmp_path: Path) -> None:
    """With a history, the row shows how much longer the job will take."""
    past = {str(number): 600.0 for number in range(5)}
    file = tmp_path / "history.json"
    file.write_text(f'{{"durations, version 1": {{"resizemongodb": {past}}}}}'.replace("'", '"'))
    job_id = cloud.held_job(name="Resize_MongoDB")
    terminal = Terminal(cloud, "--history", str(file), f"mine={job_id}")
    terminal.until(r"mine .*Running.* ~(9m\d\ds|10m00s)")
    cloud.end(job_id)
    assert terminal.end() == 0


@pytest.mark.slow
def test_resized_while_it_is_drawn(cloud: Cloud) -> None:
    """The next picture fits the new width; nothing breaks."""
    job_id = cloud.held_job(instance_name="x" * 30)
    terminal = Terminal(cloud, f"mine={job_id}", columns=200)
    terminal.until(r"mine .*Running")
    terminal.resize(60, 20)
    for _ in range(2):
        assert terminal.read()  # a picture of that width has come
    terminal.resize(110, 30)
    cloud.end(job_id)
    assert terminal.end() == 0
    assert "\N{CHECK MARK} completed" in terminal.row("mine ")  # one row, and none of a stale one
    terminal.row("1 of 1 job ended")
    assert "Traceback" not in terminal.text


@pytest.mark.slow
def test_no_color_is_respected(cloud: Cloud) -> None:
    """NO_COLOR: the view without a colour."""
    job_id = cloud.held_job()
    terminal = Terminal(cloud, f"mine={job_id}", env={"NO_COLOR": "1"})
    terminal.until(r"mine .*Running")
    cloud.end(job_id)
    assert terminal.end() == 0
    assert not re.search(rb"\x1b\[[\d;]*3\d", terminal.raw)


@pytest.mark.parametrize("reason", ["dumb", "quiet", "no rich"])
@pytest.mark.slow
def test_lines_where_no_view_can_be(cloud: Cloud, reason: str, tmp_path: Path) -> None:
    """A dumb terminal and a missing rich get lines; -q gets none."""
    (tmp_path / "rich.py").write_text("raise ImportError\n")
    env = {"dumb": {"TERM": "dumb"}, "no rich": {"PYTHONPATH": str(tmp_path)}}.get(reason, {})
    options = ["-q"] if reason == "quiet" else []
    job_id = cloud.held_job()
    terminal = Terminal(cloud, *options, f"mine={job_id}", columns=200, env=env)
    if not options:
        terminal.until("mine  CreateMongoDB of dds-simulated: Running")
    cloud.end(job_id)
    assert terminal.end() == 0
    assert b"\x1b[" not in terminal.raw
    assert ("mine  CreateMongoDB of dds-simulated: " in terminal.text) == (not options)
    assert "\tcompleted\t" in terminal.raw.decode()
    assert terminal.text.count("pip install rich") == (reason == "no rich")


EVIL = "\x1b[31mred\x1b]0;title\x07"


def test_verbose_lets_no_text_control_the_terminal(cloud: Cloud) -> None:
    """Events on a terminal are coloured by ddswait alone."""
    terminal = Terminal(cloud, "-v", cloud.job(name=EVIL, fails=EVIL), columns=200)
    assert terminal.end() == 1
    assert b"\x1b[31mred" not in terminal.raw
    assert b"\x1b]0;" not in terminal.raw
    assert b"job_failed" in terminal.raw


def test_failed_poll_is_a_line_above_the_rows(cloud: Cloud) -> None:
    """The view goes on below it."""
    job_id = cloud.held_job()
    cloud.post("faults", kind="error", status=502)
    terminal = Terminal(cloud, f"mine={job_id}", columns=120)
    terminal.until(r"mine  poll failed, next try in \ds: HTTP 502(.|\n)*mine .*Running")
    cloud.end(job_id)
    assert terminal.end() == 0


@pytest.mark.parametrize("ids", [["mine=a1"], ["--ready", "--instance", f"mine={'0' * 32}in02"]])
def test_row_says_that_nothing_can_be_reached(cloud: Cloud, ids: list[str]) -> None:
    """Why, and when the next try is, of a job and of an instance; not that it is not visible."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        terminal = Terminal(
            cloud, "--interval", "30", *ids, columns=120, env={"DDSWAIT_ENDPOINT": endpoint}
        )
        terminal.until(r"mine +unreachable \(connection refused\), retry in \d+s")
        assert "not visible" not in terminal.text
        terminal.process.sendintr()
        assert terminal.end() == 130


@pytest.mark.parametrize("form", ["text", "jsonl"])
@pytest.mark.slow
def test_data_goes_where_it_was_sent(cloud: Cloud, form: str, tmp_path: Path) -> None:
    """Standard output to a file, the view on the terminal: each has its own."""
    file, job_id = tmp_path / "out", cloud.held_job()
    words = " ".join(cloud.command("--output", form, f"mine={job_id}"))
    terminal = Terminal(cloud, command=["sh", "-c", f"{words} > {file}"])
    terminal.until(r"mine .*Running")
    cloud.end(job_id)
    assert terminal.end() == 0
    lines = file.read_text().splitlines()
    assert all(job_id in line for line in lines[: None if form == "text" else -1])
    assert len(lines) >= (1 if form == "text" else 4)
    assert job_id not in terminal.text


def test_ctrl_c_leaves_a_readable_screen(cloud: Cloud) -> None:
    """Interrupted: the last picture stays and shows what was known, the cursor is back."""
    terminal = Terminal(cloud, f"mine={cloud.held_job()}")
    terminal.until(r"mine .*Running")
    terminal.process.sendintr()
    assert terminal.end() == 130
    assert re.search(r"mine .*Running", terminal.text)
    assert "pending; exit code 130" in terminal.text
    assert "to resume:" in terminal.text
    assert terminal.raw.rindex(b"\x1b[?25h") > terminal.raw.rindex(b"\x1b[?25l")
