"""What did not complete, why, and what to do next."""

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.failures import failures, most_important, not_completed
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.service.dds import SERVICE

ORDERS = SERVICE.read_record(
    {
        "id": "id-1",
        "name": "Create_MongoDB",
        "status": "Odd\n",
        "progress": "40",
        "instance": {"id": "abcin02", "name": "orders-db"},
        "fail_reason": "no quota in az2",
    }
)


def table(*outcomes: Outcome) -> JobTable:
    made = JobTable([Named(each.job_id, "orders") for each in outcomes], 0.0)
    for each in outcomes:
        made.settle(each, 1.0)
    return made


def test_nothing_is_explained_when_all_completed() -> None:
    """No line at all."""
    assert failures(table(Outcome("a", OutcomeKind.COMPLETED)), 0) == []


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind != "completed"])
def test_each_outcome_says_why_and_what_to_do_next(kind: OutcomeKind) -> None:
    """Name, task, instance, last status, reason, and the next step of the kind."""
    outcome = Outcome("id-1", kind, ORDERS, "it took too long", waited=75.0)
    why = "no quota in az2" if kind is OutcomeKind.FAILED else "it took too long"
    assert failures(table(outcome), 1) == [
        "",
        "the job did not complete:",
        "",
        f"  orders (id-1): {outcome.facts.label} after 1m15s",
        "    task      Create_MongoDB of instance orders-db (abcin02), last status Odd\\n, 40 %",
        f"    reason    {why}",
        f"    next      {outcome.facts.next_step}",
    ]


def test_a_refusal_is_shown_with_its_codes_and_its_hint_once() -> None:
    """Error code and request ID for support, and what the user can do."""
    refusal = Refusal(401, "APIGW.0301", "expired", "0123", hint="get a new token")
    outcome = Outcome("a", OutcomeKind.REFUSED, None, f"refused: {refusal.advice}", None, refusal)
    lines = failures(table(outcome), 4)
    assert lines[4:-1] == [
        f"    reason    refused: {refusal}",
        "    refusal   HTTP 401, error code APIGW.0301, request ID 0123",
        "    hint      get a new token",
    ]


def test_a_terminal_gets_lines_that_fit() -> None:
    """Wrapped between words under the text; a word that is too long stays whole."""
    address = "https://" + "x" * 80
    outcome = Outcome("a", OutcomeKind.UNREACHABLE, None, f"could not reach {address} for an hour")
    lines = failures(table(outcome), 5, width=60)
    begin = next(number for number, line in enumerate(lines) if line.startswith("    reason"))
    assert lines[begin : begin + 3] == [
        "    reason    could not reach",
        f"              {address}",
        "              for an hour",
    ]


def test_jobs_given_up_by_a_met_policy_are_no_failures() -> None:
    """With exit code 0 a pending job is none; with another code it is one."""
    both = table(Outcome("a", OutcomeKind.PENDING), Outcome("b", OutcomeKind.FAILED))
    assert [entry.job_id for entry, _ in not_completed(both, 0)] == ["b"]
    assert [entry.job_id for entry, _ in not_completed(both, 143)] == ["a", "b"]


def test_fifty_jobs_are_explained() -> None:
    """A log with more is read by nobody; the last line says how many are left out."""
    many = table(*(Outcome(f"id-{number}", OutcomeKind.FAILED) for number in range(70)))
    lines = failures(many, 1)
    assert lines[1] == "70 of 70 jobs did not complete:"
    assert sum("reason" in line for line in lines) == 50
    assert lines[-1] == "... and 20 more: --output json and --report show all"


def test_completed_jobs_are_left_out_first() -> None:
    """If there are too many; otherwise the order is the user's."""
    kinds = [OutcomeKind.COMPLETED, OutcomeKind.FAILED, OutcomeKind.COMPLETED, OutcomeKind.REFUSED]
    made = table(*(Outcome(str(number), kind) for number, kind in enumerate(kinds)))
    assert [entry.job_id for entry, _ in most_important(made, 4)] == ["0", "1", "2", "3"]
    assert [entry.job_id for entry, _ in most_important(made, 3)] == ["1", "3", "0"]


@pytest.mark.parametrize("word", ["---", "+++", "^^^", "~~~", "::error::x", "##vso[task.complete]"])
def test_no_wrapped_line_begins_with_a_command(word: str) -> None:
    """Wrapping puts words at the beginning of lines, where a CI runner looks for its commands."""
    outcome = Outcome("id-1", OutcomeKind.UNREACHABLE, None, f"no reply {word} " * 20, waited=1.0)
    for width in range(20, 80):
        lines = failures(table(outcome), 1, width)
        assert not [line for line in lines if line.lstrip().startswith(word)]
