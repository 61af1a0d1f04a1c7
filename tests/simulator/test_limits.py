"""ddswait.simulator.limits: rate limits of the gateway."""

import pytest

from ddswait.simulator.limits import Limit
from tests.simulator.calls import sample


def passes(limit: Limit, *times: float) -> list[bool]:
    return [limit.refusal(now) is None for now in times]


def test_sliding_window_forgets_each_request_by_itself() -> None:
    """A request counts for exactly the length of the window."""
    limit = Limit(2, 10.0)
    assert passes(limit, 0.0, 5.0, 9.9) == [True, True, False]
    limit = Limit(2, 10.0)
    assert passes(limit, 0.0, 5.0, 10.0, 14.9) == [True, True, True, False]


def test_fixed_window_starts_afresh() -> None:
    """Fixed windows begin at multiples of their length, whenever requests come."""
    limit = Limit(2, 10.0, fixed=True)
    assert passes(limit, 8.0, 9.0, 9.9, 10.0, 11.0, 19.9) == [True, True, False, True, True, False]


def test_refused_request_counts_too() -> None:
    """A client that never slows down is refused for good."""
    limit = Limit(1, 10.0)
    assert passes(limit, *range(0, 60, 5)) == [True] + [False] * 11


def test_message_is_the_recorded_one() -> None:
    """The message names the policy, the number and the window, as the gateway does."""
    limit = Limit(0, 300.0)
    assert limit.refusal(0.0) == sample("error-429-user.json")["error_msg"].replace("200", "0")


@pytest.mark.parametrize(
    ("seconds", "window"),
    [(1, "1 second"), (90, "90 second"), (60, "1 minute"), (7200, "2 hour"), (86400, "1 day")],
)
def test_window_is_named_in_its_largest_whole_unit(seconds: float, window: str) -> None:
    """Windows of whole days, hours or minutes are named as such."""
    message = Limit(0, seconds, "ip").refusal(0.0)
    assert message is not None
    assert message.endswith(f"policy ip over ratelimit,limit:0,time:{window}")
