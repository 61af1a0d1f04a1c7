"""Jobs that ended alike for the same reason are one group."""

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.reason_groups import failures_first, grouped, not_completed
from ddswait.cli.reports import github
from ddswait.cli.reports.html_sections import failed_section
from ddswait.job import Instance
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import instance_messages, messages
from ddswait.service.dds import SERVICE

IDS = ("4bd0aa3f-21e5-4be0-8c5e-1a2b3c4d5e6f", "9f2fbc10-0000-4be0-8c5e-1a2b3c4d5e6f")


def table(*outcomes: Outcome) -> JobTable:
    made = JobTable([Named(each.job_id) for each in outcomes], 0.0)
    for each in outcomes:
        made.settle(each, 1.0)
    return made


def reasons(*outcomes: Outcome) -> list[tuple[str, int]]:
    groups = grouped(not_completed(table(*outcomes)))
    return [(group.reason, len(group.members)) for group in groups]


def failed(job_id: str, why: str, name: str = "") -> Outcome:
    instance = {"id": f"{job_id}in02", "name": name}
    record = {"id": job_id, "name": "Create", "fail_reason": why, "instance": instance}
    return Outcome(job_id, OutcomeKind.FAILED, SERVICE.read_record(record))


def running(job_id: str, progress: int, cause: str = "") -> Outcome:
    record = {"id": job_id, "name": "Create", "status": "Running", "progress": str(progress)}
    job = SERVICE.read_record(record)
    text = messages.timed_out(job_id, 60.0 + progress, messages.last_seen(job), cause)
    return Outcome(job_id, OutcomeKind.TIMED_OUT, job, text)


def test_names_and_ids_make_no_difference() -> None:
    """A reason that quotes the job, its instance or another ID is equal for all jobs."""
    one, other = (
        failed(each, f"volume {each[::-1]} of {name} ({each}in02) cannot be made", name)
        for each, name in zip(("first", "second"), ("shard-1", "shard-2"), strict=True)
    )
    assert len(reasons(one, other)) == 2  # what is no ID and no name does
    one, other = (
        failed(each, f"volume {each[:-1]}0 of {name} ({each}in02) cannot be made", name)
        for each, name in zip(IDS, ("shard-1", "shard-2"), strict=True)
    )
    assert reasons(one, other) == [("volume \u2026 of \u2026 (\u2026) cannot be made", 2)]


def test_project_of_the_run_stays() -> None:
    """It does not differ from job to job."""
    where = f"here (project {'05' * 16}, credentials from x)"
    lost = (
        Outcome(each, OutcomeKind.UNREACHABLE, message=messages.unreachable(each, 9.0, where, "x"))
        for each in IDS
    )
    ((why, members),) = reasons(*lost)
    assert members == 2
    assert where in why


def test_numbers_make_a_difference() -> None:
    """Another zone is another reason."""
    assert len(reasons(failed("a1", "no quota in az1"), failed("a2", "no quota in az2"))) == 2


def test_timeouts_differ_by_their_cause_only() -> None:
    """Not by the last progress and not by the time waited, which differ from job to job."""
    found = reasons(running(IDS[0], 3), running(IDS[1], 40), running("x", 9, "HTTP 502"))
    assert found == [("", 2), ("the last poll failed: HTTP 502", 1)]


def test_refusals_differ_by_code_not_by_request() -> None:
    """The request ID is another one in each reply."""
    outcomes = [
        Outcome(each, OutcomeKind.REFUSED, refusal=Refusal(403, code, "no", request_id=each))
        for each, code in zip("abc", ("A.1", "A.1", "A.2"), strict=True)
    ]
    assert reasons(*outcomes) == [("HTTP 403 A.1: no", 2), ("HTTP 403 A.2: no", 1)]


@pytest.mark.parametrize(
    ("kind", "message", "reason"),
    [
        (
            OutcomeKind.NOT_FOUND,
            messages.not_found(IDS[0], 60.0, "here"),
            "it was not known to here:",
        ),
        (
            OutcomeKind.VANISHED,
            messages.vanished(IDS[0], None, "here"),
            "it was seen and is no longer",
        ),
        (
            OutcomeKind.UNREACHABLE,
            messages.unreachable(IDS[0], 600.0, "here", "HTTP 502"),
            "it could not be polled at here; the last poll failed: HTTP 502.",
        ),
        (
            OutcomeKind.NOT_READY,
            instance_messages.not_ready(IDS[0], "i1in02", 60.0, "CREATE pending"),
            "it completed, but its instance i1in02 was not ready: CREATE pending",
        ),
        (
            OutcomeKind.TIMED_OUT,
            instance_messages.timed_out("i1in02", 60.0, "CREATE pending"),
            "CREATE pending",
        ),
    ],
)
def test_no_reason_names_its_job(kind: OutcomeKind, message: str, reason: str) -> None:
    """Every sentence of the scheduler is understood without the name and the time."""
    ((found, _),) = reasons(Outcome(IDS[0], kind, None, message))
    assert found.startswith(reason)


def test_worst_group_is_the_first() -> None:
    """A failure before a timeout; of two failures the one of more jobs."""
    outcomes = [running("x", 1), failed("a", "rare"), failed("b", "often"), failed("c", "often")]
    assert [reason for reason, _ in reasons(*outcomes)] == ["often", "rare", ""]


def test_pending_jobs_have_not_failed() -> None:
    """Neither has a completed one."""
    made = table(
        Outcome("a", OutcomeKind.PENDING), failed("b", ""), Outcome("c", OutcomeKind.COMPLETED)
    )
    assert [entry.job_id for entry, _ in not_completed(made)] == ["b"]


def test_failures_come_first() -> None:
    """Then pending jobs, then completed ones; the last are left out first."""
    kinds = [OutcomeKind.COMPLETED, OutcomeKind.PENDING, OutcomeKind.FAILED, OutcomeKind.REFUSED]
    made = table(*(Outcome(str(number), kind) for number, kind in enumerate(kinds)))
    assert [entry.job_id for entry, _ in failures_first(made, 4)] == ["2", "3", "1", "0"]
    assert [entry.job_id for entry, _ in failures_first(made, 2)] == ["2", "3"]


def test_sentence_has_a_subject() -> None:
    """A report and an annotation have no name of a job right before it."""
    lost = [
        Outcome(each, OutcomeKind.UNREACHABLE, message=messages.unreachable(each, 9.0, "here", "x"))
        for each in IDS
    ]
    (one,), (both,) = grouped(not_completed(table(lost[0]))), grouped(not_completed(table(*lost)))
    assert one.sentence.startswith("the job could not be polled for the last 9 s at here")
    assert both.sentence.startswith("each could not be polled at here")
    page = "".join(failed_section(not_completed(table(*lost)), dict.fromkeys(IDS, "")))
    assert "2 jobs unreachable</span>: each could not be polled at here" in page
    assert f"::{', '.join(IDS)}: each could not" in "".join(github.commands(table(*lost), 5))
    instance = JobTable([Named("instance:i")], 0.0)
    outcome = Outcome(
        "", OutcomeKind.NOT_FOUND, instance=Instance("i", ""), message="instance i was not known"
    )
    instance.settle(outcome, 1.0)
    (of_instance,) = grouped(not_completed(instance))
    assert of_instance.sentence == "the instance was not known"
    (words_of_service,) = grouped(not_completed(table(failed("a1", "it is full"))))
    assert words_of_service.sentence == "it is full"
