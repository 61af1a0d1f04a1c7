"""The rows of the live view fit into any terminal, and show what matters most."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ddswait import failure_kinds
from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.live_text import style_of
from ddswait.events import Polled, PollFailed, RenewalFailed
from ddswait.outcome import Outcome, OutcomeKind
from tests.cli.output.live_pictures import (
    BAR,
    HALF,
    ID,
    LINE,
    NOW,
    REASON,
    X,
    failed,
    picture,
    running,
    seen,
)


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (200, "job task instance status progress age next poll"),
        (120, "job task instance status progress age next poll"),
        (100, "job instance status progress age next poll"),
        (86, "job instance status progress age"),
        (72, "job instance status age"),
        (60, "job status"),
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
    assert first.startswith(f"orders  CreateMongoDB  orders-db  Running  {BAR}")
    assert first.endswith("40 %  1m15s         8s")
    assert second.endswith("40 %  1m15s         8s")


def test_bar_shrinks_before_a_column_is_left_out() -> None:
    """From twenty cells down to eight; names and texts are whole as long as columns go."""
    wide, narrow = (picture(running(Named(ID)), width)[2] for width in (120, 106))
    assert wide.count(BAR) + wide.count(HALF) + wide.count(LINE) == 20
    assert 8 <= narrow.count(BAR) + narrow.count(HALF) + narrow.count(LINE) < 20
    assert all(word in narrow for word in (ID, "CreateMongoDB", "orders-db", "40 %", "8s"))


@pytest.mark.parametrize("width", [60, 66, 80, 100])
def test_name_is_cut_last(width: int) -> None:
    """The key of an instance is longer than a job ID, and stays whole as well."""
    key = f"instance:{ID}"
    row = picture(running(Named(key)), width)[2]
    assert row.startswith(f"{key}  ")
    assert "not re" in row


def test_column_that_repeats_the_names_is_left_out() -> None:
    """A label that is the name of the instance, as it is for replies of operations."""
    table = running(Named(ID, "orders-db"))
    assert "instance" not in picture(table, 200)[1]
    table = running(Named(ID, "orders-db"), Named("x", "stock"))
    assert "instance" in picture(table, 200)[1]


def test_service_stands_before_the_names_of_a_mixed_run() -> None:
    """A label that repeats the name of the instance needs no column of its own there either."""
    table = running(Named(ID, "orders-db"), Named("x", "orders-db-2", "rds"))
    _, heading, first, second = picture(table, 200)
    assert first.startswith("dds:orders-db ")
    assert second.startswith("rds:orders-db-2 ")
    assert "instance" in heading
    assert first.count("orders-db") == 1


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
    table = running(Named("a", "x" * 50), Named("b"), Named("c"))
    table.settle(Outcome("b", OutcomeKind.COMPLETED), NOW)
    table.settle(Outcome("c", OutcomeKind.UNREACHABLE, cause="x" * 90), NOW)
    text = "\n".join(picture(table, 50, encoding="ascii"))
    assert text.isascii()
    assert "completed" in text
    assert "####...." in "\n".join(picture(running(Named("a")), 80, encoding="ascii"))


def test_empty_columns_are_left_out() -> None:
    """A job that was not polled yet has a name, a status and an age."""
    _, heading, row = picture(JobTable([Named("mine")], 1000.0), 200)
    assert heading.split() == ["job", "status", "age"]
    assert row.split() == ["mine", "not", "polled", "yet", "1m40s"]


def test_status_of_what_is_not_seen() -> None:
    """A job that DDS does not know yet, and an instance that is not ready, after a job or alone."""
    table = JobTable([Named("new"), Named("done"), Named("instance:i1", "alone")], 1000.0)
    seen(table["done"], "Completed")
    table.take(Polled("new", "first", 9.0), NOW)
    table.take(Polled("done", "interval", 9.0, "i1"), NOW)
    table.take(Polled("", "first", 9.0, "i1"), NOW)
    rows = {line.split()[0]: line for line in picture(table, 120)[2:]}
    assert "not visible" in rows["new"]
    assert "not ready yet" in rows["done"]
    assert "not ready yet" in rows["alone"]


@pytest.mark.parametrize("kind", [each for each in OutcomeKind if each.value != "pending"])
def test_every_end_has_a_row(kind: OutcomeKind) -> None:
    """Its label, with a mark that needs no colour, and a full bar only if it completed."""
    table = running(Named("mine"))
    outcome = Outcome("mine", kind)
    entry = table.settle(outcome, NOW)
    row = picture(table, 100)[2]
    mark = "\N{CHECK MARK} " if outcome.ok else "\N{MULTIPLICATION X} "
    assert f"  {mark}{outcome.facts.label}" in row
    assert ("100 %" in row) is outcome.ok
    assert ("green" in style_of(entry)) is outcome.ok


def test_last_picture_after_an_interrupt_forgets_nothing() -> None:
    """Rows and headline keep what was known; only what is no longer planned is gone."""
    table = running(Named("mine"), Named("new"), Named("late"))
    table["new"].job = None
    table.take(PollFailed("late", "no such host", 5.0, kind=failure_kinds.DNS), NOW)
    before = "\n".join(picture(table, 120))
    for entry in table:
        table.settle(Outcome(entry.job_id, OutcomeKind.PENDING, entry.job, polls=3), NOW)
    headline, _, *rows = picture(table, 120)
    assert all(word in before for word in headline.split("  "))
    assert headline.startswith("0 of 3 jobs ended")
    assert "27 %" in headline
    assert [" ".join(re.sub(f"[{BAR}{HALF}{LINE}]", "", row).split()) for row in rows] == [
        "mine CreateMongoDB orders-db Running 40 % 1m15s",
        "late CreateMongoDB orders-db unreachable (DNS)",
        "new not visible 1m15s",
    ]
    assert not re.search("times out|retry|next poll|pending", "\n".join([headline, *rows]))


@pytest.mark.parametrize(
    ("width", "rows"),
    [
        (120, [f"mine  CreateMongoDB  orders-db  {X} failed after 1m15s: {REASON}"]),
        (80, [f"mine  {X} failed after 1m15s: {REASON}"]),
        (50, [f"mine  orders-db  {X} failed after 1m15s", f"    {REASON}"]),
        (
            30,
            [
                f"mine  {X} failed after 1m15s",
                "    The flavor is sold out in",
                "    az1, az2 and az3.",
            ],
        ),
    ],
)
def test_reason_of_a_failure_stands_in_its_row(width: int, rows: list[str]) -> None:
    """Beside the status, else after the name, else in lines of its own."""
    table = running(Named("mine"), Named("good"))
    failed(table, "mine")
    shown = picture(table, width)[2:-1]
    assert [line.split() for line in shown] == [line.split() for line in rows]


@pytest.mark.parametrize(
    ("lines", "last"), [(7, "    az1, az2 and az3."), (6, f"    {REASON[:25]}…")]
)
def test_reason_is_cut_only_if_other_jobs_need_the_lines(lines: int, last: str) -> None:
    """A job that runs, and the cursor, keep their lines."""
    table = running(Named("mine"), Named("good"))
    failed(table, "mine")
    shown = picture(table, 30, lines)
    assert len(shown) == lines - 1
    assert shown[-2] == last
    assert shown[-1].startswith("good ")


def test_failure_without_a_reason_says_so() -> None:
    """DDS may give none."""
    table = running(Named("mine"))
    failed(table, "mine", None)
    assert picture(table, 100)[2].endswith("failed after 1m15s: the service gave no reason")


@pytest.mark.parametrize("key", ["mine", f"instance:{ID}"])
def test_unreachable_is_not_the_status_of_a_job(key: str) -> None:
    """A row says why its last poll failed and when the next one is, until a poll succeeds."""
    job_id, instance_id = ("", ID) if ":" in key else (key, "")
    table = JobTable([Named(key)], 1000.0)
    table.take(PollFailed(job_id, "no such host", 6.0, instance_id, kind="DNS"), NOW)
    table.take(Polled(job_id, "first", 6.0, instance_id, failed=True), NOW)
    assert picture(table, 100)[2].split("  ") == [key, "unreachable (DNS), retry in 6s"]
    table.take(Polled(job_id, "retry", 9.0, instance_id), NOW)
    assert "unreachable" not in picture(table, 100)[2]
    assert picture(table, 100)[2].endswith(" 9s")


def test_cause_is_kept_where_only_that_fits() -> None:
    """Beside a whole job ID, at 80 cells."""
    table = JobTable([Named(ID)], 1000.0)
    table.take(PollFailed(ID, "x", 6.0, kind="connection refused"), NOW)
    assert picture(table, 80)[2] == f"{ID}  connection refused, retry in 6s"


def test_429_is_a_reply() -> None:
    """Whoever replies is not unreachable; a try that is due has no time."""
    table = JobTable([Named("mine")], 1000.0)
    table.take(PollFailed("mine", "x", 0.0, kind=failure_kinds.THROTTLED), NOW)
    assert picture(table, 100)[2] == "mine  too many requests, trying again"


@pytest.mark.parametrize(("delay", "words"), [(42.0, ", retry in 42s"), (None, "")])
def test_row_without_credentials_says_so(delay: float | None, words: str) -> None:
    """No poll can leave: the row says why, until one has left."""
    table = running(Named("mine"), Named("new"))
    table.entries["new"].next_poll_at = None
    table.take(RenewalFailed("no such host", delay, kind="DNS"), NOW)
    rows = picture(table, 100)[2:]
    (row,) = (row for row in rows if row.startswith("new "))
    assert row.endswith(f"  no credentials (DNS){words}")
    assert "Running" in "".join(rows)  # the poll of that one is not due yet
    table.take(Polled("mine", "interval", 9.0), NOW)
    assert "no credentials" not in "".join(picture(table, 100))
