"""docs/faults.md lists what the tests cause, and nothing else."""

from collections import Counter

from tests.end_to_end.faults import names, processes, programs
from tests.end_to_end.faults.table import ROWS
from tests.end_to_end.test_faults import FAULTS

CAUSED = (FAULTS, names.FAULTS, processes.FAULTS, programs.NGINX_FAULTS, programs.TINYPROXY_FAULTS)


def test_table_lists_each_fault_once() -> None:
    """Each fault that a test causes has one row, and each row has a test."""
    assert Counter(row.fault for row in ROWS) == Counter(name for each in CAUSED for name in each)


def test_columns_without_a_test_are_empty() -> None:
    """A cell that no test fills holds a dash, so the table says no more than was seen."""
    both = {*FAULTS, *names.FAULTS}
    filled = {
        name: {when.value for when in fault.whens} for name, fault in processes.FAULTS.items()
    }
    for row in ROWS:
        expected = {"passes", "lasts"} if row.fault in both else filled.get(row.fault, {"lasts"})
        assert {name for name in ("passes", "lasts") if getattr(row, name) != "-"} == expected, row
