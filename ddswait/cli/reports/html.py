"""`--report FILE.html`: one page with everything in it; no script, no address to load from."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ddswait.cli.output.failures import reason
from ddswait.cli.output.text import duration, human, safe, short
from ddswait.outcome import OutcomeKind
from ddswait.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ddswait.cli.job_table import Entry, JobTable, PollRecord

_WIDTH, _HEIGHT = 1000.0, 34.0
_STEPS = 4  # between the times along the top
_TICKS, _ALL_TICKS = 400, 200_000  # looks that a row and a page show; more would be a grey bar
_LONGEST = 5000  # characters of a reason
_MOST_ROWS = 2000  # a page with more would be of no use to anybody


def document(table: JobTable, code: int, now: float) -> str:
    """Return the page of a run that ended `now` with an exit code."""
    return "\n".join(_page(table, code, now))


def _page(table: JobTable, code: int, now: float) -> Iterator[str]:
    completed = table.tally[OutcomeKind.COMPLETED]
    jobs = f"{len(table)} DDS job{'s' if len(table) != 1 else ''}"
    title = f"{completed} of {jobs} completed"
    began = datetime.fromtimestamp(table.began, UTC)
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    style = Path(__file__).with_name("html.css").read_text(encoding="utf-8")
    yield f"<style>{style}</style></head><body>"
    verdict = "good" if code == 0 else "bad"
    yield f'<h1 class="{verdict}">{_text(title)}</h1>'
    ended = datetime.fromtimestamp(now, UTC)
    yield (
        f'<div class="soft">exit code {code} &middot; {began:%Y-%m-%d %H:%M:%S} to '
        f"{ended:%H:%M:%S} UTC &middot; {_text(duration(now - table.began))}</div>"
    )
    yield '<ul class="counts">'
    for kind, count in Counter(_kind(entry) for entry in table).most_common():
        yield f'<li><b class="{_colour(kind)}">{count}</b>{_text(human(kind))}</li>'
    yield "</ul>"
    entries = list(table)
    if len(entries) > _MOST_ROWS:
        entries.sort(key=lambda entry: entry.outcome is not None and entry.outcome.ok)
        told = f"{len(entries) - _MOST_ROWS} of the jobs are left out below, completed ones first."
        yield f'<p class="soft">{told}</p>'
        del entries[_MOST_ROWS:]
    yield from _timeline(entries, now)
    yield from _failures(entries)
    yield from _table(entries)
    yield f"<footer>Made by ddswait {__version__}.</footer></body></html>"


def _kind(entry: Entry) -> str:
    return str(entry.outcome.kind) if entry.outcome else "pending"


def _colour(kind: str) -> str:
    return {"completed": "good", "timed_out": "open", "pending": "open", "unreachable": "open"}.get(
        kind, "bad"
    )


def _timeline(entries: Sequence[Entry], now: float) -> Iterator[str]:
    begin = min((entry.submitted_at for entry in entries), default=now)
    end = max((entry.ended_at or now for entry in entries), default=now)
    ticks = min(_TICKS, _ALL_TICKS // max(len(entries), 1))
    scale = _WIDTH / max(end - begin, 1.0)

    def x(at: float) -> float:
        return min(max((at - begin) * scale, 0.0), _WIDTH)

    yield '<h2 id="timeline">Timeline</h2><div class="row axis"><span></span>'
    yield _axis(end - begin)
    yield "</div>"
    for entry in entries:
        job = entry.job
        about = f"{job.name}" if job else "never seen"
        if job and job.instance and job.instance.name and job.instance.name != entry.label:
            about += f" of {job.instance.name}"
        kind = _kind(entry)
        yield '<div class="row"><div class="name">'
        state = f'<span class="{_colour(kind)}">{_text(human(kind))}</span>'
        yield f"{_text(entry.name)} {state}"
        yield f"<small>{_text(about)}</small></div>"
        yield _bar(entry, x, now, ticks)
        yield "</div>"
    yield _KEY


def _axis(span: float) -> str:
    told = (duration(span * step / _STEPS) for step in range(_STEPS + 1))
    return f"<div>{''.join(f'<span>{_text(each)}</span>' for each in told)}</div>"


def _bar(entry: Entry, x: Callable[[float], float], now: float, most: int) -> str:
    begin, end = x(entry.submitted_at), x(entry.ended_at or now)
    what = f"{entry.name}: {_kind(entry)}"
    frame = f'viewBox="0 0 1000 {_HEIGHT:.0f}" preserveAspectRatio="none" role="img"'
    whole = f'x="{begin:.1f}" y="7" width="{max(end - begin, 1.5):.1f}" height="20" rx="3"'
    parts = [
        f'<svg {frame} aria-label="{_text(what)}">',
        f'<rect {whole} fill="var(--bar)" opacity=".55"/>',
    ]
    if entry.visible_at is not None:
        seen = x(entry.visible_at)
        parts.append(
            f'<rect x="{seen:.1f}" y="7" width="{max(end - seen, 1.5):.1f}" height="20" rx="3" '
            'fill="var(--bar)"/>'
        )
    ticks = "".join(f"M{x(look.at):.1f} 28v5" for look in _thinned(entry.polls, most))
    if ticks:
        parts.append(
            f'<path d="{ticks}" stroke="var(--soft)" stroke-width="1" '
            'vector-effect="non-scaling-stroke" fill="none"/>'
        )
    curve = [look for look in entry.polls if look.progress is not None]
    if len(curve) > 1:
        points = " ".join(
            f"{x(look.at):.1f},{27 - 0.2 * min(look.progress or 0, 100):.1f}"
            for look in (*_thinned(curve[:-1], most), curve[-1])
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="var(--curve)" stroke-width="2" '
            'vector-effect="non-scaling-stroke"/>'
        )
    colour = _colour(_kind(entry))
    parts.append(
        f'<rect x="{max(end - 3, 0):.1f}" y="4" width="3.5" height="26" fill="var(--{colour})"/>'
    )
    return "".join([*parts, "</svg>"])


def _thinned(looks: Sequence[PollRecord], most: int) -> Sequence[PollRecord]:
    return looks[:: max(1, -(-len(looks) // max(most, 1)))]


def _sample(picture: str, told: str) -> str:
    return f'<span><svg viewBox="0 0 30 14">{picture}</svg>{told}</span>'


_KEY = "".join(
    [
        '<div class="key">',
        _sample('<rect width="30" height="14" fill="var(--bar)" opacity=".55"/>', "submitted"),
        _sample('<rect width="30" height="14" fill="var(--bar)"/>', "visible"),
        _sample('<path d="M3 4v9M11 4v9M19 4v9M27 4v9" stroke="var(--soft)"/>', "a look"),
        _sample('<path d="M1 13L29 1" stroke="var(--curve)" stroke-width="2"/>', "progress"),
        _sample('<rect x="13" width="4" height="14" fill="var(--good)"/>', "end"),
        "</div>",
    ]
)


def _failures(entries: Sequence[Entry]) -> Iterator[str]:
    failed = [entry for entry in entries if entry.outcome is None or not entry.outcome.ok]
    if not failed:
        return
    yield '<h2 id="reasons">What did not complete</h2><div class="scroll"><table>'
    yield "<thead><tr><th>job</th><th>outcome</th><th>reason</th></tr></thead><tbody>"
    for entry in failed:
        outcome = entry.outcome
        why = reason(outcome) if outcome else "let go before it ended; the job may go on"
        if outcome and outcome.refusal:
            why += f" (request ID {outcome.refusal.request_id or 'none'})"
        kind = _kind(entry)
        yield (
            f'<tr><td>{_text(entry.name)}</td><td class="number {_colour(kind)}">'
            f"{_text(human(kind))}</td><td>{_text(short(why, _LONGEST))}</td></tr>"
        )
    yield "</tbody></table></div>"


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    yield '<h2 id="jobs">Jobs</h2><div class="scroll"><table><thead><tr>'
    names = ("job", "task", "instance", "outcome", "waited", "looks")
    yield "".join(f"<th>{name}</th>" for name in names)
    yield "</tr></thead><tbody>"
    for entry in entries:
        job, outcome, kind = entry.job, entry.outcome, _kind(entry)
        instance = job.instance if job else None
        where = _named(instance.name, instance.id) if instance else "-"
        task = _text(job.name) if job else "-"
        yield f"<tr><td>{_named(entry.label, entry.job_id)}</td><td>{task}</td><td>{where}</td>"
        yield f'<td class="number {_colour(kind)}">{_text(human(kind))}</td>'
        waited = duration(outcome.waited) if outcome else "-"
        looks = len(entry.polls) or (outcome.polls if outcome else 0)
        yield f'<td class="number">{waited}</td><td class="number">{looks}</td></tr>'
    yield "</tbody></table></div>"


def _named(name: str, its_id: str) -> str:
    if not name:
        return f"<code>{_text(its_id)}</code>"
    return f"{_text(name)}<small><code>{_text(its_id)}</code></small>"


def _text(text: str) -> str:
    return escape(safe(text))
