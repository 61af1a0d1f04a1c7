"""The sections of the HTML report about jobs: what did not complete, and all jobs.

The page names jobs in several places; each name is a link to the job's row in the last table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe_html
from ddswait.cli.output.reason_groups import grouped
from ddswait.cli.output.text import count, next_step
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddswait.cli.job_table import Entry
    from ddswait.cli.output.reason_groups import ReasonGroup
    from ddswait.outcome import Outcome

_LONGEST = 5000  # characters of a reason
_MOST_NAMES = 100  # of a group; the table has all of them


def anchors(rows: Sequence[tuple[Entry, Outcome]]) -> dict[str, str]:
    """Return the anchor of each job's row, by job ID."""
    return {entry.job_id: f"job-{number}" for number, (entry, _) in enumerate(rows, 1)}


def failed_section(
    rows: Sequence[tuple[Entry, Outcome]], places: Mapping[str, str]
) -> Iterator[str]:
    """Yield what did not complete, grouped by reason, with the next step.

    Args:
        rows: the jobs of the page.
        places: from `anchors`.
    """
    failed = [each for each in rows if not each[1].ok and each[1].kind is not OutcomeKind.PENDING]
    if not failed:
        return
    yield '<h2 id="reasons">What did not complete</h2>'
    seen: set[OutcomeKind] = set()
    for group in grouped(failed):
        anchor = "" if group.kind in seen else f' id="{group.kind}"'
        seen.add(group.kind)
        yield f'<section class="group"{anchor}>'
        yield from _group(group, places)
        yield "</section>"


def _group(group: ReasonGroup, places: Mapping[str, str]) -> Iterator[str]:
    entry, outcome = group.members[0]
    facts = outcome.facts
    jobs = "" if len(group.members) == 1 else f"{count(len(group.members), 'job')} "
    why = f": {safe_html(group.sentence, _LONGEST)}" if group.sentence else ""
    yield f'<h3><span class="{facts.severity}">{jobs}{safe_html(facts.label)}</span>{why}</h3><p>'
    yield ", ".join(link(each, places) for each, _ in group.members[:_MOST_NAMES])
    if rest := len(group.members[_MOST_NAMES:]):
        yield f" and {rest} more"
    yield "</p>"
    if refusal := outcome.refusal:
        request_id = safe_html(refusal.request_id or "none")
        yield f'<p class="soft">The request ID is {request_id}. {safe_html(refusal.hint)}</p>'
    yield f'<p class="soft">{safe_html(next_step(entry, outcome))}</p>'


def link(entry: Entry, places: Mapping[str, str]) -> str:
    """Return the name of a job as a link to its row."""
    return f'<a href="#{places[entry.job_id]}">{safe_html(entry.name)}</a>'


def jobs_section(rows: Sequence[tuple[Entry, Outcome]], places: Mapping[str, str]) -> Iterator[str]:
    """Yield the table of all jobs."""
    yield '<h2 id="jobs">Jobs</h2><div class="scroll"><table><thead><tr>'
    titles = ("job", "task", "instance", "outcome", "waited", "polls")
    yield "".join(f"<th>{title}</th>" for title in titles)
    yield "</tr></thead><tbody>"
    for entry, outcome in rows:
        job = entry.job
        instance = job.instance if job else None
        where = "-"
        if instance:  # often its name is the label, which stands in this row already
            where = _named("" if instance.name == entry.label else instance.name, instance.id)
        task = safe_html(job.task) if job else "-"
        name = _named(entry.label and entry.name, entry.full_id)
        yield f'<tr id="{places[entry.job_id]}"><td>{name}</td>'
        yield f"<td>{task}</td><td>{where}</td>{_kind(outcome)}"
        yield f'<td class="number">{duration(outcome.waited)}</td>'
        yield f'<td class="number">{len(entry.polls) or outcome.polls}</td></tr>'
    yield "</tbody></table></div>"


def _kind(outcome: Outcome) -> str:
    facts = outcome.facts
    return f'<td class="number {facts.severity}">{safe_html(facts.label)}</td>'


def _named(name: str, its_id: str) -> str:
    if not name:
        return f"<code>{safe_html(its_id)}</code>"
    return f"{safe_html(name)}<small><code>{safe_html(its_id)}</code></small>"
