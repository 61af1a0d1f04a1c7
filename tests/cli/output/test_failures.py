"""What did not complete, why, and what to do next."""

from dataclasses import replace

import pytest

from ddswait.cli.job_table import JobTable, key_of
from ddswait.cli.named import Named
from ddswait.cli.output.failures import failures, given_up
from ddswait.events import Polled
from ddswait.job import Instance, JobPhase
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import messages
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
TASK = "    task     CreateMongoDB of instance orders-db (abcin02)"


def table(*outcomes: Outcome) -> JobTable:
    keys = [key_of(each) for each in outcomes]
    made = JobTable([Named(each, f"{each}-label") for each in keys], 0.0)
    first = next(iter(made))
    made.take(Polled(first.job_id, "first", 1.0), 0.5)  # the service was reached once
    for each in outcomes:
        made.settle(each, 1.0)
    return made


def test_nothing_is_explained_when_all_completed() -> None:
    """No line at all."""
    assert failures(table(Outcome("a", OutcomeKind.COMPLETED))) == []


@pytest.mark.parametrize(
    "kind", [kind for kind in OutcomeKind if kind.value not in {"completed", "pending"}]
)
def test_each_outcome_says_why_and_what_to_do_next(kind: OutcomeKind) -> None:
    """Name, reason, task, last status, and the next step unless the command that resumes is it."""
    outcome = Outcome("id-1", kind, ORDERS, "it took too long", waited=75.0)
    is_failed = kind is OutcomeKind.FAILED
    says_how_long = kind in {OutcomeKind.UNREACHABLE, OutcomeKind.NOT_FOUND}  # in its reason
    after = "" if says_how_long else " after 1m15s"
    why = "no quota in az2" if is_failed else "it took too long"
    status = "" if is_failed else ", last status Odd\\n, 40 %"
    advice = [] if outcome.facts.may_still_complete else [f"    next     {outcome.facts.next_step}"]
    assert failures(table(outcome)) == [
        f"id-1-label (id-1) {outcome.facts.label}{after}: {why}",
        f"{TASK}{status}",
        *advice,
    ]


def test_refusal_is_checked_at_the_service_that_refused() -> None:
    """`ddswait --check` alone asks DDS, which may accept the same credentials."""
    made = JobTable([Named("a"), Named("b", "", "rds")], 0.0)
    made.settle(Outcome("a", OutcomeKind.REFUSED, None, "no token"), 1.0)
    made.settle(Outcome("b", OutcomeKind.REFUSED, None, "no permission"), 1.0)
    assert [line.split("  ")[-1].strip() for line in failures(made) if "next" in line] == [
        "Run ddswait --check to see which credentials are used.",
        "Run ddswait --check --service rds to see which credentials are used.",
    ]


def test_instance_that_is_not_found_has_a_next_step_of_its_own() -> None:
    """The next step speaks of the ID, which is that of a job or of an instance."""
    made = JobTable([Named("instance:abc")], 0.0)
    made.settle(Outcome("", OutcomeKind.NOT_FOUND, None, "?", instance=Instance("abc", "")), 1.0)
    assert "If the ID is new, set a longer --grace." in failures(made)[-1]


def test_nothing_is_said_twice() -> None:
    """A timeout's sentence names the job, the kind and the progress, which the lines do already."""
    message = messages.timed_out("id-1", 75.0, messages.last_seen(ORDERS), None)
    outcome = Outcome("id-1", OutcomeKind.TIMED_OUT, ORDERS, message, waited=75.0)
    assert failures(table(outcome)) == [
        "id-1-label (id-1) timed out after 1m15s: last seen Odd\\n, 40 %",
        TASK,
    ]


def test_instance_that_has_the_name_of_the_label_is_named_by_its_id() -> None:
    """The first line has the name already."""
    made = JobTable([Named("id-1", "orders-db")], 0.0)
    made.settle(Outcome("id-1", OutcomeKind.FAILED, ORDERS), 1.0)
    assert failures(made)[1] == "    task     CreateMongoDB of instance abcin02"


def test_a_refusal_is_shown_with_its_codes_and_its_hint_once() -> None:
    """Error code and request ID for support, and what the user can do."""
    refusal = Refusal(401, "APIGW.0301", "expired", "0123", hint="get a new token")
    outcome = Outcome("a", OutcomeKind.REFUSED, None, f"refused: {refusal.advice}", None, refusal)
    lines = failures(table(outcome))
    assert lines[:-1] == [
        "a-label (a) refused after 0s: HTTP 401 APIGW.0301: expired",
        "    support  the request ID is 0123",
        "    hint     get a new token",
    ]


def test_equal_failures_are_one_group() -> None:
    """A few names, how many more, and the next step once for all groups of a kind."""
    record = {"name": "Create", "status": "Failed", "progress": "40"}
    jobs = [
        SERVICE.read_record({**record, "id": f"id-{number}", "fail_reason": why})
        for number, why in enumerate(["no quota"] * 10 + ["disk full"])
    ]
    lines = failures(table(*(Outcome(job.id, OutcomeKind.FAILED, job) for job in jobs)))
    assert lines == [
        "10 jobs failed: no quota",
        "    jobs     id-0-label, id-1-label, id-2-label and 7 more",
        "    next     Fix the cause, then submit the operation again.",
        "id-10-label (id-10) failed after 0s: disk full",
        "    task     Create",
    ]


def test_jobs_that_may_still_complete_show_their_progress() -> None:
    """How far they came is what matters when the wait for them ends."""
    jobs = [SERVICE.read_record({"id": name, "name": "Create", "progress": "40"}) for name in "ab"]
    both = table(*(Outcome(job.id, OutcomeKind.TIMED_OUT, job) for job in jobs))
    assert failures(both) == [
        "2 jobs timed out",
        "    jobs     a-label (40 %), b-label (40 %)",
    ]


def test_sentence_about_one_job_is_made_one_about_each() -> None:
    """The message of each wait names its own job; one line stands for several."""
    outcomes = [
        Outcome(
            name,
            OutcomeKind.UNREACHABLE,
            message=messages.unreachable(name, 60.0, "https://dds.test", "HTTP 502"),
        )
        for name in ("id-1", "id-2")
    ]
    assert failures(table(*outcomes))[0] == (
        "2 jobs unreachable: each could not be polled at https://dds.test; the last poll failed: "
        "HTTP 502. The job itself may still be running"
    )


def test_a_terminal_gets_lines_that_fit() -> None:
    """Wrapped between words under the text; a word that is too long stays whole."""
    address = "https://" + "x" * 80
    outcome = Outcome("a", OutcomeKind.UNREACHABLE, None, f"could not reach {address} for an hour")
    assert failures(table(outcome), width=60) == [
        "",
        "a-label (a) unreachable: could not reach",
        f"  {address}",
        "  for an hour",
        "",
    ]


def test_details_are_wrapped_under_their_text() -> None:
    """The titles stand apart."""
    assert failures(table(Outcome("id-1", OutcomeKind.FAILED, ORDERS)), width=50)[2:4] == [
        "    task     CreateMongoDB of instance orders-db",
        "             (abcin02)",
    ]


def test_a_pending_job_is_no_failure() -> None:
    """Nothing is explained: one line says that it runs on, and how many do."""
    runs = replace(ORDERS, phase=JobPhase.RUNNING)
    both = table(Outcome("a", OutcomeKind.PENDING, runs), Outcome("b", OutcomeKind.PENDING, runs))
    assert failures(both) == []
    assert given_up(both) == "2 jobs run on: only the wait was stopped"
    one = table(Outcome("a", OutcomeKind.PENDING, runs), Outcome("b", OutcomeKind.FAILED))
    assert given_up(one) == "1 job runs on: only the wait was stopped"
    assert given_up(table(Outcome("b", OutcomeKind.FAILED))) == ""


def test_only_a_job_that_was_seen_runs_on() -> None:
    """Others were not seen yet, or their instances were not seen ready."""
    unseen = Outcome("a", OutcomeKind.PENDING)
    assert given_up(table(unseen)) == "1 job was not seen yet: only the wait was stopped"
    completed = Outcome("b", OutcomeKind.PENDING, replace(ORDERS, phase=JobPhase.COMPLETED))
    alone = Outcome("", OutcomeKind.PENDING, instance=Instance("i1", ""))
    runs = Outcome("c", OutcomeKind.PENDING, replace(ORDERS, phase=JobPhase.RUNNING))
    assert given_up(table(unseen, completed, alone, runs)) == (
        "1 job runs on, 2 instances were not seen ready, 1 job was not seen yet: "
        "only the wait was stopped"
    )


def test_twenty_reasons_are_explained() -> None:
    """A log with more is read by nobody; the last line says how many jobs are left out."""
    many = [
        Outcome(f"id-{number}", OutcomeKind.UNREACHABLE, message=f"cause {number}")
        for number in range(25)
    ]
    lines = failures(table(*many))
    assert len(lines) == 21
    assert lines[-1] == "5 more did not complete: --output json and --report show all"


@pytest.mark.parametrize("word", ["---", "+++", "^^^", "~~~", "::error::x", "##vso[task.complete]"])
def test_no_wrapped_line_begins_with_a_command(word: str) -> None:
    """Wrapping puts words at the beginning of lines, where a CI runner looks for its commands."""
    outcome = Outcome("id-1", OutcomeKind.UNREACHABLE, None, f"no reply {word} " * 20, waited=1.0)
    for width in range(20, 80):
        lines = failures(table(outcome), width)
        assert not [line for line in lines if line.lstrip().startswith(word)]
