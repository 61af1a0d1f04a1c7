"""ddswait.cli.job_table: which waits ended because the name of the host never resolved."""

import pytest

from ddswait import failure_kinds
from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.options import DEFAULTS
from ddswait.cli.output.failures import failures
from ddswait.cli.output.text import next_step
from ddswait.cli.resume import resume_command
from ddswait.events import Event, Polled, PollFailed, RenewalFailed
from ddswait.outcome import Outcome, OutcomeKind

FAILED = Polled("a", "first", 2.0, failed=True)
NAMELESS = PollFailed("a", "no such host", 2.0, kind=failure_kinds.DNS)
DOWN = PollFailed("a", "HTTP 502", 2.0, kind=failure_kinds.http(502))


REFUSED = PollFailed("a", "no connection", 2.0, kind=failure_kinds.CONNECTION_REFUSED)


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ([REFUSED, FAILED], "Check the host and the port of the endpoint"),
        ([Polled("a", "first", 2.0), REFUSED, FAILED], ""),
    ],
)
def test_what_was_never_reached_has_a_next_step(told: list[Event], step: str) -> None:
    """The endpoint may be wrong; if it was reached once, the command that resumes is all."""
    table = JobTable([Named("a")], 0.0)
    for event in told:
        table.take(event, 1.0)
    table.settle(Outcome("a", OutcomeKind.UNREACHABLE), 600.0)
    steps = [line for line in failures(table) if line.startswith("    next  ")]
    assert len(steps) == bool(step)
    assert all(step in line for line in steps)
    assert resume_command(table, DEFAULTS) == ["ddswait", "a"]


@pytest.mark.parametrize(
    ("told", "unresolved"),
    [
        ([NAMELESS, FAILED], True),
        ([RenewalFailed("no such host", 2.0, kind=failure_kinds.DNS)], True),
        ([DOWN, FAILED], False),
        ([Polled("a", "first", 2.0), NAMELESS, FAILED], False),
    ],
)
def test_next_step_after_a_name_that_never_resolved_is_to_correct_it(
    told: list[Event], unresolved: bool
) -> None:
    """Neither the next step nor a command says to wait again: that would end the same way."""
    table = JobTable([Named("a")], 0.0)
    for event in told:
        table.take(event, 1.0)
    outcome = Outcome("a", OutcomeKind.UNREACHABLE)
    entry = table.settle(outcome, 60.0)
    assert next_step(entry, outcome).startswith("Correct the region") is unresolved
    assert resume_command(table, DEFAULTS) == ([] if unresolved else ["ddswait", "a"])


def test_service_whose_name_never_resolved_is_told_from_others() -> None:
    """A region may lack one of several services; that the others were reached says nothing."""
    table = JobTable([Named("a", "", "rds"), Named("b")], 0.0)
    for event in (Polled("b", "first", 2.0), NAMELESS, FAILED):
        table.take(event, 1.0)
    assert table.settle(Outcome("a", OutcomeKind.UNREACHABLE), 60.0).unresolved
    assert not table.settle(Outcome("b", OutcomeKind.UNREACHABLE), 60.0).unresolved
    assert resume_command(table, DEFAULTS) == ["ddswait", "rds:a", "b"]
