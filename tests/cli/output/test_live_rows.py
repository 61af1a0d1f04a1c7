"""The rows of the live view fit into any terminal, and show what matters most."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ddswait.cli.job_table import Entry, JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.live import LiveView
from ddswait.cli.output.live_rows import style_of
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.scheduler.durations import Durations
from ddswait.service.dds import SERVICE

ID = "c010abd0-48cf-4fa8-8cbc-090f093eaa2f"
NOW = 1100.0
BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"


def picture(table: JobTable, width: int, lines: int = 50, encoding: str = "utf-8") -> list[str]:
    """Return the lines of the live view in a terminal without colours."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, width=width, height=lines, color_system=None, markup=False)
    console.print(LiveView(console, table, Durations(), 2000.0).picture(NOW))
    stream.seek(0)
    return [line.rstrip() for line in stream.read().splitlines()]


def seen(entry: Entry, status: str = "Running", progress: int = 40) -> None:
    """Make a job visible."""
    entry.job = SERVICE.read_record(
        {
            "id": entry.job_id,
            "name": "Create_MongoDB",
            "status": status,
            "progress": str(progress),
            "instance": {"id": "i", "name": "orders-db"},
        }
    )
    entry.created_at, entry.next_poll_at = NOW - 75, NOW + 8


def running(*jobs: Named) -> JobTable:
    table = JobTable(jobs, 1000.0)
    for entry in table:
        seen(entry)
    return table


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (200, "job task instance status progress age next poll"),
        (120, "job task instance status progress age next poll"),
        (100, "job instance status progress age next poll"),
        (80, "job instance status progress age"),
        (60, "job status age"),
        (46, "job status"),
    ],
)
def test_columns_are_left_out_by_importance(width: int, titles: str) -> None:
    """A job ID is shown in full, and the least important columns make room for it."""
    _, heading, row = picture(running(Named(ID)), width)
    assert " ".join(heading.split()) == titles
    assert row.startswith(f"{ID}  ")
    assert "Running" in row


def test_labels_leave_room_for_everything() -> None:
    """Short names: every column at 80 cells, numbers aligned to the right."""
    _, heading, first, second = picture(running(Named(ID, "orders"), Named("x", "stock")), 80)
    assert " ".join(heading.split()) == "job task instance status progress age next poll"
    assert first.startswith(
        f"orders  Create_Mongo\N{HORIZONTAL ELLIPSIS}  orders-db  Running  {BAR}"
    )
    assert first.endswith("40 %  1m15s         8s")
    assert second.endswith("40 %  1m15s         8s")


@given(
    st.lists(
        st.tuples(st.text("ab \u65e5", min_size=1, max_size=64), st.text("xy\u65e5", max_size=90)),
        min_size=1,
        max_size=5,
    ),
    st.integers(12, 220),
    st.integers(0, 300),
)
def test_no_row_is_wider_than_the_terminal(
    jobs: list[tuple[str, str]], width: int, progress: int
) -> None:
    """Whatever the names: one line per job, the name and the status first."""
    table = JobTable([Named(str(number), label) for number, (label, _) in enumerate(jobs)], 1000.0)
    for entry, (_, status) in zip(table, jobs, strict=True):
        seen(entry, status, progress)
    lines = picture(table, width)
    assert len(lines) == 2 + len(jobs)
    assert all(Console().render_str(line).cell_len <= width for line in lines)


def test_terminal_without_utf_8_gets_plain_ascii() -> None:
    """Bars, marks and cut texts need no other character."""
    table = running(Named("a", "x" * 50), Named("b"))
    table.settle(Outcome("b", OutcomeKind.COMPLETED), NOW)
    text = "\n".join(picture(table, 50, encoding="ascii"))
    assert text.isascii()
    assert "completed" in text
    assert "---" in "\n".join(picture(running(Named("a")), 80, encoding="ascii"))


def test_empty_columns_are_left_out() -> None:
    """A job that is not visible yet has a name, a status and an age."""
    _, heading, row = picture(JobTable([Named("mine")], 1000.0), 200)
    assert heading.split() == ["job", "status", "age"]
    assert row.split() == ["mine", "not", "visible", "1m40s"]


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_outcome_has_a_row(kind: OutcomeKind) -> None:
    """Its label, with a mark that needs no colour, and a full bar only if it completed."""
    table = running(Named("mine"))
    outcome = Outcome("mine", kind)
    table.settle(outcome, NOW)
    row = picture(table, 100)[2]
    mark = "\N{CHECK MARK}" if outcome.ok else "\N{MULTIPLICATION X}"
    assert f"{mark} {outcome.facts.label}" in row
    assert ("100 %" in row) is outcome.ok
    assert ("green" in style_of(outcome)) is outcome.ok


@pytest.mark.parametrize(("lines", "rows"), [(50, 11), (12, 5), (4, 2)])
def test_many_jobs_are_counted(lines: int, rows: int) -> None:
    """Over thirty or too many for the terminal: counts, what failed, and some that run."""
    table = running(*(Named(f"job-{number}") for number in range(40)), Named("bad"))
    table.settle(Outcome("bad", OutcomeKind.FAILED), NOW)
    headline, counts, _, *shown = picture(table, 80, lines)
    assert headline.startswith("1 of 41 jobs ended")
    assert counts == "40 Running   1 failed"
    assert len(shown) == rows
    assert "\N{MULTIPLICATION X} failed" in shown[0]
    assert "Running" in shown[1]


def test_thirty_jobs_have_a_row_each() -> None:
    """Up to thirty nothing is left out."""
    assert len(picture(running(*(Named(f"job-{number}") for number in range(30))), 80)) == 32
