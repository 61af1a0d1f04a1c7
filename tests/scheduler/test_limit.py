"""ddswait.scheduler.limit: one rate limit, and our part of it."""

from math import inf

import pytest

from ddswait.scheduler.limit import Limit


def shared(limit: float, window: float = 300.0, *, among: int = 5) -> Limit:
    """Return a limit that is used by so many, each of which waits for as many jobs."""
    made = Limit(limit, window, 0.0)
    made.refused(0, among / 1.05, 0.0)
    return made


@pytest.mark.parametrize(("limit", "burst"), [(200, 4), (201, 5), (50, 1), (10, 1)])
def test_burst_is_a_tenth_of_our_share(limit: int, burst: int) -> None:
    """Of 200 that five use: four at once. It is one request at the least."""
    ours = shared(limit)
    assert ours.burst(0.0) == ours.room(0.0) == burst


def test_requests_are_spread_over_our_share() -> None:
    """After the burst, one leaves whenever a fifth of the limit allows it."""
    ours = shared(200)
    for _ in range(4):
        assert ours.next_at(0.0) < 1e-9
        ours.sent(0.0)
    assert ours.next_at(0.0) == pytest.approx(300 / (0.9 * 40))


@pytest.mark.parametrize(("limit", "spacing"), [(10, 300 / 1.8), (5, 300 / 0.9), (1, 300 / 0.9)])
def test_share_is_one_request_in_a_window_at_the_least(limit: int, spacing: float) -> None:
    """However many use the limit, nobody is left without."""
    assert shared(limit).spacing(0.0) == pytest.approx(spacing)


@pytest.mark.parametrize(("requests", "among"), [(200, 1), (200, 5), (1, 1)])
def test_nothing_leaves_before_a_hold_ends(requests: int, among: int) -> None:
    """And no burst then: one request, and the next one a spacing later."""
    limit = Limit(requests, 300.0, 0.0) if among == 1 else shared(requests, among=among)
    limit.hold(100.0)
    assert limit.next_at(100.0) == pytest.approx(100.0)
    assert limit.room(99.9) == 0
    assert limit.room(100.1) == 1
    limit.sent(100.1)
    assert limit.room(100.1) == 0


def test_hold_never_shortens_an_earlier_one() -> None:
    """The later one of two times counts."""
    limit = Limit(200, 300.0, 0.0)
    limit.hold(100.0)
    limit.hold(50.0)
    assert limit.next_at(50.0) == pytest.approx(100.0)


def test_no_limit_never_holds_a_request_back() -> None:
    """Whatever was sent before."""
    limit = Limit(inf, 1.0, -inf)
    for _ in range(1000):
        limit.sent(0.0)
    assert limit.next_at(0.0) <= 0.0
    assert limit.room(0.0) > 10**6
