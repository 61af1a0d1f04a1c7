"""ddswait.scheduler.rate_limiter: no window exceeds a limit, and a 429 teaches one."""

from collections.abc import Callable
from itertools import pairwise
from math import inf
from random import Random

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
    """No window exceeds the limit, whether requests are sent as fast as allowed or at any times."""
    limiter, now, sent = RateLimiter(limit, window), 0.0, []
    for wait in waits:
        now = max(now, limiter.next_at(now)) + (0.0 if impatient else wait)
        assert limiter.next_at(now) <= now
        limiter.sent(now)
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
    limiter, now, sent = RateLimiter(inf), 0.0, []
    for _ in range(before):
        limiter.sent(now)
        sent.append(now)
        now += 0.05
    limiter.sent(now)
    limiter.throttled(limit, window, 0.0, now, now + 0.01)
    now += 0.01
    assert limiter.next_at(now) <= now + window * 1.101  # the window, and not to be in step
    later = []
    for wait in waits:
        now = max(now, limiter.next_at(now)) + wait
        limiter.sent(now)
        later.append(now)
    assert most_in_a_window(later, window * 0.999999) <= limit
    if before >= limit:
        old = [at for at in sent if at > later[0] - window]
        assert len(old) + 1 <= limit


def test_requests_are_spread() -> None:
    """Of 200 in five minutes: 20 at once, then one each 1.67 s."""
    limiter, sent = RateLimiter(200, 300.0), []
    now = 0.0
    for _ in range(200):
        now = max(now, limiter.next_at(now))
        limiter.sent(now)
        sent.append(now)
    assert sum(at < 1e-9 for at in sent) == 20
    assert {round(b - a, 3) for a, b in pairwise(sent[20:])} == {1.667}


def test_default_is_ten_a_second() -> None:
    """A thousand jobs at once: nine or ten in each second."""
    limiter, sent = RateLimiter(), []
    now = 0.0
    for _ in range(1000):
        now = max(now, limiter.next_at(now))
        limiter.sent(now)
        sent.append(now)
    assert most_in_a_window(sent, 0.9999) <= 10
    assert sent[-1] == pytest.approx(111, abs=1)


def test_others_eat_from_the_same_limit() -> None:
    """A 429 below the learned limit lowers our share; without others it comes back whole."""
    limiter = RateLimiter(inf)
    limiter.sent(0.0)
    limiter.throttled(200, 300.0, 0.0, 0.0, 0.0)  # after one request: others have used it up
    assert 0 < limiter.next_at(0.0) <= 300.0
    first = limiter.spacing(600.0)
    assert first > 3 * 300 / 180
    limiter.throttled(200, 300.0, 0.0, 601.0, 601.0)
    assert limiter.spacing(601.0) > first
    assert spacing(limiter, 1e6) == pytest.approx(300 / 180)


def spacing(limiter: RateLimiter, now: float) -> float:
    """Return the seconds between requests when the burst is used up."""
    for _ in range(60):
        now = max(now, limiter.next_at(now))
        limiter.sent(now)
    return limiter.next_at(now) - now


def test_burst_of_refusals_is_punished_once() -> None:
    """What left before the limit was learned and is refused too, changes nothing more."""
    once, thrice = RateLimiter(inf), RateLimiter(inf)
    for limiter, refusals in ((once, 1), (thrice, 3)):
        for _ in range(250):
            limiter.sent(0.0)
        for _ in range(refusals):
            limiter.throttled(200, 300.0, 0.0, 0.0, 1.0)
    assert once.next_at(1.0) == thrice.next_at(1.0)


def test_limit_that_is_new_is_learned_at_once() -> None:
    """A second limit, from a request sent before the first one was learned, holds too."""
    limiter = RateLimiter(10, 1.0)
    for number in range(6):
        limiter.sent(number * 0.12)
    limiter.throttled(5, 1.0, 0.0, 0.5, 0.6, "ip")
    limiter.throttled(200, 300.0, 0.0, 0.55, 0.61, "user")
    assert repr(limiter) == "10/1 s, 5/1 s, 200/300 s"


def test_limit_replaces_the_old_one_of_its_policy_and_window() -> None:
    """A limit that was raised is used; the same figures of another policy are another limit."""
    limiter = RateLimiter(inf)
    limiter.throttled(100, 300.0, 0.0, 0.0, 0.0, "user")
    limiter.throttled(100, 300.0, 0.0, 1000.0, 1000.0, "api")
    assert repr(limiter) == "100/300 s, 100/300 s"
    limiter.throttled(500, 300.0, 0.0, 6000.0, 6000.0, "user")
    limiter.throttled(900, 300.0, 0.0, 12000.0, 12000.0, "api")
    assert repr(limiter) == "500/300 s, 900/300 s"
    assert spacing(limiter, 1e6) == pytest.approx(300 / 450)


def test_no_figures_halve_the_rate_which_recovers() -> None:
    """Half, a quarter; never slower than one a minute; whole again after minutes."""
    limiter = RateLimiter(10, 1.0)
    usual = limiter.spacing(0.0)
    for at, times in ((10.0, 2), (31.0, 4)):
        limiter.sent(at)
        limiter.throttled(None, None, 0.0, at, at)
        assert limiter.spacing(at) == pytest.approx(times * usual, rel=0.15)
        limiter.throttled(None, None, 0.0, 9.0, at)  # it left before the first cut
        assert limiter.spacing(at) == pytest.approx(times * usual, rel=0.15)
    assert limiter.spacing(1000.0) == pytest.approx(usual)
    for second in range(2000, 2100):
        limiter.throttled(None, None, 0.0, second, second)
    limiter.sent(2130.0)
    assert 50.0 < limiter.next_at(2130.0) - 2130.0 <= 60.0
    assert limiter._factor(2220.0) == pytest.approx(2 * limiter._factor(2100.0), rel=0.1)
    assert limiter._factor(1e9) == 1.0


def test_no_figures_leave_what_has_passed_in_a_minute() -> None:
    """Whatever the limit is, about so many have passed; few of them tell nothing."""
    for passed, spaced in ((4, 2 / 9), (5, 12.0), (30, 2.0)):
        times = [60.0 - passed + number for number in range(passed + 1)]
        limiter = sent_at(RateLimiter(10, 1.0), 0.0, *times)  # the first one is a minute ago
        limiter.throttled(None, None, 0.0, 60.0, 60.0)
        limiter.sent(100.0)
        assert limiter.next_at(100.0) - 100.0 == pytest.approx(spaced, rel=0.3)


def test_no_figures_bring_silence() -> None:
    """A window that is full may stay so: nothing leaves for a random time."""
    seen = set()
    for seed in range(20):
        limiter = RateLimiter(random=Random(seed))
        limiter.throttled(None, None, 0.0, 0.0, 0.0)
        seen.add(limiter.next_at(0.0))
    assert len(seen) == 20
    assert 6.0 <= min(seen) < 12.0 < max(seen) <= 30.0


def test_retry_after_is_for_all() -> None:
    """No request is sent before the time that the server named."""
    limiter = RateLimiter()
    limiter.throttled(None, None, 90.0, 0.0, 5.0)
    assert limiter.next_at(5.0) == 95.0
    assert limiter.room(5.0) == 0


def test_retry_after_is_for_a_slow_rate_as_well() -> None:
    """A rate of less than one request in a minute is never halved, but told to wait."""
    limiter = RateLimiter(1, 600.0)
    limiter.throttled(None, None, 90.0, 0.0, 0.0)
    assert limiter.room(89.0) == 0
    assert limiter.room(90.0) == 1
    assert limiter.spacing(90.0) == pytest.approx(600 / 0.9)


def test_retry_after_is_for_a_known_limit_as_well() -> None:
    """It counts if it is longer than what the figures say."""
    limiter = RateLimiter(inf)
    limiter.throttled(10, 60.0, 600.0, 0.0, 0.0)
    assert limiter.next_at(0.0) == 600.0


def test_what_is_left() -> None:
    """As many as may leave at once; without a limit, plenty."""
    limiter = RateLimiter(200, 300.0)
    assert limiter.room(0.0) == 20
    limiter.sent(0.0)
    assert limiter.room(0.0) == 19
    assert RateLimiter(inf).room(0.0) > 10**6
    assert repr(limiter) == "200/300 s"


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
    """A rate is a number of requests per unit of time."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "10", "0/s", "10/", "10/0s", "-1/s", "1.5/s", "1/w"])
def test_invalid_rate_is_refused(text: str) -> None:
    """The message shows how to write a rate."""
    with pytest.raises(InputError, match="10/s or 200/5m"):
        parse_rate(text)


def test_digits_of_other_scripts_are_no_rate() -> None:
    """A rate is written in ASCII."""
    with pytest.raises(InputError):
        parse_rate("1\u0663/s")


def test_small_limit_has_no_burst() -> None:
    """A tenth of five is less than one: requests leave one by one."""
    limiter = RateLimiter(5, 10.0)
    assert limiter.room(0.0) == 1
    limiter.sent(0.0)
    assert limiter.next_at(0.0) == pytest.approx(10 / 4.5)
    assert limiter.room(limiter.next_at(0.0)) == 1


def sent_at(limiter: RateLimiter, *times: float) -> RateLimiter:
    for at in times:
        limiter.sent(at)
    return limiter


def test_what_was_sent_before_counts_in_our_share() -> None:
    """The next request leaves when the window has room for our part of the limit."""
    for before, most in ((6, 3), (8, 3), (9, 4)):
        times = [float(second) for second in range(before)]
        limiter = sent_at(RateLimiter(inf), *times)
        limiter.throttled(10, 60.0, 0.0, times[-1], 9.0)
        assert limiter.next_at(9.0) == pytest.approx(times[-most] + 60.3)  # so as not to be in step


def test_window_that_we_filled_is_not_the_doing_of_others() -> None:
    """Then our share stays, and the next request leaves when the window has room."""
    limiter = sent_at(RateLimiter(inf), *(number / 10 for number in range(10)))
    limiter.throttled(10, 60.0, 0.0, 0.9, 1.0)
    assert limiter.next_at(1.0) == pytest.approx(60.1)
    assert limiter.spacing(1.0) == pytest.approx(60 / 9)


def test_requests_of_a_window_ago_count_no_more() -> None:
    """What left exactly a window ago does not fill the one that ends now."""
    limiter = sent_at(RateLimiter(inf), *[0.0] * 10)
    limiter.throttled(10, 60.0, 0.0, 60.0, 60.0)
    assert limiter.next_at(60.0) == 60.0 + 24.0


def test_limit_of_one_request_is_kept() -> None:
    """Nothing leaves before the window of the one request has passed."""
    limiter = sent_at(RateLimiter(inf), 0.0)
    limiter.throttled(1, 60.0, 0.0, 0.0, 1.0)
    assert 60.0 <= limiter.next_at(1.0) <= 60.6


def test_more_than_is_remembered_was_our_own_doing() -> None:
    """20,000 times of sending are remembered; a window that holds all of them was filled by us."""
    limiter = sent_at(RateLimiter(inf), *[0.0] * 20_001)
    assert len(limiter._times_sent) == 20_000
    limiter.throttled(100_000, 300.0, 0.0, 0.0, 1.0)
    assert limiter.next_at(1.0) == 1.0


def test_silence_after_others_used_the_limit_doubles() -> None:
    """The first one is long: the window may be new. Later ones double until another reply."""
    limiter = RateLimiter(inf)
    for number, silence in enumerate((24.0, 24.0, 48.0, 60.0, 60.0), 1):
        limiter.throttled(10, 60.0, 0.0, number * 1000.0, number * 1000.0)
        assert limiter.throttled_in_a_row == number
        assert limiter.next_at(number * 1000.0) == number * 1000.0 + silence
    limiter.throttled_in_a_row = 0
    limiter.throttled(10, 60.0, 0.0, 1e5, 1e5)
    assert limiter.next_at(1e5) == 1e5 + 12.0


def test_window_that_has_room_holds_nobody_back() -> None:
    """Only those that wait until the window has room are kept out of step by it."""
    limiter = RateLimiter(inf)
    limiter.throttled(10, 3000.0, 0.0, 0.0, 0.0)
    limiter.sent(1e6)
    limiter.throttled_in_a_row = 0
    limiter.throttled(10, 3000.0, 0.0, 1e6 + 3000.0, 1e6 + 3000.0)
    assert limiter.next_at(1e6 + 3000.0) == 1e6 + 3000.0 + 12.0  # the silence of a later 429


def test_those_that_share_a_limit_are_not_in_step() -> None:
    """With a source of randomness, every waiter is silent for a time of its own."""
    first, later, own = set(), set(), set()
    for seed in range(20):
        limiter = RateLimiter(inf, random=Random(seed))
        limiter.throttled(10, 60.0, 0.0, 0.0, 0.0)
        first.add(limiter.next_at(0.0))
        limiter.throttled_in_a_row = 0
        limiter.throttled(10, 60.0, 0.0, 1000.0, 1000.0)
        later.add(limiter.next_at(1000.0) - 1000.0)
        limiter = sent_at(RateLimiter(inf, random=Random(seed)), *[0.0] * 6)
        limiter.throttled(10, 60.0, 0.0, 0.0, 0.0)
        own.add(limiter.next_at(0.0))
    assert len(first) == len(later) == len(own) == 20
    for silences, least, most in ((first, 12.0, 36.0), (later, 6.0, 18.0), (own, 60.0, 60.6)):
        spread = most - least
        assert least <= min(silences) < least + spread / 4
        assert most - spread / 4 < max(silences) <= most


def test_same_seed_gives_the_same_silence() -> None:
    """One seed, one history."""
    one, other = (RateLimiter(inf, random=Random(7)) for _ in range(2))
    for limiter in (one, other):
        limiter.throttled(10, 60.0, 0.0, 0.0, 0.0)
    assert one.next_at(0.0) == other.next_at(0.0)


def test_list_of_running_jobs_says_who_shares_a_limit() -> None:
    """Ours are ten of forty: there are four of us, and a little more."""
    limiter = RateLimiter(inf)
    limiter.listed(10, 40, 0.0)
    limiter.throttled(200, 300.0, 0.0, 0.0, 0.0)
    assert limiter.spacing(0.0) == pytest.approx(300 / 180 * 4.2)
    limiter.listed(10, 80, 1.0)
    assert limiter.spacing(1.0) == pytest.approx(300 / 180 * 8.4, rel=0.01)
    limiter.listed(0, 80, 2.0)  # nothing is waited for: that says nothing
    assert limiter.spacing(2.0) == pytest.approx(300 / 180 * 8.4, rel=0.01)


def test_list_says_nothing_before_a_429() -> None:
    """Whoever meets no limit, or fills it alone, is not slowed down by the jobs of others."""
    limiter = RateLimiter(10, 1.0)
    limiter.listed(1, 1000, 0.0)
    assert limiter.spacing(0.0) == pytest.approx(1 / 9)
    sent_at(limiter, *(number / 10 for number in range(10)))
    limiter.throttled(10, 60.0, 0.0, 0.9, 1.0)
    limiter.listed(1, 1000, 2.0)
    assert limiter.spacing(2.0) == pytest.approx(60 / 9)


def test_burst_is_empty_after_a_429_and_grows_with_our_share() -> None:
    """A tenth of our share is the burst."""
    limiter = RateLimiter(inf)
    limiter.listed(1, 3, 0.0)
    limiter.throttled(200, 300.0, 0.0, 0.0, 0.0)
    assert limiter.spacing(0.0) == pytest.approx(3.15 * 300 / 180)
    assert limiter.room(0.0) == 0
    assert limiter.room(1e5) == 20
    sent_at(limiter, *[1e5] * 20)
    assert limiter.room(1e5) == 0
    assert limiter.next_at(1e5) == pytest.approx(1e5 + 300 / 180)


def test_second_429_leaves_less_than_the_first() -> None:
    """A twentieth of the limit is left after many; a limit keeps its history."""
    limiter = RateLimiter(inf)
    limiter.listed(1, 2, 0.0)
    limiter.throttled(200, 300.0, 0.0, 0.0, 0.0, "user")
    limiter.throttled(200, 300.0, 0.0, 1.0, 1.0, "user")
    assert limiter.spacing(1.0) == pytest.approx(3.1 * 300 / 180, rel=0.01)
    for second in range(2, 40):
        limiter.throttled(200, 300.0, 0.0, second, second, "user")
    assert limiter.spacing(39.0) == pytest.approx(20 * 300 / 180)


def test_429_to_what_left_with_the_last_cut_is_old_news() -> None:
    """With figures and without: only a request that left later says something new."""
    limiter = RateLimiter(inf)
    limiter.throttled(200, 300.0, 0.0, 0.0, 1.0)
    limiter.throttled(200, 300.0, 0.0, 1.0, 2.0)
    assert limiter.spacing(2.0) == pytest.approx(5 * 300 / 180, rel=0.001)
    slowed = RateLimiter(10, 1.0)
    slowed.throttled(None, None, 0.0, 10.0, 10.0)
    slowed.throttled(None, None, 0.0, 10.0, 10.0)
    slowed.sent(40.0)
    assert slowed.spacing(40.0) == pytest.approx(2 / 9, rel=0.2)


def test_other_figures_are_learned_from_any_request() -> None:
    """Even from one that left before the last cut; without a policy, all are of one."""
    limiter = RateLimiter(inf)
    limiter.throttled(100, 300.0, 0.0, 0.0, 5.0)
    limiter.throttled(500, 300.0, 0.0, 1.0, 6.0, "")
    assert repr(limiter) == "500/300 s"


def test_half_a_limit_is_none() -> None:
    """A 429 without its window counts as one without figures."""
    limiter = RateLimiter(10, 1.0)
    limiter.throttled(5, None, 0.0, 10.0, 10.0)
    limiter.sent(10.0)
    assert limiter.next_at(10.0) == 10.0 + 18.0
    assert repr(limiter) == "10/1 s"


def test_one_request_at_a_time_while_the_rate_is_halved() -> None:
    """The burst comes back with the whole rate."""
    limiter = RateLimiter(200, 300.0)
    limiter.throttled(None, None, 0.0, 0.0, 0.0)
    assert limiter.room(18.0) == 1
    limiter.sent(18.0)
    assert limiter.room(18.0) == 0
    limiter.sent(1e4)
    assert limiter.room(1e4) == 19


def test_spacing_is_that_of_the_tightest_limit() -> None:
    """Our own rate, or a learned one."""
    limiter = RateLimiter(10, 1.0)
    assert limiter.spacing(0.0) == pytest.approx(1 / 9)
    limiter.throttled(200, 300.0, 0.0, 0.0, 0.0)
    assert limiter.spacing(1e6) == pytest.approx(300 / 180)


@given(st.integers(1, 300), st.sampled_from([1.0, 60.0, 3600.0, 86_400.0]), st.integers(1, 12))
def test_one_request_may_leave_in_each_window(limit: int, window: float, refusals: int) -> None:
    """However often a limit is met that others use: its share never becomes less."""
    limiter, now = RateLimiter(10, 1.0), 0.0
    for _ in range(refusals):
        now = max(now, limiter.next_at(now))
        limiter.sent(now)
        limiter.throttled(limit, window, 0.0, now, now)
        assert limiter.next_at(now) <= now + 1.2 * window


def test_few_limits_are_remembered() -> None:
    """The ones that were learned last: a server may state any number."""
    limiter = RateLimiter(inf)
    for number in range(3000):
        limiter.throttled(1000 + number, 60.0 + number, 0.0, float(number), float(number), "user")
    assert len(limiter._learned) == 8
    assert repr(limiter).startswith("3992/3052 s") or "3999/3059 s" in repr(limiter)
    limiter.throttled(5, 3052.0, 0.0, 3000.0, 3000.0, "user")
    limiter.throttled(5, 1.0, 0.0, 3001.0, 3001.0, "user")
    assert (("user", 3052.0) in limiter._learned, ("user", 3053.0) in limiter._learned) == (
        True, False,
    )  # fmt: skip


def test_window_is_not_longer_than_a_day() -> None:
    """Whatever a server states: longer ones would be silence for ever."""
    limiter = RateLimiter(inf)
    limiter.sent(0.0)
    limiter.throttled(1, 999_999_999 * 86_400.0, 0.0, 0.0, 0.0)
    assert limiter.next_at(0.0) <= 1.2 * 86_400


def test_last_poll_waits_for_the_rate_and_for_a_full_window_only() -> None:
    """Not for Retry-After, nor for a guess about what others use."""
    limiter = RateLimiter(10, 1.0)
    limiter.sent(0.0)
    limiter.throttled(None, None, 600.0, 0.0, 0.0)
    assert limiter.next_at(0.5) == 600.0
    assert limiter.last_poll_at(0.5) <= 0.5
    limiter.throttled(100, 86_400.0, 0.0, 0.0, 1.0)
    assert limiter.last_poll_at(1.0) <= 1.0
    limiter.throttled(1, 60.0, 0.0, 0.0, 1.0)
    assert limiter.last_poll_at(1.0) == 60.0
    own = RateLimiter(1, 10.0)
    own.sent(0.0)
    assert own.last_poll_at(0.0) == own.next_at(0.0) > 10.0


def test_throttling_is_what_the_service_asked_for() -> None:
    """Our own rate is not; a delay, a limit and a halved rate are, until they have passed."""
    limiter = RateLimiter(1, 10.0)
    assert limiter.cause == ""
    assert not limiter.is_throttled(0.0)
    limiter.sent(0.0)
    assert not limiter.is_throttled(0.0)
    limiter.throttled(None, None, 60.0, 0.0, 0.0)
    assert limiter.is_throttled(59.0)
    assert not limiter.is_throttled(61.0)
    limiter.throttled(1, 300.0, 0.0, 0.0, 61.0)
    assert limiter.is_throttled(62.0)


def refused_by_others(at: float) -> RateLimiter:
    limiter = RateLimiter(inf)
    limiter.throttled(200, 300.0, 0.0, at, at)
    return limiter


def filled(at: float) -> RateLimiter:
    limiter = sent_at(RateLimiter(inf), *(at - number for number in range(9, -1, -1)))
    limiter.throttled(10, 60.0, 0.0, at, at)
    return limiter


def halved(at: float) -> RateLimiter:
    limiter = sent_at(RateLimiter(10, 1.0), at)
    limiter.throttled(None, None, 0.0, at, at)
    return limiter


def told_to_wait(at: float) -> RateLimiter:
    limiter = RateLimiter()
    limiter.throttled(None, None, 90.0, at, at)
    return limiter


@pytest.mark.parametrize(
    "history",
    [
        lambda at: sent_at(RateLimiter(1, 60.0), at),
        refused_by_others,
        filled,
        halved,
        told_to_wait,
    ],
)
@pytest.mark.parametrize("seconds", [-4096.0, 512.0])
@pytest.mark.parametrize(("limit", "window"), [(200, 300.0), (None, None)])
def test_limits_hold_by_another_clock(
    history: Callable[[float], RateLimiter],
    seconds: float,
    limit: int | None,
    window: float | None,
) -> None:
    """What was sent and refused counts as if the clock had always been the new one."""
    moved, other = history(8192.0), history(8192.0 + seconds)
    moved.shift(seconds)
    now = 8192.0 + seconds
    for each in (moved, other):
        # Old news for those that were refused, and news for the others.
        each.throttled(limit, window, 0.0, now, now + 1.0)
        each.sent(now + 1.0)
    for later in (1.0, 50.0, 200.0):
        assert moved.next_at(now + later) == pytest.approx(other.next_at(now + later))
        assert moved.last_poll_at(now + later) == pytest.approx(other.last_poll_at(now + later))
        assert moved.spacing(now + later) == pytest.approx(other.spacing(now + later))
        assert moved.room(now + later) == other.room(now + later)


def test_copy_has_learned_the_same_and_goes_its_own_way() -> None:
    """Limits, what was sent, and silence are those of the other one; later ones are not."""
    limiter = RateLimiter(10, 1.0, Random(1))
    for _ in range(3):
        limiter.sent(0.0)
    limiter.throttled(60, 60.0, 0.0, 0.0, 0.0)
    random = Random(2)
    other = limiter.copy(random)
    assert other.random is random
    assert limiter.random is not random
    assert other.next_at(0.0) == limiter.next_at(0.0) > 0.0
    before = limiter.next_at(100.0)
    other.sent(100.0)
    other.throttled(20, 60.0, 0.0, 100.0, 100.0)
    assert limiter.next_at(100.0) == before < other.next_at(100.0)


def test_memory_is_bounded_by_another_clock() -> None:
    """20,000 times of sending are remembered, as before."""
    limiter = RateLimiter(inf)
    limiter.shift(-5.0)
    sent_at(limiter, *[0.0] * 20_001)
    assert len(limiter._times_sent) == 20_000
