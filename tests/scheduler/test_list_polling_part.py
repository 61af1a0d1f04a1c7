"""ddswait.scheduler.list_polling: lists that are read in part, where they show our jobs."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from ddswait.events import ListRefused, Polled
from ddswait.scheduler.actions import ListJobs, PollJob, Wait
from ddswait.scheduler.list_part import WHOLE, Part
from ddswait.scheduler.rate_limiter import RateLimiter
from ddswait.service.replies import TransientFailure, UnknownJob
from tests.scheduler.sharing import Pair
from tests.scheduler.shell import completed, page, record, seen
from tests.scheduler.test_list_polling_pages import NO_LISTS, Desk, opened, shown

if TYPE_CHECKING:
    from ddswait.service.replies import JobPage

OTHERS = ("x", "y", "z")


def placed(limiter: RateLimiter | None = None) -> tuple[Desk, float]:
    """Return a desk whose whole list has shown its three jobs on the second of two pages."""
    desk = opened("a", "b", limiter=limiter)
    first = desk.list_(4.0)
    assert first.part == WHOLE
    desk.take(first, shown(*OTHERS, total=6), 4.0)
    second = desk.list_(4.0)
    assert second.offset == 3
    desk.take(second, shown("first", "a", "b", total=6), 4.0)
    return desk, 4.0


def following(desk: Desk, now: float, *show: str) -> tuple[ListJobs, float]:
    """Return the first page of the next list, and when it left; single polls find jobs running."""
    while True:
        action = desk.scheduler.next(now)
        if isinstance(action, ListJobs):
            return action, now
        if isinstance(action, PollJob):
            desk.take(action, seen(record(action.poll.job_id)), now)
        else:
            assert isinstance(action, Wait)
            now = action.until


def ended(desk: Desk, now: float) -> list[str]:
    """Poll what may be polled now; every job has ended. Return the job IDs."""
    names = []
    while isinstance(action := desk.scheduler.next(now), PollJob):
        names.append(action.poll.job_id)
        desk.take(action, completed(names[-1]), now)
    return names


def test_list_is_read_where_it_has_shown_ours() -> None:
    """One page, not two; it shows all, so nothing else is read or polled."""
    desk, now = placed()
    action, now = following(desk, now)
    assert (action.offset, action.part) == (3, Part(3, 6))
    desk.take(action, shown("first", "a", "b", total=6), now)
    assert isinstance(desk.scheduler.next(now), Wait)
    action, now = following(desk, now)
    assert action.part == Part(3, 6)


def test_job_that_its_part_lacks_is_polled_at_once() -> None:
    """Without the other pages. It has ended, so the next list is read in part again."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.take(action, shown("first", "b", "c", total=5), now)
    assert ended(desk, now) == ["a"]
    action, now = following(desk, now)
    assert action.part == Part(2, 5)


def test_part_follows_jobs_that_move() -> None:
    """Others before them have ended, or have begun."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.take(action, shown("a", "b", "c", total=5), now)
    assert ended(desk, now) == ["first"]
    action, now = following(desk, now)
    assert action.part == Part(2, 5)
    desk.take(action, shown("w", "a", "b", total=9), now)
    action, now = following(desk, now)
    assert action.part == Part(3, 6)


def test_part_that_shows_too_few_is_the_wrong_one() -> None:
    """What it lacks has not ended, most likely: nothing is polled, and the whole list is read."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.take(action, shown("b", "v", "w", total=6), now)
    assert ended(desk, now) == []
    action, now = following(desk, now)
    assert (action.offset, action.part) == (0, WHOLE)


def test_job_that_runs_though_its_part_lacked_it_has_whole_lists_read() -> None:
    """For five minutes: the list may have another order."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.take(action, shown("first", "b", "c", total=6), now)
    assert desk.polled(now) == ["a"]
    assert not desk.scheduler.list_polling.missing.unpolled  # its next poll raises no new doubt
    doubted_at = now
    parts: list[tuple[float, Part]] = []
    while now < doubted_at + 400.0:
        action, now = following(desk, now)
        if action.offset == action.part.begin:
            parts.append((now - doubted_at, action.part))
        reply = shown(*OTHERS, total=6) if action.offset == 0 else shown("first", "a", "b", total=6)
        desk.take(action, reply, now)
    assert {part for at, part in parts if at < 300.0} == {WHOLE}
    assert {part for at, part in parts if at >= 300.0} >= {Part(3, 6)}


@pytest.mark.parametrize("reply", [UnknownJob("gone"), TransientFailure("HTTP 502")])
def test_job_that_its_part_lacked_and_that_is_unknown_raises_no_doubt(
    reply: UnknownJob | TransientFailure,
) -> None:
    """Only a reply that shows it running does, as soon as one comes."""
    desk, now = placed()
    desk.scheduler.verbose = True
    action, now = following(desk, now)
    desk.take(action, shown("first", "b", "c", total=6), now)
    poll = desk.poll(now)
    desk.take(poll, reply, now)
    places = desk.scheduler.list_polling.places
    assert places.are_known(now)
    (again,) = [each for each in desk.scheduler if each.key == "a"]
    now = again.due
    next_ = desk.scheduler.next(now)
    while not (isinstance(next_, PollJob) and next_.poll is again):
        assert not isinstance(next_, Wait)
        desk.take(next_, shown("first", "b", "c", total=6), now)
        next_ = desk.scheduler.next(now)
    events = desk.take(next_, seen(record("a")), now)
    reasons = [each.reason for each in events if isinstance(each, Polled)]
    is_unknown = isinstance(reply, UnknownJob)
    assert reasons == ["interval" if is_unknown else "retry"]
    assert places.are_known(now) is is_unknown


def test_other_job_that_runs_raises_no_doubt() -> None:
    """The list has shown it, while one that it lacked is still being polled."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.take(action, shown("first", "b", "c", total=6), now)
    assert desk.poll(now).poll.job_id == "a"
    desk.scheduler.lists = False
    while not isinstance(next_ := desk.scheduler.next(now), PollJob):
        assert isinstance(next_, Wait)
        now = next_.until
    assert next_.poll.job_id in {"first", "b"}
    desk.take(next_, seen(record(next_.poll.job_id)), now)
    lists = desk.scheduler.list_polling
    assert lists.missing.unpolled == {"a"}
    assert lists.places.are_known(now)


def test_nothing_is_kept_of_a_lacked_job_that_nobody_waits_for() -> None:
    """Even if no list is read any more."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.take(action, shown("first", "b", "c", total=6), now)
    lists = desk.scheduler.list_polling
    assert lists.planner.unlisted == lists.missing.unpolled == {"a"}
    desk.scheduler.subscribers.unsubscribe("a", "a")
    assert not lists.planner.unlisted
    assert not lists.missing.unpolled


def test_list_of_past_jobs_is_no_part() -> None:
    """So its refusal is that of all lists."""
    desk, now = placed()
    action, now = following(desk, now)
    assert action.part == Part(3, 6)
    desk.take(action, shown("first", "a", "b", total=6), now)
    desk.scheduler.list_polling.past.due = now
    assert desk.list_(now, running=False).part == WHOLE


def test_page_may_come_when_everyone_has_left() -> None:
    """Nobody is left for whom the next list could be planned."""
    desk, now = placed()
    action, now = following(desk, now)
    for job_id in ("first", "a", "b"):
        desk.scheduler.subscribers.unsubscribe(job_id, job_id)
    assert desk.take(action, shown("first", "a", "b", total=6), now) == []
    assert desk.scheduler.next(now) == Wait(inf)


def test_job_whose_place_is_not_known_has_the_whole_list_read() -> None:
    """It began after the last list, and was polled on its own."""
    desk, now = placed()
    desk.subscribe("late", now=now)
    action = desk.poll(now)
    assert action.poll.job_id == "late"
    desk.take(action, seen(record("late")), now)
    action_, now = following(desk, now)
    assert action_.part == WHOLE


def test_new_jobs_have_the_whole_list_read() -> None:
    """As many as a list is worth are looked for at once, and not where the others are."""
    desk, now = placed()
    desk.subscribe(*"cdefg", now=now)
    action = desk.list_(now)
    assert (action.offset, action.part) == (0, WHOLE)


def test_part_that_does_not_come_forgets_nothing() -> None:
    """The next list is read in the same part."""
    desk, now = placed()
    action, now = following(desk, now)
    desk.scheduler.list_polling._give_up(0.0, now)
    action, now = following(desk, now)
    assert action.part == Part(3, 6)


def test_part_that_is_refused_has_whole_lists_read_for_good() -> None:
    """The service may not let a list begin anywhere; that is not the refusal of all lists."""
    desk, now = placed()
    action, now = following(desk, now)
    assert desk.take(action, NO_LISTS, now) == ()
    parts, until = [], now + 600.0
    while now < until:
        action, now = following(desk, now)
        if action.offset == action.part.begin:
            parts.append(action.part)
        names = ("first", "a", "b") if action.offset == 3 else OTHERS
        desk.take(action, shown(*names, total=6), now)
    assert len(parts) > 10
    assert set(parts) == {WHOLE}


def test_list_that_is_refused_at_its_begin_is_refused_for_good() -> None:
    """Whether the whole list would be read, or a part that begins there."""
    desk, now = placed()
    desk.scheduler.list_polling.places.first = 0
    action, now = following(desk, now)
    assert action.part.begin == 0
    (event,) = desk.take(action, NO_LISTS, now)
    assert isinstance(event, ListRefused)
    assert not desk.scheduler.lists


def test_list_that_is_given_up_forgets_the_places() -> None:
    """It has not shown where all of ours are."""
    desk, now = placed()
    desk.scheduler.list_polling.places.doubt(now - 300.0)
    desk.subscribe(*"cdefg", now=now)
    desk.take(desk.list_(now), shown("c", "d", "e", total=60), now)
    assert desk.scheduler.list_polling.planner.given_up
    assert not desk.scheduler.list_polling.places.are_known(inf)


def test_part_tells_the_rate_limiter_how_many_jobs_run() -> None:
    """Six, of which one page has shown our three: our part of a limit is a half."""
    limiter = RateLimiter(inf)
    desk, now = placed(limiter)
    action, now = following(desk, now)
    desk.take(action, shown("first", "a", "b", total=6), now)
    limiter.throttled(60, 60.0, 0.0, now, now)
    assert limiter.spacing(now) == pytest.approx(2 * 1.05 * 60 / 54)


class Project:
    """Sixty running jobs of two schedulers and of others, in pages of ten."""

    def __init__(self) -> None:
        self.pair = Pair(list_page_size=10)
        self.ids = [f"job-{number:02}" for number in range(60)]
        self.pair.track(self.pair.a, *self.ids[20:24])
        self.pair.track(self.pair.b, *self.ids[26:30])

    def reply(self, action: ListJobs) -> JobPage:
        if not action.running:
            return page([], 0)
        shown_ids = self.ids[action.offset : action.offset + 10]
        return page([record(each) for each in shown_ids], len(self.ids))

    def lists(self, until: float) -> list[ListJobs]:
        """Answer what is sent until then; return the list requests."""
        found, now = [], 0.0
        while now < until:
            action = self.pair.shared.next(now)
            if isinstance(action, Wait):
                now = max(action.until, now + 0.001)
            elif isinstance(action, ListJobs):
                if action.running:
                    found.append(action)
                self.pair.take(action, self.reply(action), now)
            else:
                assert isinstance(action, PollJob)
                date = "Fri, 01 Jan 2021 00:00:00 GMT"
                reply = seen(record(action.poll.job_id), date)
                self.pair.take(action, reply, now)
        return found


def test_part_shows_the_jobs_of_all_that_share_a_list() -> None:
    """One page for both, with room on both sides; nobody is left with a list of their own."""
    project = Project()
    parts = [action.part for action in project.lists(120.0)]
    assert Part(20, 30) in parts
    assert set(parts) == {WHOLE, Part(20, 30)}
    assert parts.index(Part(20, 30)) <= 6  # six pages have the whole list
    for scheduler in (project.pair.a, project.pair.b):
        planner = scheduler.list_polling.planner
        assert planner.part == Part(20, 30)
        assert not planner.unlisted
