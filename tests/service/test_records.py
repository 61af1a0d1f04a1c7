"""ddswait.service.records: fields and records of any type."""

import pytest

from ddswait.service.records import first, is_same_id, own_record, percent, text


def test_record_with_the_id_is_found_wherever_it_stands() -> None:
    """Others, and what is no record, are passed over; the first of several decides."""
    own, again = {"id": "A ", "n": 1}, {"id": "a", "n": 2}
    rows = [None, 7, "a", {}, {"id": None}, {"id": "b"}, own, again]
    assert own_record(rows, "a") is own
    assert own_record(reversed(rows), "A") is again
    assert own_record(rows, "c") is None
    assert own_record([], "a") is None


@pytest.mark.parametrize(
    ("found", "wanted", "is_same"),
    [
        ("a", "a", True),
        ("A", "a", True),
        ("a", "A", True),
        (" a\n", "a", True),
        ("a", "b", False),
        ("", "a", False),
        (None, "a", False),
        (7, "7", False),
    ],
)
def test_ids_compare_without_case_and_blanks(found: object, wanted: str, is_same: bool) -> None:
    """Whatever else stands in their place is another ID."""
    assert is_same_id(found, wanted) is is_same


def test_first_field_with_a_value_counts() -> None:
    """An empty one is as good as none."""
    assert first({"a": "", "b": None, "c": "x", "d": "y"}, ("a", "b", "c", "d")) == "x"
    assert first({"a": "", "b": 0}, ("a", "b")) is None
    assert first({}, ()) is None


@pytest.mark.parametrize(
    ("value", "expected"), [("x", "x"), ("", ""), (None, ""), (7, ""), ([], "")]
)
def test_only_text_is_text(value: object, expected: str) -> None:
    """Anything else counts as empty."""
    assert text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *(("60%", 60), ("60% ", 60), (" 60 %", 60), ("0", 0), ("100%", 100), ("999", 999)),
        *((value, None) for value in ("", "%", "x%", "-1%", "6.5%", "1000%", "\u0661%", None, 60)),
    ],
)
def test_percentages(value: object, expected: int | None) -> None:
    """With or without the sign, and blanks around it; at most three digits."""
    assert percent(value) == expected
