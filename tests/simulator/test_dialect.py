"""ddswait.simulator.dialect: how regions and gateways word their replies."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ddswait.simulator import Dialect


def test_usual_dialect_changes_nothing() -> None:
    """IDs, words, percentages and headers are what they are in most regions."""
    usual = Dialect()
    assert (usual.as_id("aB"), usual.as_word("Running")) == ("aB", "Running")
    assert (usual.as_percent(60), usual.as_percent(None)) == ("60%", "")
    assert usual.as_headers([("Date", "x"), ("a", "y")]) == [("Date", "x"), ("a", "y")]


def test_odd_dialect_respells() -> None:
    """As replies of sibling services are spelled."""
    odd = Dialect(is_odd=True)
    assert (odd.as_id("ab-1"), odd.as_word("Running")) == ("AB-1", "running")
    assert (odd.as_percent(60), odd.as_percent(None)) == ("60% ", "")


def test_headers_are_left_out_and_respelled() -> None:
    """By their names, in any case."""
    headers = [("Date", "D"), ("X-Request-Id", "I"), ("Content-Type", "T")]
    lower = Dialect(without_headers=("date",), header_case="lower")
    assert lower.as_headers(headers) == [("x-request-id", "I"), ("content-type", "T")]
    upper = Dialect(header_case="upper")
    assert [name for name, _ in upper.as_headers(headers)] == [
        "DATE",
        "X-REQUEST-ID",
        "CONTENT-TYPE",
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"missing_instance": 410}, "missing_instance: unknown value 410: use 200, 400, 404"),
        ({"unknown_job": 500}, "unknown_job: unknown value 500: use 200, 400, 404"),
        ({"missing_instance": "400"}, "unknown value '400'"),
        ({"gateway": "APIX"}, "gateway: unknown value 'APIX': use APIGW, APIG"),
        ({"header_case": "camel"}, "header_case: unknown value 'camel': use usual, lower, upper"),
        (
            {"is_odd": True, "accent": 1},
            "unknown field 'accent': use unknown_job, missing_instance, ",
        ),
    ],
)
def test_unknown_differences_are_refused(document: dict[str, Any], message: str) -> None:
    """The message quotes them, and nothing is changed."""
    dialect = Dialect(missing_instance=400)
    with pytest.raises(ValueError, match=message):
        dialect.change(document)
    assert dialect == Dialect(missing_instance=400)
    if "accent" not in document:
        with pytest.raises(ValueError, match=message):
            Dialect(**document)


def test_differences_are_changed_together() -> None:
    """Those that are not named stay."""
    dialect = Dialect(missing_instance=400)
    dialect.change({"is_odd": True, "header_case": "lower"})
    assert dialect == Dialect(missing_instance=400, is_odd=True, header_case="lower")


def test_page_about_testing_lists_every_difference() -> None:
    """In the order of the fields."""
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert listed == [each.name for each in fields(Dialect)]
