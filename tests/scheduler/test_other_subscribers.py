"""ddswait.scheduler.other_subscribers: who else waits for a job."""

from ddswait.scheduler.other_subscribers import OtherSubscribers
from tests.scheduler.polls import poll


def test_others_come_in_the_order_of_their_deadlines() -> None:
    """Those of one deadline in the order in which they came."""
    others, waits = OtherSubscribers(), poll("x", 5.0, 5.0)
    for deadline, name in ((50.0, "b"), (40.0, "a"), (50.0, "c")):
        others.add("x", deadline, name)
    others.add_first("x", 30.0, "first")
    assert [name for _, name in others.of(waits)] == ["first", "a", "b", "c"]
    others.remove("x", "b")
    assert [name for _, name in others.of(waits)] == ["first", "a", "c"]


def test_each_waits_since_they_joined() -> None:
    """Who began the poll, since it began."""
    others, waits = OtherSubscribers(), poll("x", 5.0, 5.0)
    others.add("x", 50.0, "b")
    others.joined("x", "b", 3.0)
    assert others.since(waits, "b") == 3.0
    assert others.since(waits, waits.subscriber) == waits.since == 5.0
    assert others.first_since(waits) == 3.0
    others.left("x", "b")
    assert others.since(waits, "b") == 5.0


def test_nothing_is_kept_of_a_job_that_nobody_waits_for() -> None:
    """Neither of its first subscriber nor of the others."""
    others, waits = OtherSubscribers(), poll("x", 5.0, 5.0)
    others.add("x", 50.0, "b")
    for subscriber in (waits.subscriber, "b", "of another job"):
        others.joined("x", subscriber, 3.0)
    others.forget(waits)
    assert others.of(waits) == []
    assert others.since(waits, waits.subscriber) == others.since(waits, "b") == 5.0
    assert others.since(waits, "of another job") == 3.0
