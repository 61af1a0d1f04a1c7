"""ddswait.scheduler.time_queue: a queue of polls in the order of times, for very many polls."""

from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.poll import Poll
from ddswait.scheduler.queue import DelayQueue
from ddswait.scheduler.time_queue import TimeQueue
from tests.scheduler.polls import poll

TIMES = st.floats(0, 200) | st.integers(-5, 50).map(float) | st.floats(0, 1e9)


class Due(TimeQueue):
    """Polls by their `due`."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self._width = width

    def _fit(self) -> None:
        """Keep the width."""

    def time_of(self, poll: Poll) -> float:
        return poll.due

    def fill(self, count: int) -> list[Poll]:
        """Add polls that are due at 0 s to 6 s, in turns."""
        polls: list[Poll] = [
            poll(f"{number:04}", 0.0, float(number % 7)) for number in range(count)
        ]
        for each in polls:
            self.push(each.due, each)
        return polls

    def put(self, each: Poll, due: float) -> None:
        each.due = due
        self.push(due, each)

    def drain(self) -> str:
        out = []
        while self.first() is not None:
            out.append(self.pop().job_id)
        return " ".join(out)


@given(
    st.lists(st.tuples(TIMES, st.sampled_from("abc")) | st.none()),
    st.sampled_from([DelayQueue.narrow, 1.0, 4.0]),
)
def test_polls_come_out_earliest_first(steps: list[tuple[float, str] | None], width: float) -> None:
    """However they are pushed and popped, the first is always the least of all."""
    queue = Due(width)
    model: list[tuple[float, str]] = []
    for step in steps:
        if step is not None:
            queue.push(step[0], poll(step[1], 0.0, step[0]))
            model.append(step)
        elif model:
            first = queue.first()
            assert first is not None
            assert (queue.at, first.job_id) == (first.due, first.job_id) == min(model)
            assert queue.pop() is first
            model.remove(min(model))
        else:
            assert queue.first() is None
        assert len(queue) == len(model)
        assert queue.at <= min(model, default=(inf,))[0]
    drained = [queue.pop() for _ in list(model) if queue.first()]
    assert [(each.due, each.job_id) for each in drained] == sorted(model)


def test_polls_of_the_present_bucket_and_of_the_next_stay_in_order() -> None:
    """What comes for the bucket that is being worked off, or for its end, takes its place."""
    queue = Due()
    for name, at in (("a", 5.0), ("b", 5.9), ("c", 6.2), ("d", 6.0), ("e", 7.5)):
        queue.put(poll(name, 0.0, 0.0), at)
    assert queue.first() is not None
    for name, at in (("f", 6.0), ("g", 5.5), ("h", 3.0), ("i", 6.5), ("j", 7.0)):
        queue.put(poll(name, 0.0, 0.0), at)
    assert queue.drain() == "h a g b d f c i j e"
    assert (queue.first(), len(queue)) == (None, 0)


def test_very_many_polls_lie_in_narrow_buckets() -> None:
    """More than 10,000, until fewer than 2,500 are left; none is lost, and all stay in order."""
    queue = DelayQueue()
    polls = [poll(f"{number:05}", 0.0, number * 7919 % 10_007 / 10.0) for number in range(9_999)]
    for each in polls:
        queue.push(each.due, each)
    late = [poll(f"late{number}", 0.0, 2000.0 + 10 * number) for number in range(4)]
    queue.push(late[0].due, late[0])  # its bucket is a new one, as is that of each later one
    assert (queue._width, len(queue)) == (1.0, 10_000)
    queue.push(late[1].due, late[1])
    assert (queue._width, len(queue), queue.at) == (1 / 32, 10_001, 0.0)
    drained = [queue.pop() for _ in range(7502) if queue.first()]
    queue.push(late[2].due, late[2])
    assert (queue._width, len(queue)) == (1 / 32, 2500)
    drained += [queue.pop() for _ in range(2) if queue.first()]
    queue.push(late[3].due, late[3])
    assert (queue._width, len(queue)) == (1.0, 2499)
    assert drained[-1].due <= queue.at
    drained += [queue.pop() for _ in range(2499) if queue.first()]
    assert drained == sorted([*polls, *late], key=lambda each: each.due)
    assert (queue.first(), queue.at, len(queue)) == (None, inf, 0)


def test_poll_that_moved_to_the_end_of_its_bucket_comes_once() -> None:
    """It belongs to the next bucket."""
    queue, moved = Due(), poll("a", 0.0, 0.0)
    queue.put(moved, 5.2)
    queue.put(moved, 6.0)
    assert queue.drain() == "a"


def test_polls_that_are_entered_anew_lie_in_their_buckets() -> None:
    """So a poll that comes for the present bucket does not overtake them."""
    queue = Due()
    for each in queue.fill(70):
        each.due = nan
    for name, at in (("a", 0.0), ("b", 0.2), ("c", 0.4), ("e", 1.1)):
        queue.put(poll(name, 0.0, 0.0), at)
    queue.compact()
    assert len(queue) == 4
    assert queue.first() is not None
    queue.put(poll("d", 0.0, 0.0), 0.5)
    assert queue.drain() == "a b c d e"


def test_later_buckets_stay_closed() -> None:
    """Where no poll before them is looked for; they begin no later than their polls."""
    queue = Due()
    queue.put(poll("a", 0.0, 0.0), 9.5)
    assert queue.first(8.9) is None
    assert 8.9 < queue.at <= 9.5
    first = queue.first(9.0)
    assert first is not None
    assert (first.job_id, queue.at) == ("a", 9.5)
    queue.pop()
    assert (queue.first(9.0), queue.at) == (None, inf)


def test_outdated_entries_are_skipped() -> None:
    """Those of the present bucket as well as those of later ones."""
    queue = Due()
    polls = queue.fill(20)
    assert queue.first() is polls[0]
    for each in polls[:15] + polls[16:18]:
        each.due = nan if each.due % 2 else inf
    assert queue.drain() == "0015 0018 0019"
    assert len(queue) == 0


def test_poll_whose_time_is_another_one_has_left_the_earlier() -> None:
    """Even if both times are of one second."""
    queue = Due()
    each = poll("a", 0.0, 0.0)
    for due in (5.0, 5.5, 5.2):
        queue.put(each, due)
    assert queue.first() is each
    assert queue.at == 5.2
    queue.put(each, 5.7)
    assert queue.drain() == "a"


def test_few_outdated_entries_are_not_cleared() -> None:
    """Clearing a short queue costs more than its outdated entries do."""
    queue = Due()
    for each in queue.fill(64):
        each.due = nan
    queue.compact()
    queue.forget_one()
    assert len(queue) == 64
    queue.fill(1)[0].due = inf
    queue.compact()
    assert len(queue) == 0


def test_queue_is_cleared_when_it_has_grown_to_twice_what_waits() -> None:
    """So clearing costs a constant per step; each poll less lets it begin earlier."""
    queue = Due()
    polls = queue.fill(100)
    queue.compact()  # from now on, up to 264 entries stay
    for _ in range(2):
        for each in polls[:82]:
            queue.put(each, 50.0)
    for each in polls[:82]:
        each.due = nan
    queue.compact()
    assert len(queue) == 264
    queue.forget_one()
    assert len(queue) == 18
    left = sorted(polls[82:], key=lambda each: (each.due, each.job_id))
    assert queue.drain() == " ".join(each.job_id for each in left)


def test_same_poll_is_kept_once() -> None:
    """It may have come back to a time that it had before."""
    queue = Due()
    each = poll("a", 0.0, 0.0)
    for _ in range(65):
        queue.put(each, 3.0)
    queue.compact()
    assert queue.drain() == "a"
    for _ in range(5):
        queue.put(each, 9.0)
    assert queue.drain() == "a"
