"""ddswait.simulator.faults: which request goes wrong."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ddswait.simulator import Fault
from ddswait.simulator.faults import KINDS, Faults


def test_fault_affects_as_many_requests_as_it_counts() -> None:
    """A fault with a count of two affects two requests; one without a count affects all."""
    faults = Faults()
    faults.add(Fault("error", count=2))
    assert [faults.take("a", "/p") is not None for _ in range(3)] == [True, True, False]
    faults.add(Fault("error", count=None))
    assert all(faults.take("a", "/p") for _ in range(100))
    faults.clear()
    assert faults.take("a", "/p") is None


def test_fault_affects_only_what_it_names() -> None:
    """A fault for one ID or path spares all others, and waits for its own."""
    faults = Faults()
    faults.add(Fault("error", job_id="a"))
    faults.add(Fault("stall", path="/p"))
    assert faults.take(None, "/q") is None
    assert faults.take("b", "/q") is None
    assert faults.take("b", "/p") == Fault("stall", path="/p")
    assert faults.take("a", "/p") == Fault("error", job_id="a")


def test_kinds_and_fields_are_documented() -> None:
    """The page about the simulator names each, since they can be sent to it."""
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
    (listed,) = re.findall(r"The fields of a fault: .*?\n\n", page, re.DOTALL)
    for word in (*KINDS, *(field.name for field in fields(Fault))):
        assert f"`{word}`" in listed, word


def test_faults_come_in_their_order() -> None:
    """The fault that was added first affects the first request."""
    faults = Faults()
    for kind in ("stall", "reset"):
        faults.add(Fault(kind))
    taken = [faults.take("a", "/p") for _ in range(2)]
    assert [fault and fault.kind for fault in taken] == ["stall", "reset"]


def test_fault_is_read_from_json() -> None:
    """The control API's JSON has the names of the attributes."""
    assert Fault.from_json({"kind": "stall", "seconds": 3}) == Fault("stall", seconds=3)


def test_kinds_keep_their_names() -> None:
    """Tests in other repositories know the kinds by these names."""
    assert set(KINDS) == {
        "throttle",
        "error",
        "stall",
        "reset",
        "garbage",
        "not_json",
        "no_job",
        "truncated",
        "redirect",
        "unauthorized",
        "forbidden",
        "unknown",
    }


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "the kind of fault is missing: use one of throttle, error, "),
        (
            {"kind": "earthquake"},
            'kind: invalid value \'earthquake\': use "throttle" or "error" or ',
        ),
        ({"kind": "error", "state": 500}, "unknown field 'state': use kind, count, "),
    ],
)
def test_mistake_is_quoted(document: dict[str, Any], message: str) -> None:
    """An unknown kind or field is quoted, with all that are known."""
    with pytest.raises(ValueError, match=message):
        Fault.from_json(document)
