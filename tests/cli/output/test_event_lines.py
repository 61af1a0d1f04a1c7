"""A log of few jobs tells each change, a log of many jobs each failure and each problem once."""

import asyncio
import random
import time
from dataclasses import replace

import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.event_lines import EventLines
from ddswait.cli.output.printer import Printer
from ddswait.cli.output.status_line import status_line
from ddswait.events import Event, PollFailed, Progressed, RenewalFailed, Visible
from ddswait.job import Instance, Job
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler.durations import Durations
from ddswait.simulator import Simulator
from tests.cli.in_process import Command

FEW, MANY = 19, 20


def table(jobs: int) -> JobTable:
    return JobTable([Named(f"id-{number}", f"shard-{number}") for number in range(jobs)], 0.0)


def job(number: int, progress: int = 0, reason: str = "") -> Job:
    return Job(f"id-{number}", "Create", "Running", progress=progress, fail_reason=reason)


def failed(number: int, reason: str) -> Outcome:
    return Outcome(f"id-{number}", OutcomeKind.FAILED, job(number, reason=reason), waited=5.0)


def test_name_stands_once_in_a_line() -> None:
    """A label is often the name of the instance."""
    made, lines = table(FEW), EventLines(FEW)
    orders = replace(job(1, 20), instance=Instance("i", "shard-1"))
    told = lines.event(Progressed("id-1", orders, job(1)), made["id-1"])
    assert told == "shard-1  Create: Running 20 %"
    other = replace(job(1, 30), instance=Instance("i", "other"))
    told = lines.event(Progressed("id-1", other, job(1)), made["id-1"])
    assert told == "shard-1  Create of other: Running 30 %"


@pytest.mark.parametrize(("jobs", "shown"), [(FEW, 2), (MANY, 0)])
def test_progress_of_many_jobs_is_left_to_the_status_line(jobs: int, shown: int) -> None:
    """Of up to 19 jobs, each step is a line."""
    made, lines = table(jobs), EventLines(jobs)
    events: list[Event] = [Visible("id-1", job(1)), Progressed("id-1", job(1, 20), job(1))]
    assert len([each for each in events if lines.event(each, made["id-1"])]) == shown


@pytest.mark.parametrize(("jobs", "shown"), [(FEW, "shard-1  completed"), (MANY, "")])
def test_completed_jobs_of_many_are_counted_only(jobs: int, shown: str) -> None:
    """Of up to 19 jobs, each end is a line."""
    outcome = Outcome("id-1", OutcomeKind.COMPLETED, job(1))
    assert EventLines(jobs).outcome(table(jobs)["id-1"], outcome) == shown


@pytest.mark.parametrize(("jobs", "shown"), [(FEW, 3), (MANY, 2)])
def test_failure_is_told_at_once(jobs: int, shown: int) -> None:
    """Of many jobs, the first of those that fail for the same reason; it names the job once."""
    made, lines = table(jobs), EventLines(jobs)
    told = [
        lines.outcome(made[f"id-{number}"], failed(number, reason))
        for number, reason in enumerate(["no room for shard-0", "no room for shard-1", "disk full"])
    ]
    assert told[0] == "shard-0  failed: no room for shard-0"
    assert told[2] == "shard-2  failed: disk full"
    assert len(list(filter(None, told))) == shown


@pytest.mark.parametrize("jobs", [FEW, MANY])
@pytest.mark.parametrize(
    "kind", [OutcomeKind.TIMED_OUT, OutcomeKind.UNREACHABLE, OutcomeKind.PENDING]
)
def test_waits_that_end_together_are_told_at_the_end(kind: OutcomeKind, jobs: int) -> None:
    """Nothing has gone wrong with the job, and the end of the run names it."""
    outcome = Outcome("id-1", kind, job(1), "job id-1 could not be polled")
    assert EventLines(jobs).outcome(table(jobs)["id-1"], outcome) == ""


def test_refusal_is_told_without_its_request() -> None:
    """The end of the run has the request ID and the hint."""
    refusal = Refusal(403, "A.1", "no", request_id="0123", hint="ask")
    outcome = Outcome("id-1", OutcomeKind.REFUSED, refusal=refusal)
    told = EventLines(MANY).outcome(table(MANY)["id-1"], outcome)
    assert told == "shard-1  refused: HTTP 403 A.1: no"


def test_problem_is_told_once() -> None:
    """However often it alternates with another, and whatever the ID of each request is."""
    causes = [
        f"HTTP {status} (request ID {number:032x})"
        for number, status in enumerate((502, 503, 502, 502))
    ]
    for jobs, shown in ((FEW, 2), (MANY, 2)):
        made, lines = table(jobs), EventLines(jobs)
        polls = [PollFailed("id-1", cause, 2.0) for cause in causes]
        assert len([each for each in polls if lines.event(each, made["id-1"])]) == shown
        renewals = [RenewalFailed(cause, 5.0) for cause in causes]
        assert len([each for each in renewals if lines.event(each, None)]) == shown


@pytest.mark.parametrize(("jobs", "shown"), [(FEW, 2), (MANY, 1)])
def test_problem_of_few_jobs_is_told_again_when_a_wait_has_ended(jobs: int, shown: int) -> None:
    """It is another outage then."""
    made, lines = table(jobs), EventLines(jobs)
    told = [lines.event(PollFailed("id-1", "HTTP 502", 2.0), made["id-1"])]
    lines.outcome(made["id-2"], Outcome("id-2", OutcomeKind.COMPLETED))
    told.append(lines.event(PollFailed("id-1", "HTTP 502", 2.0), made["id-1"]))
    assert len(list(filter(None, told))) == shown


@pytest.mark.parametrize("kind", [OutcomeKind.UNREACHABLE, OutcomeKind.TIMED_OUT])
def test_problem_is_not_told_again_when_a_wait_was_given_up(kind: OutcomeKind) -> None:
    """The service was not reached in between, so it is the same outage."""
    made, lines = table(FEW), EventLines(FEW)
    problem = PollFailed("id-1", "no route", 2.0)
    assert lines.event(problem, made["id-1"])
    lines.outcome(made["id-2"], Outcome("id-2", kind))
    assert lines.event(problem, made["id-1"]) == ""


def test_different_problems_of_many_jobs_are_limited() -> None:
    """Each job may have its own: the status line counts those that are not reached."""
    made, lines = table(300), EventLines(300)
    told = [
        lines.event(PollFailed(f"id-{each}", f"cause {each}", 2.0), made["id-1"])
        for each in range(300)
    ]
    told += [
        lines.outcome(made[f"id-{each}"], failed(each, f"reason {each}")) for each in range(300)
    ]
    assert 10 < len(list(filter(None, told))) < 40


def test_200_jobs_are_60_lines_an_hour(capsys: pytest.CaptureFixture[str]) -> None:
    """Through the real printer, in virtual time: each job polled every ten seconds, six fail."""
    made, now = table(200), 0.0
    printer = Printer("json", made, quiet=False, clock=lambda: now)
    for now in map(float, range(0, 3600, 10)):
        for number, entry in enumerate(list(made)):
            seen = job(number, progress=int(now / 36), reason="no quota")
            ends = number % 30 == 7 and now > 1000 + number
            if entry.outcome is None and ends:
                outcome = Outcome(seen.id, OutcomeKind.FAILED, seen)
                printer.outcome(made.settle(outcome, now), outcome)
            elif entry.outcome is None:
                event = (
                    Progressed(seen.id, seen, entry.job) if entry.job else Visible(seen.id, seen)
                )
                made.take(event, now)
                printer.event(event)
        if printer.until_status(60.0) <= 0:
            printer.status(status_line(made, now, Durations()))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 59 + 1  # minutes, and the first of the equal failures
    assert lines[-1].startswith("[59:00] 200 jobs: ")


@pytest.mark.slow
async def test_200_jobs_print_fewer_than_100_lines_in_an_hour(
    dds: Simulator, ddswait: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command against the simulator, in virtual time: jobs of 10 to 58 minutes."""
    loop, began = asyncio.get_running_loop(), time.time()
    monkeypatch.setattr(time, "time", lambda: began + loop.time())
    chance = random.Random(1)
    jobs = [
        f"shard-{number:03}="
        + dds.add_job(
            seconds=chance.uniform(600, 3480), fails="no quota" if number % 20 == 7 else None
        )
        for number in range(200)
    ]
    done = await ddswait(*jobs)
    lines = done.stderr.splitlines()
    assert done.code == 1
    assert 55 < len(lines) < 75
    assert lines[-1].endswith("] 190 completed, 10 failed; exit code 1")
    assert sum("  failed: no quota" in line for line in lines) == 1
    assert sum("] 10 jobs failed: no quota" in line for line in lines) == 1
    assert len(done.stdout.splitlines()) == 200
