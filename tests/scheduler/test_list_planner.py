"""ddswait.scheduler.list_planner: a list is requested when it costs less than the polls."""

from math import inf, sqrt

import pytest

from ddswait.scheduler.list_part import WHOLE, Part
from ddswait.scheduler.list_planner import ListPlanner
from tests.scheduler.shell import Still

JOBS = {f"job-{number}" for number in range(10)}


def reading(page_size: int = 10) -> ListPlanner:
    """Return a planner whose list of ten jobs has begun, with a page under way."""
    planner = ListPlanner(page_size)
    planner.begin(JOBS, 0.0)
    planner.page_under_way = True
    return planner


def took(planner: ListPlanner, offset: int, shown: int, total: int, now: float) -> bool:
    """Take a page at the usual interval and rate."""
    return planner.take_page(offset, shown, total, len(planner.expected), 10.0, 0.1, now)


def show(planner: ListPlanner, count: int) -> None:
    """Let the list have shown so many of the jobs that it may show."""
    for job_id in list(planner.expected)[:count]:
        del planner.expected[job_id]


def test_nothing_is_read_or_planned_at_first() -> None:
    """The first list of a hundred jobs a page is one that new jobs pay for."""
    planner = ListPlanner()
    assert (planner.offset, planner.due, planner.given_up) == (None, inf, False)
    assert planner.began_at == -inf
    assert not planner.page_due
    assert not planner.page_under_way
    assert not planner.expected
    assert not planner.unlisted
    assert planner.pays_for(2, 500.0)
    assert not planner.pays_for(1, 500.0)
    planner.begin(JOBS, 0.0)
    assert planner.page_due
    assert took(planner, 0, 100, 100, 0.0)
    assert planner.pays_for(2, 500.0)
    planner.begin(JOBS, 0.0)
    assert not took(planner, 0, 100, 101, 0.0)
    assert not planner.pays_for(2, 500.0)


def test_list_begins_at_its_first_page() -> None:
    """What an earlier list has shown is forgotten, and nothing is planned meanwhile."""
    planner = reading()
    planner.due = 5.0
    planner.begin({"a"}, 7.0)
    assert (planner.offset, planner.due) == (0, inf)
    assert planner.page_due
    assert not planner.page_under_way
    assert ([*planner.expected], planner.began_at) == (["a"], 7.0)


def test_new_jobs_pay_for_a_list_of_fewer_pages() -> None:
    """As long as lists are allowed, and the last one did not fail."""
    planner = reading()
    assert not took(planner, 0, 10, 30, 0.0)
    assert not planner.pays_for(3, 500.0)
    assert planner.pays_for(4, 500.0)
    planner.failed(0.0, Still())
    assert not planner.pays_for(4, 500.0)
    planner.begin(JOBS, 0.0)
    took(planner, 0, 10, 30, 1.0)
    assert planner.pays_for(4, 500.0)
    planner.forbid()
    assert not planner.pays_for(4, 500.0)


def test_pages_are_read_until_all_jobs_are_listed() -> None:
    """Each page begins where the last one ended, and only the last one says so."""
    planner = reading()
    assert not took(planner, 0, 10, 25, 0.0)
    assert not planner.pays_for(3, 500.0)
    assert planner.page_due
    assert planner.offset == 10
    assert not took(planner, 10, 10, 25, 0.0)
    show(planner, 8)
    assert took(planner, 20, 5, 25, 0.0)
    assert not planner.page_due
    assert not planner.given_up


def test_list_is_given_up_when_polls_are_cheaper() -> None:
    """As many pages are left as jobs to be seen: other people's tasks fill the list."""
    planner = reading()
    show(planner, 8)
    assert took(planner, 0, 10, 30, 0.0)
    assert planner.given_up
    planner.begin(JOBS, 0.0)
    show(planner, 7)
    assert not took(planner, 0, 10, 30, 0.0)
    assert not planner.given_up
    planner.begin(JOBS, 0.0)
    show(planner, 9)
    assert took(planner, 0, 10, 20, 0.0)
    assert planner.given_up
    planner.begin(JOBS, 0.0)
    show(planner, len(JOBS))
    assert took(planner, 0, 10, 10, 0.0)
    assert not planner.given_up


def test_empty_page_is_the_last_one() -> None:
    """Whatever the total says; a page of one job is not empty."""
    planner = reading()
    assert took(planner, 0, 0, 50, 0.0)
    assert not planner.given_up
    planner.begin(JOBS, 0.0)
    assert not took(planner, 0, 1, 50, 0.0)
    assert planner.offset == 1


def test_failed_list_is_repeated_later_and_later() -> None:
    """No page is under way then; the delay is that of any failed request, or Retry-After."""
    planner = reading()
    for now, due in ((10.0, 10.75), (20.0, 21.5), (30.0, 33.0)):
        planner.failed(now, Still())
        assert planner.offset is None
        assert planner.due == due
        assert not planner.page_under_way
    planner.failed(40.0, Still(), 100.0)
    assert planner.due == pytest.approx(145.0)
    planner.begin(JOBS, 0.0)
    took(planner, 0, 10, 10, 50.0)
    planner.failed(60.0, Still())
    assert planner.due == 60.75


def test_forbidden_lists_stay_forbidden() -> None:
    """None is read, due, considered or planned any more."""
    planner = reading()
    planner.forbid()
    assert (planner.allowed, planner.offset, planner.due) == (False, None, inf)
    assert not planner.page_under_way
    assert not planner.should_consider(0.0)
    planner.plan([1.0] * 100, WHOLE, 10.0, 0.1, 0.0)
    assert planner.due == inf


def test_planning_is_considered_every_five_seconds() -> None:
    """Unless a list is planned or being read."""
    planner = ListPlanner(10)
    assert planner.should_consider(100.0)
    assert not planner.should_consider(104.9)
    assert planner.should_consider(105.0)
    planner.due = 200.0
    assert not planner.should_consider(150.0)
    planner.begin(JOBS, 0.0)
    assert not planner.should_consider(150.0)


def test_number_of_pages_is_believed_for_five_minutes() -> None:
    """Then a list counts as one page until the next one is read."""
    planner = reading()
    show(planner, len(JOBS))
    took(planner, 0, 10, 50, 100.0)
    assert planner.should_consider(400.0)
    assert not planner.pays_for(5, 500.0)
    assert planner.should_consider(405.0)
    assert planner.pays_for(2, 500.0)
    assert not planner.pays_for(1, 500.0)


def planned(
    hazards: list[float],
    pages: int = 1,
    interval: float = 10.0,
    spacing: float = 0.0,
    part: Part = WHOLE,
) -> float:
    """Return when the next list is due after 1,000 s, if the last one had so many pages."""
    planner = ListPlanner(10)
    planner.begin(JOBS, 0.0)
    show(planner, len(JOBS))
    took(planner, 0, 10, pages * 10, 1000.0)
    planner.plan(hazards, part, interval, spacing, 1000.0)
    return planner.due - 1000.0


def test_one_job_never_pays_for_a_list() -> None:
    """Nor do jobs that are fewer than its pages."""
    assert planned([0.01]) == inf
    assert planned([]) == inf
    assert planned([0.01, 0.01]) < inf
    assert planned([0.25] * 3, pages=3) == inf  # exact in binary: 0.25 and its root
    assert planned([0.25] * 4, pages=3) < inf


def test_unequal_jobs_pay_for_fewer_pages() -> None:
    """What counts is the square of the summed roots by the sum, not the number of jobs."""
    assert planned([0.01, 0.01, 0.0001, 0.0001], pages=2) < inf
    assert planned([0.01, 0.01, 0.0001, 0.0001], pages=3) == inf


def test_list_is_due_when_its_pages_are_worth_their_cost() -> None:
    """The interval of one poll of all the jobs together that costs as much as the pages."""
    for pages in (1, 2, 4):
        assert planned([0.005] * 8, pages) == pytest.approx(sqrt(2 * 0.1 * pages / 0.04))


def test_list_is_due_after_the_longest_interval_at_the_latest() -> None:
    """A young job's, by the user's interval."""
    longest = 2 * (sqrt(0.1 * 600) + 0.1 / 4)
    assert planned([1e-5] * 8) == pytest.approx(longest)
    assert planned([1e-5] * 8, interval=5.0) == pytest.approx(2 * (sqrt(0.025 * 600) + 0.025 / 4))


def test_lists_take_a_quarter_of_a_scarce_rate() -> None:
    """After a list of some pages, three polls may leave for each page; a second at the least."""
    assert planned([0.005] * 8, 4, spacing=3.0) == pytest.approx(36.0)
    assert planned([0.5] * 8) == 1.0


def test_part_costs_its_own_pages() -> None:
    """However many the whole list has; the last page may be shorter."""
    for part, pages in ((Part(10, 20), 1), (Part(15, 35), 2), (Part(25, 45), 2), (Part(35, 55), 1)):
        assert planned([0.005] * 8, 4, part=part) == planned([0.005] * 8, pages)
    assert planned([0.005] * 8, 4, part=Part(40, 50)) == planned([0.005] * 8, 1)


def test_part_is_read_from_its_begin_to_its_end() -> None:
    """As a list of its own, with a page more than announced at the most."""
    planner = ListPlanner(10)
    planner.begin(JOBS, 0.0, Part(15, 35))
    assert planner.offset == 15
    assert not took(planner, 15, 10, 100, 0.0)
    assert planner.offset == 25
    show(planner, 5)
    assert took(planner, 25, 10, 100, 0.0)
    assert not planner.given_up
    planner.begin(JOBS, 0.0, Part(85, 105))
    assert not took(planner, 85, 10, 100, 0.0)
    show(planner, 5)
    assert took(planner, 95, 5, 100, 0.0)
    assert not planner.given_up


def test_list_ends_when_it_has_shown_all() -> None:
    """Other people's jobs are not read, and nothing was given up."""
    planner = reading()
    show(planner, len(JOBS))
    assert took(planner, 0, 10, 1000, 0.0)
    assert not planner.given_up


def test_slow_part_is_given_up_by_its_own_pages() -> None:
    """The pages that are not read take no time: 20 s for two of them, not 100 for ten."""
    planner = ListPlanner(10)
    planner.begin(JOBS, 0.0, Part(15, 35))
    assert not took(planner, 15, 10, 100, 10.0)
    planner.begin(JOBS, 0.0)
    assert took(planner, 0, 10, 100, 10.0)
    assert planner.given_up


def test_list_whose_total_grows_is_given_up() -> None:
    """After one page more than the first one announced."""
    planner = ListPlanner(10)
    planner.begin([f"job-{number}" for number in range(100)], 0.0)
    for page in range(3):
        assert not took(planner, page * 10, 10, 30 + page * 10, 0.0)
    assert took(planner, 30, 10, 70, 0.0)
    assert planner.given_up


def test_list_may_grow_by_a_page() -> None:
    """Somebody may have begun a task meanwhile."""
    planner = ListPlanner(10)
    planner.begin([f"job-{number}" for number in range(100)], 0.0)
    for page in range(3):
        assert not took(planner, page * 10, 10, 30 if page < 2 else 35, 0.0)
    assert took(planner, 30, 5, 35, 0.0)
    assert not planner.given_up


def test_list_that_is_slower_than_polls_is_given_up() -> None:
    """And none is requested for five minutes."""
    planner = ListPlanner(10)
    planner.begin([f"job-{number}" for number in range(100)], 1000.0)
    assert not took(planner, 0, 10, 100, 1003.0)  # 30 s in all, three intervals
    assert not took(planner, 10, 10, 100, 1006.0)
    assert took(planner, 20, 10, 100, 1009.25)
    assert planner.given_up
    assert not planner.pays_for(100, 1309.0)
    assert not planner.should_consider(1309.0)
    planner.plan([0.01] * 100, WHOLE, 10.0, 0.1, 1309.0)
    assert planner.due == inf
    assert planner.pays_for(100, 1309.25)
    assert planner.should_consider(1309.25)
    planner.plan([0.01] * 100, WHOLE, 10.0, 0.1, 1309.25)
    assert planner.due < inf


def test_slow_list_pays_where_polls_are_slower() -> None:
    """A scarce rate makes single polls slow, too."""
    planner = ListPlanner(10)
    planner.begin([f"job-{number}" for number in range(100)], 0.0)
    assert not planner.take_page(0, 10, 50, 100, 10.0, 1.5, 25.0)
    planner.begin([f"job-{number}" for number in range(100)], 0.0)
    assert planner.take_page(0, 10, 50, 100, 10.0, 1.0, 25.0)


def test_service_without_a_list_gets_no_list_request() -> None:
    """No number of new jobs is worth a request that does not exist."""
    planner = ListPlanner(0)
    assert not planner.pays_for(1000, 0.0)
    assert not planner.should_consider(0.0)


@pytest.mark.parametrize(("size", "allowed"), [(0, False), (1, True), (100, True)])
def test_service_without_pages_has_no_lists(size: int, allowed: bool) -> None:
    """A page of one job is a page."""
    assert ListPlanner(size).allowed is allowed
