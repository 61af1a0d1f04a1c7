"""ddswait.service.job_groups: what can name several jobs."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from ddswait.errors import InputError
from ddswait.service.job_groups import check_job_ids, check_label

LIST = "give a list of job IDs"
LONGEST = 256  # characters of a label


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ("one-id", f"job_ids is one string, 'one-id': {LIST}, even for one job"),
        ("", f"job_ids is one string, '': {LIST}, even for one job"),
        (b"one-id", f"job_ids is bytes, b'one-id': {LIST}, even for one job"),
        (bytearray(b"x"), f"job_ids is bytearray, bytearray(b'x'): {LIST}, even for one job"),
        (None, f"job_ids is NoneType, None: {LIST}, or a dictionary of labels and job IDs"),
        (7, f"job_ids is int, 7: {LIST}, or a dictionary of labels and job IDs"),
        ({"orders": "a", "stock": None}, "a job ID is text, not NoneType: None"),
        ({"orders": {"job_id": "a"}}, "a job ID is text, not dict: {'job_id': 'a'}"),
        ({1: "a"}, "a label is text, not int: 1"),
        ({"x": "a", "y": "a"}, "job 'a' has two labels, 'x' and 'y': choose one"),
        ([("orders", "a")], "a job ID is text, not tuple: ('orders', 'a')"),
        ([["a"]], "a job ID is text, not list: ['a']"),
        ([b"a"], "a job ID is text, not bytes: b'a'"),
    ],
)
def test_what_cannot_name_several_jobs_is_quoted(jobs: Any, message: str) -> None:
    """A string is not a list of job IDs; nor is anything else that holds none."""
    with pytest.raises(InputError) as caught:
        check_job_ids(jobs)
    assert str(caught.value) == message


async def test_future_is_no_collection_of_jobs() -> None:
    """A future, and an asynchronous generator, cannot be taken for job IDs."""

    async def generated() -> Any:
        yield "a"

    things: list[Any] = [asyncio.get_running_loop().create_future(), generated()]
    for thing in things:
        with pytest.raises(InputError, match=f"job_ids is {type(thing).__name__}"):
            check_job_ids(thing)


def test_long_text_is_not_quoted_in_full() -> None:
    """60 characters of the text show which it is."""
    with pytest.raises(InputError) as caught:
        check_job_ids("x" * 1000)
    assert len(str(caught.value)) < 200


def _keys(names: list[str]) -> Iterable[str]:
    return dict.fromkeys(names).keys()


@pytest.mark.parametrize("collection", [list, tuple, iter, deque, _keys])
def test_any_collection_of_ids_is_taken_in_its_order(
    collection: Callable[[list[str]], Iterable[str]],
) -> None:
    """Duplicates collapse; no job has a label."""
    jobs = collection(["b", "a", "b"])
    assert list(check_job_ids(jobs).items()) == [("b", ""), ("a", "")]


def test_mapping_names_labels_and_their_jobs() -> None:
    """As LABEL=ID on the command line; the same job may stand there twice without a label."""
    assert check_job_ids({"orders": "b", "stock": "a"}) == {"b": "orders", "a": "stock"}
    assert check_job_ids({}) == check_job_ids([]) == {}


@pytest.mark.parametrize("label", ["a\nb", "\x1b[2J", "x" * 257, None, b"x"])
def test_label_is_short_printable_text(label: Any) -> None:
    """It stands in messages and log lines, each of which is one line."""
    with pytest.raises(InputError, match="label") as caught:
        check_label(label)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("label", ["", "orders", "Bestellungen für Köln = 1, 2"])
def test_label_may_hold_any_words(label: str) -> None:
    """Blanks, commas and letters of any language are fine."""
    assert check_label(label) == label


def test_label_of_the_greatest_length_is_taken_and_a_longer_one_is_quoted() -> None:
    """The limit belongs to what can be used; a quote is cut after 60 characters."""
    assert check_label("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(InputError) as caught:
        check_label("x" * (LONGEST + 1))
    quoted = "'" + "x" * 59 + "..."
    assert (
        str(caught.value) == f"invalid label {quoted}: use at most {LONGEST} printable characters"
    )
    for label, quoted in (("\n" * 29, repr("\n" * 29)), ("\n" * 30, repr("\n" * 30)[:60] + "...")):
        with pytest.raises(InputError) as caught:
            check_label(label)
        assert str(caught.value).startswith(f"invalid label {quoted}: ")


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        (["a,b", "c"], {"a": "", "b": "", "c": ""}),
        (["a, b"], {"a": "", "b": ""}),
        ({"replicas": "a,b", "backup": "c"}, {"a": "replicas", "b": "replicas", "c": "backup"}),
    ],
)
def test_job_ids_joined_by_commas_are_several_jobs(jobs: Any, expected: dict[str, str]) -> None:
    """TaurusDB replies with one `job_id` for all read replicas: each of them is waited for."""
    assert check_job_ids(jobs) == expected


@pytest.mark.parametrize("jobs", [["a,"], [",a"], ["a,,b"], {"x": "a,"}])
def test_joined_job_ids_are_complete(jobs: Any) -> None:
    """A missing job ID beside a comma is an error, and no job is left out."""
    with pytest.raises(InputError, match="the job ID is empty"):
        check_job_ids(jobs)
