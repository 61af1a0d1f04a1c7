"""The status line says how far a run is, in one line however many jobs there are."""

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.status_line import status_line
from ddswait.events import PollFailed, Progressed, Visible
from ddswait.job import Job
from ddswait.outcome import Outcome, OutcomeKind
from ddswait.scheduler.durations import Durations


def table(*labels: str) -> JobTable:
    return JobTable([Named(f"id-{label}", label) for label in labels], 0.0)


def progress(made: JobTable, label: str, percent: int | None, at: float) -> None:
    """Let a job show its progress, and nothing before that."""
    job = Job(f"id-{label}", "Create", "Running", progress=percent)
    made.take(Visible(job.id, job, at), at)


def line(made: JobTable, now: float) -> str:
    return status_line(made, now, Durations())


def test_one_job_is_told_by_its_name() -> None:
    """Its status, and how far it is; its age as long as nobody knows."""
    made = table("orders")
    assert line(made, 65.0) == "orders: not polled yet, 1m05s old"
    made["id-orders"].next_poll_at = 70.0
    assert line(made, 65.0) == "orders: not visible, 1m05s old"
    progress(made, "orders", None, 65.0)
    assert line(made, 70.0) == "orders: running, 1m10s old"
    progress(made, "orders", 40, 80.0)
    assert line(made, 80.0) == "orders: running, 40 %"


def test_many_jobs_are_counted() -> None:
    """By their states, with those that ended, and the job that ends next."""
    made = table("a", "b", "c", "d", "e", "f")
    for label, percent in (("a", 20), ("b", 50), ("c", None)):
        progress(made, label, percent, 60.0)
    made.take(PollFailed("id-c", "HTTP 502: long", 2.0, kind="HTTP 502"), 60.0)
    for label, kind in (("e", OutcomeKind.COMPLETED), ("f", OutcomeKind.FAILED)):
        made.settle(Outcome(f"id-{label}", kind), 60.0)
    assert line(made, 60.0) == (
        "6 jobs: 2 running, 1 unreachable (HTTP 502), 1 not polled yet, 1 completed, 1 failed; "
        "next b, 50 %"
    )


def test_next_job_is_the_one_with_the_least_time_left() -> None:
    """Not the one with the most progress, if another is faster."""
    made = table("slow", "fast")
    for label, age, percent in (("slow", 1000.0, 60), ("fast", 10.0, 40)):
        job_id = f"id-{label}"
        first, last = (Job(job_id, "Create", "Running", progress=each) for each in (1, percent))
        made.take(Visible(job_id, first, age - 5), 995.0)
        made.take(Progressed(job_id, last, first), 1000.0)
    assert line(made, 1000.0) == "2 jobs: 2 running; next fast, 40 %, ~15s left"


def test_nothing_is_next_while_nothing_is_reached() -> None:
    """Nobody knows what is going on."""
    made = table("a", "b")
    for entry in made:
        progress(made, entry.label, 50, 60.0)
        made.take(PollFailed(entry.job_id, "HTTP 502: long", 2.0, kind="HTTP 502"), 60.0)
    assert line(made, 60.0) == "2 jobs: 2 unreachable (HTTP 502)"


def test_nothing_is_next_when_all_have_ended() -> None:
    """The counts alone."""
    made = table("a", "b")
    for entry in made:
        made.settle(Outcome(entry.job_id, OutcomeKind.COMPLETED), 1.0)
    assert line(made, 1.0) == "2 jobs: 2 completed"


def test_text_of_a_server_is_escaped() -> None:
    """A status may be anything."""
    made = table("a")
    made["id-a"].job = Job("id-a", "Create", "Odd\n\x1b[31m")
    assert line(made, 5.0) == "a: odd\\n\\x1b[31m, 5s old"
