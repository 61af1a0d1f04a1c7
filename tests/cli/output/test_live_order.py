"""Which jobs the live view shows, in which order, and what it says of the whole run."""

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.outcome import Outcome, OutcomeKind
from tests.cli.output.live_pictures import BAR, LINE, NOW, failed, picture, running, seen


@pytest.mark.parametrize("lines", [50, 24, 12, 5])
def test_view_fills_the_screen(lines: int) -> None:
    """All lines but the cursor's: what failed, then some that run, and a count of the rest."""
    table = running(*(Named(f"job-{number:02}") for number in range(60)))
    failed(table, "job-07", "no quota")
    table.settle(Outcome("job-08", OutcomeKind.COMPLETED), NOW)
    headline, _, *shown, rest = picture(table, 80, lines)
    assert len(shown) + 3 == lines - 1
    assert headline.startswith("2 of 60 jobs ended, 1 not completed")
    runs = len(shown) - (lines > 5)
    if lines > 5:
        assert "failed" in shown.pop(0)
    assert all("Running" in row for row in shown)
    more = "" if lines > 5 else ", 1 failed"
    assert rest == f"... and {58 - runs} more running{more}, 1 completed"


def test_failures_leave_half_of_the_lines() -> None:
    """Forty failures do not hide the jobs that run; they have more room when few run."""
    table = running(*(Named(f"job-{number:02}") for number in range(80)))
    for number in range(40):
        failed(table, f"job-{number:02}", "no quota")
    *shown, rest = picture(table, 80, 23)[2:]
    assert ["failed" in row for row in shown] == [True] * 9 + [False] * 10
    assert rest == "... and 30 more running, 31 failed"
    for number in range(41, 80):
        table.settle(Outcome(f"job-{number:02}", OutcomeKind.COMPLETED), NOW)
    *shown, rest = picture(table, 80, 23)[2:]
    assert ["failed" in row for row in shown] == [True] * 18 + [False]
    assert rest == "... and 22 more failed, 39 completed"


def test_soonest_to_end_comes_first() -> None:
    """By the time left, then by progress; what ended comes last."""
    table = JobTable([Named(each) for each in ("new", "slow", "done", "fast", "still")], 1000.0)
    for key, progress in (("slow", 20), ("fast", 80), ("still", 30)):
        seen(table[key], progress=progress)
        table[key].progress.see(progress, 75.0)
    for key in ("slow", "fast"):
        table[key].progress.has_moved = True
    table.settle(Outcome("done", OutcomeKind.COMPLETED), NOW)
    headline, _, *shown = picture(table, 120)
    assert [line.split()[0] for line in shown] == ["fast", "slow", "still", "new", "done"]
    assert [line.split()[-1] for line in shown[:2]] == ["~20s", "~4m45s"]
    assert "left" not in headline  # two have no estimate


def test_headline_is_about_the_whole_run() -> None:
    """One bar over all, the time elapsed, the time left of the last job, and the deadline."""
    table = JobTable([Named("a"), Named("b")], 1000.0)
    for key, progress in (("a", 20), ("b", 80)):
        seen(table[key], progress=progress)
        table[key].progress.see(progress, 75.0)
        table[key].progress.has_moved = True
    bar = BAR * 10 + LINE * 10
    rest = "1m40s elapsed  ~4m45s left  times out in 15m00s"
    assert picture(table, 120)[0] == f"0 of 2 jobs ended  {bar}  50 %  {rest}"
    assert picture(table, 60)[0] == "0 of 2 jobs ended  1m40s elapsed  ~4m45s left"
    table.settle(Outcome("a", OutcomeKind.COMPLETED), NOW)
    table.settle(Outcome("b", OutcomeKind.COMPLETED), NOW)
    assert picture(table, 120)[0] == f"2 of 2 jobs ended  {BAR * 20}  100 %  1m40s elapsed"


def test_headline_has_no_time_left_while_nothing_can_be_reached() -> None:
    """The estimates would grow without a reason; one job that can be reached is enough."""
    table = JobTable([Named("a"), Named("b")], 1000.0)
    for key in ("a", "b"):
        seen(table[key], progress=20)
        table[key].progress.see(20, 75.0)
        table[key].progress.has_moved = True
    for key, is_shown in (("a", True), ("b", False)):
        table[key].problem = "DNS"
        assert (" left " in picture(table, 120)[0]) is is_shown


def test_headline_of_waits_that_ended_before_their_jobs() -> None:
    """A job that timed out or could not be reached has not ended, and keeps its progress."""
    table = JobTable([Named("a"), Named("b")], 1000.0)
    seen(table["a"], progress=20)
    table.settle(Outcome("a", OutcomeKind.TIMED_OUT, table["a"].job), NOW)
    table.settle(Outcome("b", OutcomeKind.UNREACHABLE), NOW)
    headline = picture(table, 120)[0]
    assert headline.startswith("0 of 2 jobs ended, 2 not completed  ")
    assert headline.endswith("  10 %  1m40s elapsed")
