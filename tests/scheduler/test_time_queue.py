"""ddswait.scheduler.time_queue: a queue in the order of times, for very many polls."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ddswait.scheduler.time_queue import TimeQueue

TIMES = st.floats(0, 200) | st.integers(0, 50).map(float) | st.floats(0, 1e9)


class Model:
    """A queue of which some entries are outdated."""

    def __init__(self) -> None:
        self.outdated: set[str] = set()
        self.queue: TimeQueue[tuple[float, str]] = TimeQueue(
            lambda entry: entry[1] not in self.outdated
        )

    def fill(self, count: int) -> list[str]:
        names = [f"{number:04}" for number in range(count)]
        for name in names:
            self.queue.push((float(name) % 7, name))
        return names

    def drain(self) -> list[Any]:
        out = []
        while self.queue.first() is not None:
            out.append(self.queue.pop())
        return out


@given(st.lists(st.tuples(TIMES, st.sampled_from("abc")) | st.none()))
def test_entries_come_out_earliest_first(steps: list[tuple[float, str] | None]) -> None:
    """However entries are pushed and popped, the first is always the least of all."""
    queue: TimeQueue[tuple[float, str]] = TimeQueue(lambda _: True)
    model: list[tuple[float, str]] = []
    for step in steps:
        if step is not None:
            queue.push(step)
            model.append(step)
        elif model:
            first = queue.first()
            assert first == min(model)
            assert queue.pop() == first
            model.remove(min(model))
        else:
            assert queue.first() is None
        assert len(queue) == len(model)
    assert [queue.pop() for _ in list(model) if queue.first()] == sorted(model)


def test_entries_of_the_running_second_and_of_the_next_stay_in_order() -> None:
    """What comes for the second that is being worked off, or for its end, takes its place."""
    queue: TimeQueue[tuple[float, str]] = TimeQueue(lambda _: True)
    for name, at in (("a", 5.0), ("b", 5.9), ("c", 6.2), ("d", 6.0), ("e", 7.5)):
        queue.push((at, name))
    assert queue.first() is not None
    for name, at in (("f", 6.0), ("g", 5.5), ("h", 3.0), ("i", 6.5), ("j", 7.0)):
        queue.push((at, name))
    assert "".join(queue.pop()[1] for _ in range(10) if queue.first()) == "hagbdfcije"
    assert (queue.first(), len(queue)) == (None, 0)


def test_outdated_entries_are_skipped() -> None:
    """Those of the running second as well as those of later ones."""
    model = Model()
    names = model.fill(20)
    assert model.queue.first() == (0.0, "0000")
    model.outdated.update(names[:15], names[16:18])
    assert model.drain() == [(1.0, "0015"), (4.0, "0018"), (5.0, "0019")]
    assert len(model.queue) == 0


def test_few_outdated_entries_are_not_cleared() -> None:
    """Clearing a short queue costs more than its outdated entries do."""
    model = Model()
    model.outdated.update(model.fill(64))
    model.queue.compact()
    model.queue.forget_one()
    assert len(model.queue) == 64
    model.outdated.update(model.fill(1))
    model.queue.compact()
    assert len(model.queue) == 0


def test_queue_is_cleared_when_it_has_grown_to_twice_what_waits() -> None:
    """So clearing costs a constant per step; each poll less lets it begin earlier."""
    model = Model()
    names = model.fill(100)
    model.queue.compact()  # from now on, up to 264 entries stay
    for _ in range(2):
        for name in names[:82]:
            model.queue.push((50.0, name))
    model.outdated.update(names[:82])
    model.queue.compact()
    assert len(model.queue) == 264
    model.queue.forget_one()
    assert len(model.queue) == 18
    assert [name for _, name in model.drain()] == sorted(
        names[82:], key=lambda name: (float(name) % 7, name)
    )


def test_same_entry_is_kept_once() -> None:
    """A poll may have come back to a time that it had before."""
    model = Model()
    for _ in range(65):
        model.queue.push((3.0, "a"))
    model.queue.compact()
    assert model.drain() == [(3.0, "a")]
