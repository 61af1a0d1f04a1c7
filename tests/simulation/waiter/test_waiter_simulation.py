"""Users of the waiter: no promise is broken at any turn, and each way to break it is found."""

import gc
from collections.abc import Iterator

import aiohttp
import pytest

from tests.simulation.waiter.__main__ import main
from tests.simulation.waiter.breakages import BREAKAGES, Breakage
from tests.simulation.waiter.generator import plan_of
from tests.simulation.waiter.neighbour import SharedStage
from tests.simulation.waiter.plan import Plan
from tests.simulation.waiter.stage import Interference
from tests.simulation.waiter.tally import Tally, moments, run_seeds

UNTIL_FOUND = 80  # seeds, in case that the waiter has changed


@pytest.fixture
def _garbage() -> Iterator[None]:
    """What a broken waiter leaves is collected here, and not in a later test."""
    yield
    for each in gc.get_objects():
        if isinstance(each, aiohttp.ClientSession) and not each.closed:
            each.detach()  # its connector is collected here
    gc.collect()


def test_no_promise_is_broken() -> None:
    """Whatever users do, and whatever is cancelled or closed at whichever turn."""
    tally = run_seeds(range(1, 21), every=2001)
    assert not tally.broken
    assert tally.runs > tally.plans == 20


@pytest.mark.slow
def test_no_promise_is_broken_at_more_turns() -> None:
    """The same with other seeds and at more moments."""
    tally = run_seeds(range(1000, 1020), every=151)
    assert not tally.broken


@pytest.mark.parametrize("seed", range(1, 13))
def test_neighbour_notices_nothing(seed: int) -> None:
    """Whatever becomes of a waiter: the wait of one that shares with it goes on, and ends."""
    stage = SharedStage(plan_of(seed), Interference())
    stage.run()
    for moment in moments(stage.loop.turns, 2001, seed):
        SharedStage(plan_of(seed), moment).run()


def test_plan_survives_its_text() -> None:
    """The command that replays a plan runs the same one."""
    for seed in range(1, 50):
        assert Plan.from_json(plan_of(seed).as_json()) == plan_of(seed)


def test_seed_makes_one_history() -> None:
    """A turn is the same turn again, so that a broken promise can be replayed."""
    for seed in (3, 20, 23):
        assert len({Tally().run(plan_of(seed), Interference()) for _ in range(3)}) == 1


@pytest.mark.usefixtures("_garbage")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.name)
def test_broken_waiter_is_found(breakage: Breakage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check is one that can fail."""
    breakage.apply(monkeypatch)
    tally = Tally()
    for history in [breakage.history, *range(1, UNTIL_FOUND)]:
        if isinstance(history, Plan):
            tally.run_all(history, every=7)
        else:
            tally.run_all(plan_of(history), every=301)
        if set(breakage.reasons) & set(tally.broken):
            return
    pytest.fail(f"no history finds it; found: {list(tally.broken)}")


@pytest.mark.usefixtures("_garbage")
@pytest.mark.filterwarnings("ignore")
def test_broken_promise_is_printed_with_the_command_that_replays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seed, a minimal plan, the moment, and the command."""
    BREAKAGES[0].apply(monkeypatch)
    assert main(["--seeds", "1..4", "--every", "9001"]) == 1
    printed = capsys.readouterr().out
    assert "a callback was not called exactly once" in printed
    assert "replay: python -m tests.simulation.waiter --plan '{" in printed
