"""What to wait for: from arguments, standard input and `--instance`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TextIO

from ddswait.cli import job_checks
from ddswait.cli.instances import check_ready, named
from ddswait.cli.named import Named
from ddswait.cli.wrapping import say

if TYPE_CHECKING:
    from collections.abc import Sequence


def jobs(
    arguments: Sequence[str],
    stdin: TextIO,
    stderr: TextIO,
    *,
    instances: Sequence[str] = (),
    ready: bool = False,
) -> list[Named]:
    """Return the jobs and instances to wait for, each once, in their first order.

    Args:
        arguments: `ID` or `LABEL=ID`; `-` stands for the content of standard input.
        stdin: is read only for a `-`.
        stderr: gets a warning for each operation that was not started, and a prompt on a terminal.
        instances: `ID` or `LABEL=ID` of instances to wait for without a job.
        ready: whether instances are waited for.

    Raises:
        InputError: an ID or a label is invalid, two jobs have the same label, or there is an
            instance but `ready` is False.
    """
    found_jobs: list[Named] = []
    suggested: dict[str, str] = {}
    for argument in dict.fromkeys(arguments):
        if argument != "-":
            found_jobs += job_checks.parse(argument)
            continue
        if stdin.isatty():
            stderr.write("reading job IDs from standard input, one per line; end with Ctrl-D\n")
        from ddswait.cli import stdin_text  # late: IDs among the arguments need none of it

        found = stdin_text.read(stdin.buffer.read(), ready=ready)
        for job in found.jobs:
            found_jobs.append(job if found.labels_are_chosen else Named(job.job_id))
            suggested.setdefault(job.job_id, "" if found.labels_are_chosen else job.label)
        for refused in found.not_started:
            say(stderr, f"ddswait: warning: {refused}")
    found_jobs.extend(job_checks.checked(named(text)) for text in instances)
    check_ready([each.job_id for each in found_jobs], ready=ready)
    return _with_suggestions(job_checks.unique(found_jobs), suggested)


def _with_suggestions(jobs: Sequence[Named], suggested: dict[str, str]) -> list[Named]:
    """Label jobs as a reply suggests, except those that have a label or would share one."""
    taken = Counter(each.label or suggested.get(each.job_id, "") for each in jobs)
    taken.update(each.job_id for each in jobs)
    return [
        Named(each.job_id, label)
        if not each.label and taken[label := suggested.get(each.job_id, "")] == 1
        else each
        for each in jobs
    ]
