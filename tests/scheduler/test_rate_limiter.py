"""ddswait.budget: never more than a limit in any window, and what a 429 teaches."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait import InputError
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate

WAITS = st.lists(st.floats(0, 400), min_size=1, max_size=300)


def most_in_a_window(sent: list[float], window: float) -> int:
    return max(sum(begin <= at < begin + window for at in sent) for begin in sent)


@given(st.integers(1, 40), st.floats(0.5, 600), WAITS, st.booleans())
def test_no_window_holds_more_than_the_limit(
    limit: int, window: float, waits: list[float], impatient: bool
) -> None:
    """Whatever the order of calls: asked for as fast as allowed, or with any pauses between."""
    budget, now, sent = RateLimiter(limit, window), 0.0, []
    for wait in waits:
        now = max(now, budget.at(now)) + (0.0 if impatient else wait)
        assert budget.at(now) <= now
        budget.spend(now)
        sent.append(now)
    assert most_in_a_window(sent, window * 0.999999) <= limit


@given(
    st.integers(1, 300),
    st.sampled_from([1.0, 60.0, 300.0, 3600.0]),
    st.integers(0, 400),
    st.lists(st.floats(0, 50), min_size=1, max_size=200),
)
def test_learned_limit_counts_what_was_sent_before(
    limit: int, window: float, before: int, waits: list[float]
) -> None:
    """After the 429 that taught it, no window holds more, with everything sent before."""
    budget, now, sent = RateLimiter(inf), 0.0, []
    for _ in range(before):
        budget.spend(now)
        sent.append(now)
        now += 0.05
    budget.spend(now)
    budget.throttled(limit, window, 0.0, now, now + 0.01)
    now += 0.01
    assert budget.at(now) <= now + window * 1.001  # no more than the window is waited for
    later = []
    for wait in waits:
        now = max(now, budget.at(now)) + wait
        budget.spend(now)
        later.append(now)
    assert most_in_a_window(later, window * 0.999999) <= limit
    if before >= limit:
        old = [at for at in sent if at > later[0] - window]
        assert len(old) + 1 <= limit


def test_questions_are_spread() -> None:
    """Of 200 in five minutes: 20 at once, then one each 1.67 s."""
    budget, sent = RateLimiter(200, 300.0), []
    now = 0.0
    for _ in range(200):
        now = max(now, budget.at(now))
        budget.spend(now)
        sent.append(now)
    assert sum(at < 1e-9 for at in sent) == 20
    assert {round(b - a, 3) for a, b in pairwise(sent[20:])} == {1.667}


def test_default_is_ten_a_second() -> None:
    """A thousand jobs at once: nine or ten in each second."""
    budget, sent = RateLimiter(), []
    now = 0.0
    for _ in range(1000):
        now = max(now, budget.at(now))
        budget.spend(now)
        sent.append(now)
    assert most_in_a_window(sent, 0.9999) <= 10
    assert sent[-1] == pytest.approx(111, abs=1)


def test_others_eat_from_the_same_limit() -> None:
    """A 429 below the learned limit lowers our share; it comes back slowly."""
    budget = RateLimiter(inf)
    budget.spend(0.0)
    budget.throttled(200, 300.0, 0.0, 0.0, 0.0)  # after one question: others have used it up
    assert 0 < budget.at(0.0) <= 300.0
    first = spacing(budget, 1000.0)
    assert first > 1.05 * 300 / 180
    budget.throttled(200, 300.0, 0.0, 1001.0, 1001.0)
    assert spacing(budget, 1301.0) > first
    assert spacing(budget, 1e6) == pytest.approx(300 / 180)


def spacing(budget: RateLimiter, now: float) -> float:
    """Return how long the budget waits between questions when its burst is used up."""
    for _ in range(60):
        now = max(now, budget.at(now))
        budget.spend(now)
    return budget.at(now) - now


def test_burst_of_refusals_is_punished_once() -> None:
    """What left before the limit was learned and is refused too, changes nothing more."""
    once, thrice = RateLimiter(inf), RateLimiter(inf)
    for budget, refusals in ((once, 1), (thrice, 3)):
        for _ in range(250):
            budget.spend(0.0)
        for _ in range(refusals):
            budget.throttled(200, 300.0, 0.0, 0.0, 1.0)
    assert once.at(1.0) == thrice.at(1.0)


def test_limit_that_is_new_is_learned_at_once() -> None:
    """A second limit, from a question that left before the first one was learned, holds too."""
    budget = RateLimiter(10, 1.0)
    for number in range(6):
        budget.spend(number * 0.12)
    budget.throttled(5, 1.0, 0.0, 0.5, 0.6, "ip")
    budget.throttled(200, 300.0, 0.0, 0.55, 0.61, "user")
    assert repr(budget) == "10/1 s, 5/1 s, 200/300 s"


def test_limit_replaces_the_old_one_of_its_policy_and_window() -> None:
    """A limit that was raised is used; the same figures of another policy are another limit."""
    budget = RateLimiter(inf)
    budget.throttled(100, 300.0, 0.0, 0.0, 0.0, "user")
    budget.throttled(100, 300.0, 0.0, 1000.0, 1000.0, "api")
    assert repr(budget) == "100/300 s, 100/300 s"
    budget.throttled(500, 300.0, 0.0, 6000.0, 6000.0, "user")
    budget.throttled(900, 300.0, 0.0, 12000.0, 12000.0, "api")
    assert repr(budget) == "500/300 s, 900/300 s"
    assert spacing(budget, 1e6) == pytest.approx(300 / 450)


def test_no_figures_halve_the_rate_which_recovers() -> None:
    """Half, a quarter; never slower than one a minute; whole again after minutes."""
    budget = RateLimiter(10, 1.0)
    usual = spacing(budget, 0.0)
    budget.throttled(None, None, 0.0, 10.0, 10.0)
    assert spacing(budget, 10.0) == pytest.approx(2 * usual, rel=0.1)
    budget.throttled(None, None, 0.0, 9.0, 20.0)  # it left before the first cut
    assert spacing(budget, 20.0) < 2.1 * usual
    budget.throttled(None, None, 0.0, 31.0, 31.0)
    assert 3 * usual < spacing(budget, 31.0) < 4.1 * usual
    assert spacing(budget, 1000.0) == pytest.approx(usual)
    for second in range(2000, 2100):
        budget.throttled(None, None, 0.0, second, second)
    budget.spend(2100.0)
    assert 55.0 < budget.at(2100.0) - 2100.0 <= 60.0
    assert budget._factor(2220.0) == pytest.approx(2 * budget._factor(2100.0), rel=0.1)
    assert budget._factor(1e9) == 1.0


def test_retry_after_is_for_all() -> None:
    """No question leaves before the time that the server named."""
    budget = RateLimiter()
    budget.throttled(None, None, 90.0, 0.0, 5.0)
    assert budget.at(5.0) == 95.0
    assert budget.left(5.0) == 0


def test_what_is_left() -> None:
    """As many as may leave at once; without a limit, plenty."""
    budget = RateLimiter(200, 300.0)
    assert budget.left(0.0) == 20
    budget.spend(0.0)
    assert budget.left(0.0) == 19
    assert RateLimiter(inf).left(0.0) > 10**6
    assert repr(budget) == "200/300 s"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/s", (10, 1.0)),
        ("200/5m", (200, 300.0)),
        ("1/H", (1, 3600.0)),
        (" 5/2d", (5, 172800.0)),
    ],
)
def test_rates(text: str, rate: tuple[int, float]) -> None:
    """Questions per time."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "10", "0/s", "10/", "10/0s", "-1/s", "1.5/s", "1/w"])
def test_what_is_no_rate(text: str) -> None:
    """It is named, with the way to give one."""
    with pytest.raises(InputError, match="10/s or 200/5m"):
        parse_rate(text)
