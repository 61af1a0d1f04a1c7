"""`--report FILE.html`: one page with everything in it; it has no script and loads nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.cli.duration_text import duration
from ddswait.cli.escaping import safe_html
from ddswait.cli.output.reason_groups import failures_first
from ddswait.cli.output.text import count, reason
from ddswait.cli.reports.timeline import timeline
from ddswait.outcome import OutcomeKind, Severity, facts_of
from ddswait.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.outcome import Outcome

_LONGEST = 5000  # characters of a reason
_MOST_ROWS = 2000  # browsers become slow with more


def document(table: JobTable, code: int, now: float) -> str:
    """Return the page of a run.

    Args:
        table: all jobs; every wait has ended.
        code: the exit code.
        now: when the run ended, in seconds since 1970.
    """
    return "\n".join(_page(table, code, now))


def _page(table: JobTable, code: int, now: float) -> Iterator[str]:
    jobs = count(len(table), "DDS job")
    title = f"{table.tally[OutcomeKind.COMPLETED]} of {jobs} completed"
    yield from _head(title)
    verdict = Severity.ERROR if code else Severity.SUCCESS
    yield f'<h1 class="{verdict}">{safe_html(title)}</h1>'
    began, ended = (datetime.fromtimestamp(each, UTC) for each in (table.began, now))
    yield (
        f'<div class="soft">exit code {code} &middot; {began:%Y-%m-%d %H:%M:%S} to '
        f"{ended:%H:%M:%S} UTC &middot; {safe_html(duration(now - table.began))}</div>"
    )
    yield from _counts(table)
    rows = failures_first(table, _MOST_ROWS)
    if left_out := len(table) - len(rows):
        yield f'<p class="soft">{count(left_out, "job")} left out below, completed jobs first.</p>'
    yield from timeline(rows, now)
    yield from _reasons(rows)
    yield from _jobs(rows)
    yield f"<footer>Made by ddswait {__version__}.</footer></body></html>"


def _head(title: str) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{safe_html(title)}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    style = Path(__file__).with_name("html.css").read_text(encoding="utf-8")
    yield f"<style>{style}</style></head><body>"


def _counts(table: JobTable) -> Iterator[str]:
    yield '<ul class="counts">'
    for kind, number in table.tally.most_common():
        facts = facts_of(kind)
        yield f'<li><b class="{facts.severity}">{number}</b>{safe_html(facts.label)}</li>'
    yield "</ul>"


def _reasons(rows: Sequence[tuple[Entry, Outcome]]) -> Iterator[str]:
    """Yield why each job did not complete."""
    failed = [(entry, outcome) for entry, outcome in rows if not outcome.ok]
    if not failed:
        return
    yield '<h2 id="reasons">What did not complete</h2><div class="scroll"><table>'
    yield "<thead><tr><th>job</th><th>outcome</th><th>reason</th></tr></thead><tbody>"
    for entry, outcome in failed:
        why = safe_html(reason(outcome), _LONGEST)
        if outcome.refusal:
            why += safe_html(f" (request ID {outcome.refusal.request_id or 'none'})")
        yield f"<tr><td>{safe_html(entry.name)}</td>{_kind(outcome)}<td>{why}</td></tr>"
    yield "</tbody></table></div>"


def _jobs(rows: Sequence[tuple[Entry, Outcome]]) -> Iterator[str]:
    yield '<h2 id="jobs">Jobs</h2><div class="scroll"><table><thead><tr>'
    titles = ("job", "task", "instance", "outcome", "waited", "polls")
    yield "".join(f"<th>{title}</th>" for title in titles)
    yield "</tr></thead><tbody>"
    for entry, outcome in rows:
        job = entry.job
        instance = job.instance if job else None
        where = _named(instance.name, instance.id) if instance else "-"
        task = safe_html(job.name) if job else "-"
        yield f"<tr><td>{_named(entry.label, entry.job_id)}</td><td>{task}</td><td>{where}</td>"
        yield f'{_kind(outcome)}<td class="number">{duration(outcome.waited)}</td>'
        yield f'<td class="number">{len(entry.polls) or outcome.polls}</td></tr>'
    yield "</tbody></table></div>"


def _kind(outcome: Outcome) -> str:
    facts = outcome.facts
    return f'<td class="number {facts.severity}">{safe_html(facts.label)}</td>'


def _named(name: str, its_id: str) -> str:
    if not name:
        return f"<code>{safe_html(its_id)}</code>"
    return f"{safe_html(name)}<small><code>{safe_html(its_id)}</code></small>"
