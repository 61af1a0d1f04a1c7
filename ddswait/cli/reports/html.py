"""`--report FILE.html`: one page with everything in it; it has no script and loads nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.cli.escaping import safe_html
from ddswait.cli.output.failures import given_up
from ddswait.cli.output.reason_groups import failures_first
from ddswait.cli.output.text import count, jobs_of
from ddswait.cli.reports.html_sections import anchors, failed_section, jobs_section
from ddswait.cli.reports.timeline import timeline
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind, Severity, facts_of
from ddswait.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddswait.cli.job_table import JobTable
    from ddswait.cli.reports.run_facts import RunFacts

_MOST_ROWS = 2000  # browsers become slow with more


def document(table: JobTable, run: RunFacts) -> str:
    """Return the page of a run: failures first, then a timeline and all jobs.

    Args:
        table: all jobs; every wait has ended.
        run: how the run was and how it ended.
    """
    return "\n".join(_page(table, run))


def _page(table: JobTable, run: RunFacts) -> Iterator[str]:
    jobs = count(len(table), jobs_of(table).removesuffix("s"))
    title = f"{table.tally[OutcomeKind.COMPLETED]} of {jobs} completed"
    yield from _head(title)
    verdict = Severity.ERROR if run.code else Severity.SUCCESS
    yield f'<h1 class="{verdict}">{safe_html(title)}</h1>'
    began, ended = (datetime.fromtimestamp(each, UTC) for each in (table.began, run.ended))
    yield (
        f'<div class="soft">exit code {run.code} &middot; {began:%Y-%m-%d %H:%M:%S} to '
        f"{ended:%H:%M:%S} UTC &middot; {safe_html(duration(run.ended - table.began))}</div>"
    )
    yield from _counts(table)
    yield from _facts(table, run)
    rows = failures_first(table, _MOST_ROWS)
    places = anchors(rows)
    yield from failed_section(rows, places)
    if left_out := len(table) - len(rows):
        yield f'<p class="soft">{count(left_out, "job")} left out below, completed jobs first.</p>'
    yield from timeline(rows, run.ended, places)
    yield from jobs_section(rows, places)
    yield f"<footer>Made by ddswait {__version__}.</footer></body></html>"


def _head(title: str) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{safe_html(title)}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    style = Path(__file__).with_name("html.css").read_text(encoding="utf-8")
    yield f"<style>{style}</style></head><body>"


def _counts(table: JobTable) -> Iterator[str]:
    """Yield how many waits ended in which way; each count leads to what explains it."""
    yield '<ul class="counts">'
    for kind, number in table.tally.most_common():
        facts = facts_of(kind)
        place = "jobs" if kind is OutcomeKind.COMPLETED else kind
        yield f'<li><a href="#{place}"><b class="{facts.severity}">{number}</b>'
        yield f"{safe_html(facts.label)}</a></li>"
    yield "</ul>"


def _facts(table: JobTable, run: RunFacts) -> Iterator[str]:
    """Yield where the run was and how it was started, and how it is resumed."""
    facts = (
        ("region", "", safe_html(run.region)),
        ("endpoint", "", safe_html(run.endpoint)),
        ("project", "", safe_html(run.project)),
        ("command", "", _command(run.command)),
        ("pending", OutcomeKind.PENDING, safe_html(given_up(table))),
        ("to resume", "", _command(run.resume)),
    )
    yield '<dl class="facts">'
    for title, place, text in facts:
        if text:
            anchor = f' id="{place}"' if place else ""
            yield f"<dt{anchor}>{title}</dt><dd>{text}</dd>"
    yield "</dl>"


def _command(words: Sequence[str]) -> str:
    return f"<code>{safe_html(' '.join(words))}</code>" if words else ""
