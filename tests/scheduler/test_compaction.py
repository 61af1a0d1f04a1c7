"""ddswait.scheduler.compaction: when a queue clears its outdated entries away."""

from ddswait.scheduler.compaction import Compacted


class Entries(Compacted):
    """A queue of which some entries are current."""

    def __init__(self, size: int, current: int) -> None:
        super().__init__()
        self.size, self.current, self.cleared = size, current, 0

    def __len__(self) -> int:
        return self.size

    def _clear_outdated(self) -> None:
        self.size = self.current
        self.cleared += 1


def test_few_entries_are_not_cleared() -> None:
    """Clearing a short queue costs more than its outdated entries do."""
    queue = Entries(64, 0)
    queue.compact()
    queue.forget_one()
    assert queue.cleared == 0
    queue.size = 65
    queue.compact()
    assert (queue.cleared, queue.size) == (1, 0)


def test_queue_is_cleared_when_it_has_grown_to_twice_what_waits() -> None:
    """So clearing costs a constant per step; each poll less lets it begin earlier."""
    queue = Entries(1000, 1000)
    queue.compact()
    assert queue.cleared == 1
    queue.size = 2064
    queue.compact()
    assert queue.cleared == 1
    queue.forget_one()
    assert queue.cleared == 2
    queue.current = 10
    for _ in range(532):
        queue.forget_one()
    assert (queue.size, queue.cleared) == (1000, 2)
    queue.forget_one()
    assert (queue.size, queue.cleared) == (10, 3)
