"""The end of a run: every job that did not complete, why, and what the user can do next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli.escaping import safe
from ddswait.cli.output.reason_groups import grouped, not_completed, plain_reason
from ddswait.cli.output.text import count, names, next_step, things
from ddswait.cli.wrapping import wrapped
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind, facts_of
from ddswait.scheduler.messages import last_seen

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.cli.output.reason_groups import ReasonGroup
    from ddswait.outcome import Outcome

_MOST = 20  # reasons that are explained
_LONGEST = 2000  # characters of a reason; nobody reads more in a log

_INDENT = " " * len("    support  ")


def failures(table: JobTable, width: int | None = None, told: Container[str] = ()) -> list[str]:
    """Return the lines that say what did not complete, why, and what to do; none if nothing did.

    Jobs that ended alike are explained together. A job whose wait was given up has not ended.

    Args:
        table: all jobs; every wait has ended.
        width: the cells of a line, if it is for a terminal. A log gets one line for each fact.
        told: the keys of the jobs whose reasons the same log says already.
    """
    groups = grouped(not_completed(table))
    lines = []
    advised: set[str] = set()
    for group in groups[:_MOST]:
        lines += [""] if width else []  # on a terminal, space sets the groups apart
        headline, *details = _explanation(group, advised, told)
        lines += wrapped(headline, width)
        for line in details:
            lines += wrapped(line, width, _INDENT)
    if rest := sum(len(group.members) for group in groups[_MOST:]):
        lines.append(f"{rest} more did not complete: --output json and --report show all")
    return [*lines, ""] if lines and width else lines


def given_up(table: JobTable) -> str:
    """Return the line about the waits that were given up; "" for none.

    Only of a job that was seen it is known that it runs on.
    """
    pending = (entry for entry, outcome in table.ended if outcome.kind is OutcomeKind.PENDING)
    number = Counter(map(_state, pending))
    parts = [
        f"{count(number[each], each.noun)} {each.one if number[each] == 1 else each.several}"
        for each in (_RUNS_ON, _NOT_READY, _NOT_SEEN)
        if number[each]
    ]
    return f"{', '.join(parts)}: only the wait was stopped" if parts else ""


# The reason of these says which time counted; beside it, the whole wait would only be a riddle.
_SAYS_HOW_LONG = frozenset({OutcomeKind.NOT_FOUND, OutcomeKind.UNREACHABLE})


class _State(NamedTuple):
    """What is known of some that were given up: a noun, and what follows its number."""

    noun: str
    one: str
    several: str


_RUNS_ON = _State("job", "runs on", "run on")
_NOT_READY = _State("instance", "was not seen ready", "were not seen ready")
_NOT_SEEN = _State("job", "was not seen yet", "were not seen yet")


def _state(entry: Entry) -> _State:
    if entry.instance_id or (entry.job is not None and entry.job.is_final):
        return _NOT_READY  # a job that ended is given up only while its instance is waited for
    return _NOT_SEEN if entry.job is None else _RUNS_ON


def _explanation(group: ReasonGroup, advised: set[str], told: Container[str]) -> Iterator[str]:
    """Yield the lines about a group; what was said already is left out."""
    entry, outcome = group.members[0]
    if len(group.members) == 1:
        subject, why = entry.full_name, "" if entry.job_id in told else plain_reason(outcome)
        after = "" if group.kind in _SAYS_HOW_LONG else f" after {duration(outcome.waited)}"
        label = f"{outcome.facts.label}{after}"
    else:
        subject, why = things(each for each, _ in group.members), group.sentence
        label = outcome.facts.label
    yield f"{safe(subject)} {label}{f': {safe(why, _LONGEST)}' if why else ''}"
    for title, text in _details(group):
        if text and text not in advised:
            yield safe(f"    {title:<7}  {text}")
        if title in {"hint", "next"}:
            advised.add(text)


def _details(group: ReasonGroup) -> Iterator[tuple[str, str]]:
    """Yield titles with their texts; a text may be empty."""
    entry, outcome = group.members[0]
    if len(group.members) == 1:
        yield "task", _task(entry, outcome)
    else:
        yield "jobs", names([_with_progress(each, group.kind) for each, _ in group.members])
    if refusal := outcome.refusal:
        yield "support", f"the request ID is {refusal.request_id}" if refusal.request_id else ""
        yield "hint", refusal.hint
    if entry.never_reached or not outcome.facts.may_still_complete:
        yield "next", next_step(entry, outcome)  # for the others, the command that resumes follows


def _with_progress(entry: Entry, kind: OutcomeKind) -> str:
    """Return the name of a job, with its progress if it may still complete."""
    if not facts_of(kind).may_still_complete or entry.job is None or entry.job.progress is None:
        return entry.name
    return f"{entry.name} ({entry.job.progress} %)"


def _task(entry: Entry, outcome: Outcome) -> str:
    """Return what a job does, to what, and how far it came; "" if it was never visible."""
    job = entry.job
    if job is None:
        return ""
    text = job.task
    if job.instance:
        name, instance_id = job.instance.name, job.instance.id
        is_said = name in {"", entry.label}
        text += f" of instance {instance_id if is_said else f'{name} ({instance_id})'}"
    if outcome.kind is OutcomeKind.FAILED or plain_reason(outcome).startswith(last_seen(job)):
        return text  # the kind of the outcome, or the reason, says how far it came
    progress = f", {job.progress} %" if job.progress is not None else ""
    return f"{text}, last status {job.status}{progress}"
