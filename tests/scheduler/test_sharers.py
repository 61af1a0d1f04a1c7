"""ddswait.scheduler.sharers: how many share a limit, as far as one of them can tell."""

import pytest

from ddswait.scheduler.sharers import Sharers


def refused(sent: int, jobs_for_ours: float | None = None, at: float = 0.0) -> Sharers:
    """Return those of a limit of 60 in a minute, after a 429 that followed so many requests."""
    sharers = Sharers(60, 60.0, jobs_for_ours)
    sharers.refused(sent, at)
    return sharers


def test_alone_until_a_429_comes() -> None:
    """Lists alone say nothing: nobody is slowed down by jobs that run."""
    sharers = Sharers(60, 60.0, 10.0)
    assert sharers.number(0.0) == 1.0
    sharers.listed(5.0, 1.0)
    assert sharers.number(1.0) == 1.0
    sharers.listed(15.0, 2.0)
    assert sharers.number(2.0) == 1.0
    sharers.listed(0.5, 3.0)
    assert sharers.number(10.0) == 1.0
    unknown = Sharers(60, 60.0, None)
    unknown.listed(15.0, 0.0)
    assert unknown.number(0.0) == 1.0


@pytest.mark.parametrize(
    ("sent", "number"), [(30, 3.0), (15, 5.0), (6, 11.0), (3, 11.0), (2, 5.0), (0, 5.0)]
)
def test_window_that_was_full_tells_how_many_there_are(sent: int, number: float) -> None:
    """Without a list: as many as filled parts like ours, ten at the most, and one more.

    Whoever has sent hardly anything is taken for one of four.
    """
    assert refused(sent).number(0.0) == number


@pytest.mark.parametrize(
    ("jobs", "number"), [(0.5, 1.05), (1.0, 1.05), (4.0, 4.2), (12.5, 13.125), (500.0, 20.0)]
)
def test_list_tells_better(jobs: float, number: float) -> None:
    """Whatever we sent: as many as there are running jobs for each of ours, and a little more.

    It is more than one, even if all of them are ours: others use the limit too.
    """
    assert refused(50, jobs).number(0.0) == refused(0, jobs).number(0.0) == number


def test_each_429_adds_one() -> None:
    """So the larger one of two parts shrinks more, and they become alike."""
    few, many = refused(30), refused(10)
    before = many.number(0.0) / few.number(0.0)
    for sharers in (few, many):
        sharers.refused(0, 0.0)
    assert (few.number(0.0), many.number(0.0)) == (4.0, 8.0)
    assert many.number(0.0) / few.number(0.0) < before


def test_429_adds_one_however_few_there_are() -> None:
    """Whoever believes in two already does not guess anew."""
    sharers = refused(50, 1.0)
    assert sharers.number(0.0) == 1.05
    sharers.refused(3, 0.0)
    assert sharers.number(0.0) == 2.05


def test_number_is_bounded() -> None:
    """However often it is refused, a twentieth of the limit is left."""
    sharers = refused(0)
    for _ in range(50):
        sharers.refused(0, 0.0)
    assert sharers.number(0.0) == 20.0


def test_number_follows_the_lists() -> None:
    """Others that begin to wait take their part at once, and give it back when their jobs end."""
    sharers = refused(30, 2.0)
    assert sharers.number(0.0) == 2.1
    sharers.listed(4.0, 0.0)
    assert sharers.number(0.0) == 4.2
    sharers.listed(1.0, 0.0)
    assert sharers.number(0.0) == 1.05
    sharers.listed(0.5, 0.0)
    assert sharers.number(0.0) == 1.0


def test_list_that_says_nothing_new_changes_nothing() -> None:
    """What quiet windows have taken away stays taken."""
    sharers = refused(0, 4.0)
    fallen = sharers.number(60.0)
    sharers.listed(4.0, 60.0)
    assert sharers.number(60.0) == fallen < 5.0


def test_first_list_replaces_the_guess() -> None:
    """It tells better, whatever was guessed before."""
    sharers = refused(0)
    sharers.listed(3.0, 30.0)
    assert sharers.number(30.0) == 4.0


def test_number_falls_to_what_the_lists_say_and_slowly_from_there() -> None:
    """One in each window down to a twentieth above that, a fifteenth then."""
    sharers = refused(0, 4.0)
    sharers.refused(0, 0.0)
    assert sharers.number(30.0) == pytest.approx(4.7)
    assert sharers.number(60.0) == pytest.approx(4.2)
    assert sharers.number(120.0) == pytest.approx(4.13, abs=0.03)
    assert sharers.number(180.0) == pytest.approx(4.06, abs=0.1)
    assert refused(0, 4.0).number(30.0) == pytest.approx(4.165, abs=0.001)


def test_jobs_that_nobody_waits_for_do_not_hold_us_back_for_hours() -> None:
    """A thousand of them and a single 429: we are alone again after 19 windows, lists or not."""
    sharers = refused(0, 1000.0)
    for window in range(1, 19):
        assert sharers.number(60.0 * window) > 1.0
        sharers.listed(1000.0, 60.0 * window)
    assert sharers.number(60.0 * 19) == 1.0
    assert refused(0, 1000.0).number(60.0 * 19) == 1.0


def test_number_falls_faster_and_faster_without_lists() -> None:
    """Hardly in the first two windows, and to nothing in six."""
    sharers = refused(6)
    fallen = [11.0 - sharers.number(60.0 * window) for window in range(7)]
    assert fallen == pytest.approx([0.0, 0.05, 0.4, 1.35, 3.2, 6.25, 10.0])


def test_429_begins_the_fall_anew() -> None:
    """What has fallen before stays."""
    sharers = refused(6)
    sharers.refused(6, 180.0)
    assert sharers.number(180.0) == pytest.approx(11.0 - 1.35 + 1.0)
    assert sharers.number(240.0) == pytest.approx(11.0 - 1.35 + 1.0 - 0.05)


def test_clock_may_be_another_one_before_the_first_429() -> None:
    """The fall begins with the 429, by the new clock."""
    moved = Sharers(60, 60.0, None)
    moved.shift(-4096.0)
    moved.refused(6, 4096.0)
    assert moved.number(4300.0) == refused(6, at=4096.0).number(4300.0) < 11.0


@pytest.mark.parametrize("jobs_for_ours", [None, 4.0])
def test_clock_may_be_another_one(jobs_for_ours: float | None) -> None:
    """The number falls as if the clock had always been the new one."""
    moved, other = (refused(6, jobs_for_ours, at) for at in (8192.0, 4096.0))
    begun = other.number(4096.0)
    moved.shift(-4096.0)
    assert moved.number(4300.0) == other.number(4300.0) < begun


def test_clock_may_be_another_one_after_a_list() -> None:
    """What has fallen before that list is not taken away again."""
    moved, other = refused(6, 4.0, 8192.0), refused(6, 4.0, 4096.0)
    for sharers, at in ((moved, 8192.0), (other, 4096.0)):
        sharers.listed(5.0, at + 90.0)
    moved.shift(-4096.0)
    assert moved.number(4300.0) == other.number(4300.0)
