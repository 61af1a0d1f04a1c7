"""What did not complete, grouped: jobs that ended alike for the same reason are one group. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli.escaping import cut
from ddswait.cli.exit_codes import WORST_FIRST
from ddswait.cli.output.text import reason
from ddswait.outcome import OutcomeKind, facts_of
from ddswait.scheduler.messages import last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.outcome import Outcome

_ELSE = "\N{HORIZONTAL ELLIPSIS}"  # stands for what differs from job to job
_LONGEST = 2000  # characters of a reason that are compared
_SHORTEST_NAME = 3  # characters; a shorter name may be a part of any sentence
# The ID of the project is that of the run: it is the same for every job.
_ID = re.compile(
    r"(?<!project )\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|[0-9a-f]{32}\w*\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_WAITED = re.compile(r" (?:after|for the last|within) \d+ s\b(?: more)?")
_SUBJECT = re.compile(r"^(?:job|instance) \S+(?<!:) ")
_TIMED_OUT = re.compile(
    r"^it (?:had not ended|was not ready) when the wait timed out after \d+ s: "
)


class ReasonGroup(NamedTuple):
    """Jobs that ended alike.

    Attributes:
        kind: how their waits ended.
        reason: why, without the names of the jobs and whatever else differs between them.
        members: the jobs, at least one.
    """

    kind: OutcomeKind
    reason: str
    members: tuple[tuple[Entry, Outcome], ...]

    @property
    def sentence(self) -> str:
        """Why, with a subject: for where no name of a job stands before it."""
        entry, outcome = self.members[0]
        if len(self.members) > 1:
            subject, why = "each", self.reason
        else:
            subject, why = "the instance" if entry.instance_id else "the job", plain_reason(outcome)
        is_ours = self.kind is not OutcomeKind.FAILED and why.startswith("it ")
        return f"{subject} {why.removeprefix('it ')}" if is_ours else why


def not_completed(table: JobTable) -> list[tuple[Entry, Outcome]]:
    """Return the jobs that did not complete; one whose wait was given up is still running."""
    return [
        (entry, outcome)
        for entry, outcome in table.ended
        if not outcome.ok and outcome.kind is not OutcomeKind.PENDING
    ]


def failures_first(table: JobTable, most: int) -> list[tuple[Entry, Outcome]]:
    """Return at most so many of the ended jobs: failures, then pending, then completed."""
    given_up = OutcomeKind.PENDING
    return sorted(table.ended, key=lambda each: (each[1].ok, each[1].kind is given_up))[:most]


def grouped(failed: Sequence[tuple[Entry, Outcome]]) -> list[ReasonGroup]:
    """Return the groups of jobs: the worst outcome first, and then the largest group."""
    members: dict[tuple[OutcomeKind, str], list[tuple[Entry, Outcome]]] = {}
    for entry, outcome in failed:
        members.setdefault((outcome.kind, common_reason(entry, outcome)), []).append(
            (entry, outcome)
        )
    groups = [ReasonGroup(kind, why, tuple(each)) for (kind, why), each in members.items()]
    return sorted(groups, key=lambda group: (_rank(group.kind), -len(group.members)))


def common_reason(entry: Entry, outcome: Outcome) -> str:
    """Return why a job did not complete, in words that are equal for jobs that ended alike.

    IDs, names, times and the last progress are left out; so is what `plain_reason` leaves out.
    """
    text = cut(plain_reason(outcome), _LONGEST)
    if outcome.kind is not OutcomeKind.FAILED:
        seen = last_seen(outcome.job or entry.job)
        if text.startswith(seen):
            text = text.removeprefix(seen).removeprefix("; ")
        text = _WAITED.sub("", text.replace(f" ({seen})", ""))
    names = _names(entry, outcome)
    # Jobs may be very many, so no pattern is compiled for each of their names.
    for name in sorted(
        (each for each in names if not _WORD.fullmatch(each)), key=len, reverse=True
    ):
        text = text.replace(name, _ELSE)
    text = _WORD.sub(lambda word: _ELSE if word[0] in names else word[0], text)
    return without_ids(text)


def without_ids(text: str) -> str:
    """Return a text in which an ellipsis stands for each ID."""
    return _ID.sub(_ELSE, text)


def plain_reason(outcome: Outcome) -> str:
    """Return why a job did not complete, without its name and the kind of the outcome."""
    if outcome.refusal is not None:
        return str(replace(outcome.refusal, request_id=""))
    text = reason(outcome)
    if outcome.kind is OutcomeKind.FAILED:
        return text  # the words of the service
    return _TIMED_OUT.sub("", _SUBJECT.sub("it ", text))


def _names(entry: Entry, outcome: Outcome) -> set[str]:
    """Return what identifies a job in a sentence."""
    job = outcome.job or entry.job
    names = {entry.job_id, entry.instance_id, entry.label}
    if job and job.instance:
        names |= {job.instance.id, job.instance.name}
    return {each for each in names if len(each) >= _SHORTEST_NAME}


def _rank(kind: OutcomeKind) -> int:
    return WORST_FIRST.index(facts_of(kind).exit_code)
