"""ddswait.scheduler.list_part: which part of the list of running jobs shows ours."""

from math import inf

import pytest

from ddswait.scheduler.list_part import WHOLE, Part, Places, pages_of, part_of


def places(first: int, last: int, total: int) -> Places:
    """Return the places of a list that has shown ours from `first` to `last`."""
    made = Places()
    made.begin(WHOLE)
    made.read(total)
    for place in (first, last):
        made.saw(place)
    made.end(total, total)
    return made


@pytest.mark.parametrize(
    ("first", "last", "total", "part"),
    [
        (0, 49, 150, Part(0, 100)),
        (50, 99, 150, Part(25, 125)),
        (100, 149, 150, Part(50, 150)),
        (60, 60, 1000, Part(11, 111)),
        (0, 99, 150, Part(0, 100)),
        (25, 124, 150, Part(25, 125)),
        (25, 125, 301, Part(0, 200)),
        (150, 250, 301, Part(101, 301)),
        (120, 220, 400, Part(71, 271)),
        (25, 125, 200, WHOLE),
        (0, 149, 150, WHOLE),
        (0, 10, 100, WHOLE),
        (100, 100, 101, Part(1, 101)),
    ],
)
def test_part_shows_ours_with_room_on_both_sides(
    first: int, last: int, total: int, part: Part
) -> None:
    """As many pages as ours take, within the list; the whole list where that is no more."""
    assert part_of([places(first, last, total)], 100) == part


def test_part_shows_the_jobs_of_all() -> None:
    """From the first job of anyone to the last, in a list that has grown meanwhile."""
    spread = [places(210, 230, 900), places(300, 310, 950), places(240, 240, 900)]
    assert part_of(spread, 100) == Part(161, 361)


@pytest.mark.parametrize(
    ("part", "total", "pages"),
    [
        (WHOLE, 0, 0),
        (WHOLE, 1, 1),
        (WHOLE, 100, 1),
        (WHOLE, 101, 2),
        (Part(25, 125), 150, 1),
        (Part(25, 125), 100, 1),
        (Part(25, 225), 150, 2),
        (Part(25, 225), 125, 1),
        (Part(25, 225), 25, 0),
    ],
)
def test_pages_of_a_part(part: Part, total: int, pages: int) -> None:
    """As many as it has in a list of that length."""
    assert part.pages(total, 100) == pages


def test_last_page_may_be_shorter() -> None:
    """One job more is one page more."""
    assert [pages_of(jobs, 100) for jobs in (0, 1, 100, 101, 201)] == [0, 1, 1, 2, 3]


def test_part_that_lacks_more_than_it_shows_is_the_wrong_one() -> None:
    """A whole list is never wrong: what it lacks has ended."""
    part = Part(25, 125)
    assert part.is_wrong(3, 4)
    assert not part.is_wrong(4, 4)
    assert not WHOLE.is_wrong(0, 4)
    assert part.is_wrong(0, 1)
    assert not part.is_wrong(0, 0)


def test_places_are_known_after_a_list_has_shown_all() -> None:
    """Not before the first list, and not if it has shown none of ours."""
    made = Places()
    assert (made.first, made.last, made.total) == (0, -1, 0)
    assert not made.are_known(0.0)
    made.begin(WHOLE)
    made.read(200)
    made.saw(7)
    made.saw(5)
    assert not made.are_known(0.0)
    assert made.shown == 2
    made.end(200, 200)
    assert made.are_known(0.0)
    assert (made.first, made.last, made.total) == (5, 7, 200)
    made.begin(Part(5, 105))
    assert made.shown == 0
    made.saw(6)
    assert (made.first, made.last) == (5, 7)  # until that list has shown all
    made.end(105, 150)
    assert (made.first, made.last, made.total) == (6, 6, 150)
    made.begin(WHOLE)
    made.end(0, 150)
    assert not made.are_known(0.0)
    assert (made.first, made.last, made.total) == (0, -1, 0)


def test_first_place_is_a_place() -> None:
    """One job that stands first is known to do so."""
    assert places(0, 0, 500).are_known(0.0)
    assert (places(0, 0, 500).first, places(0, 0, 500).last) == (0, 0)
    assert part_of([places(0, 0, 500)], 100) == Part(0, 100)


def test_others_are_counted_outside_the_part_too() -> None:
    """Those that pages have shown, those before the part, and those behind it."""
    made = Places()
    made.begin(Part(25, 125))
    made.read(60)
    made.saw(30)
    made.read(40)
    made.saw(110)
    assert made.end(125, 150) == 25 + 98 + 25
    made.begin(WHOLE)
    made.read(10)
    made.saw(3)
    assert made.end(10, 10) == 9
    made.begin(WHOLE)
    made.read(10)
    made.saw(3)
    assert made.end(10, 4) == 9  # the total says less than the page has shown


def test_doubt_lasts_five_minutes() -> None:
    """The places are known meanwhile, and are not believed."""
    made = places(50, 99, 150)
    made.doubt(1000.0)
    assert not made.are_known(1299.9)
    assert made.are_known(1300.0)
    made.forget()
    assert not made.are_known(inf)


def test_doubt_may_last_for_good() -> None:
    """A later doubt does not end it."""
    made = places(50, 99, 150)
    made.doubt(inf)
    made.doubt(1000.0)
    assert not made.are_known(1e9)
