"""What to wait for: from arguments, standard input and `--instance`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ddswait.cli import job_checks
from ddswait.cli.instances import check_ready, named
from ddswait.cli.named import Named
from ddswait.cli.wrapping import say
from ddswait.service.registry import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def jobs(  # noqa: PLR0913 - what the user gave, from several places
    arguments: Sequence[str],
    stdin: TextIO,
    stderr: TextIO,
    *,
    instances: Sequence[str] = (),
    ready: bool = False,
    service: str = "",
) -> list[Named]:
    """Return the jobs and instances to wait for, each once, in their first order.

    Args:
        arguments: `ID`, `LABEL=ID`, `SERVICE:ID` or `LABEL=SERVICE:ID`; `-` stands for the
            content of standard input.
        stdin: is read only for a `-`.
        stderr: gets a warning for each operation that was not started, or that may be of another
            service than the chosen one, and a prompt on a terminal.
        instances: `ID` or `LABEL=ID` of instances to wait for without a job.
        ready: whether instances are waited for.
        service: the one that the user chose; "" lets replies tell theirs.

    Raises:
        InputError: an ID or a label is invalid, there is no such service, two jobs have the same
            label, one job has two labels or services, or there is an instance but `ready` is False.
    """
    found_jobs: list[Named] = []
    chosen: list[Named] = []
    suggested: dict[str, Named] = {}
    for argument in dict.fromkeys(arguments):
        if argument != "-":
            chosen += (parsed := job_checks.parse(argument))
            found_jobs += parsed
            continue
        if stdin.isatty():
            stderr.write("reading job IDs from standard input, one per line; end with Ctrl-D\n")
        from ddswait.cli import stdin_text  # late: IDs among the arguments need none of it

        found = stdin_text.read(stdin.buffer.read(), ready=ready)
        chosen += found.jobs if found.is_chosen else []
        for job in found.jobs:
            found_jobs.append(job if found.is_chosen else Named(job.job_id))
            suggested.setdefault(job.job_id, Named("") if found.is_chosen else job)
        for refused in found.not_started:
            say(stderr, f"ddswait: warning: {refused}")
    chosen += (parsed := [job_checks.checked(named(text)) for text in instances])
    found_jobs += parsed
    check_ready([each.job_id for each in found_jobs], ready=ready)
    job_checks.check_services(chosen, service or DEFAULT)
    jobs = job_checks.unique(found_jobs)
    labels = {job_id: suggested[job_id].label for job_id in suggested}
    if service:
        for doubt in _doubts(jobs, suggested, service):
            say(stderr, doubt)
        return _with_labels(jobs, labels)
    services = {job_id: suggested[job_id].service for job_id in suggested}
    return _with_labels(_with_services(jobs, services), labels)


def _with_labels(jobs: Sequence[Named], suggested: dict[str, str]) -> list[Named]:
    """Label jobs as a reply suggests, except those that have a label or would share one."""
    taken = Counter(each.label or suggested.get(each.job_id, "") for each in jobs)
    taken.update(each.job_id for each in jobs)
    return [
        each._replace(label=label)
        if not each.label and taken[label := suggested.get(each.job_id, "")] == 1
        else each
        for each in jobs
    ]


def _with_services(jobs: Sequence[Named], suggested: dict[str, str]) -> list[Named]:
    """Give jobs the service that their reply suggests, except those that name one."""
    return [each._replace(service=each.service or suggested.get(each.job_id, "")) for each in jobs]


def _doubts(jobs: Sequence[Named], suggested: dict[str, Named], service: str) -> Iterator[str]:
    """Yield a warning for each job whose reply suggests another service than the chosen one."""
    for job in jobs:
        other = suggested[job.job_id].service if job.job_id in suggested else ""
        if other and not job.service and other != service:
            what = f"instance {job.instance_id}" if job.instance_id else f"job {job.job_id}"
            yield (
                f"ddswait: warning: {what} is looked for in {service}, but the reply names an "
                f"instance like those of {other}: if it is not found, try --service {other}"
            )
