"""The timeline of the HTML report: one bar per job, drawn as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ddswait.cli.duration_text import duration
from ddswait.cli.escaping import safe_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddswait.cli.job_table import Entry, PollRecord
    from ddswait.outcome import Outcome

Item = TypeVar("Item")

_WIDTH, _HEIGHT = 1000.0, 34.0
_STEPS = 4  # between the times along the top
_TICKS, _ALL_TICKS = 400, 200_000  # polls that a row and a page show; more would be a grey bar


class _Scale(NamedTuple):
    """Where a time lies on the timeline; times are in seconds since 1970."""

    begin: float
    end: float

    def x(self, at: float) -> float:
        share = (at - self.begin) / max(self.end - self.begin, 1.0)
        return min(max(share * _WIDTH, 0.0), _WIDTH)


def timeline(ended: Sequence[tuple[Entry, Outcome]], now: float) -> Iterator[str]:
    """Yield the HTML of the timeline of jobs whose waits have ended.

    Args:
        ended: the jobs.
        now: when the run ended, in seconds since 1970.
    """
    scale = _Scale(
        min((entry.submitted_at for entry, _ in ended), default=now),
        max((entry.ended_at or now for entry, _ in ended), default=now),
    )
    most = min(_TICKS, _ALL_TICKS // max(len(ended), 1))
    yield '<h2 id="timeline">Timeline</h2><div class="row axis"><span></span>'
    yield _axis(scale.end - scale.begin)
    yield "</div>"
    for entry, outcome in ended:
        facts = outcome.facts
        yield '<div class="row"><div class="name">'
        yield safe_html(entry.name)
        yield f' <span class="{facts.severity}">{safe_html(facts.label)}</span>'
        yield f"<small>{safe_html(_task(entry))}</small></div>"
        yield "".join(_bar(entry, outcome, scale, now, most))
        yield "</div>"
    yield _KEY


def _task(entry: Entry) -> str:
    job = entry.job
    if job is None:
        return "never visible"
    instance = job.instance.name if job.instance else ""
    return f"{job.name} of {instance}" if instance and instance != entry.label else job.name


def _axis(seconds: float) -> str:
    times = (duration(seconds * step / _STEPS) for step in range(_STEPS + 1))
    return f"<div>{''.join(f'<span>{safe_html(time)}</span>' for time in times)}</div>"


def _bar(entry: Entry, outcome: Outcome, scale: _Scale, now: float, most: int) -> Iterator[str]:
    """Yield the picture of one job with at most so many ticks and points."""
    begin, end = scale.x(entry.submitted_at), scale.x(entry.ended_at or now)
    what = f"{entry.name}: {outcome.facts.label}"
    yield f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" preserveAspectRatio="none" role="img" '
    yield f'aria-label="{safe_html(what)}">'
    yield _span(begin, end, ' opacity=".55"')
    if entry.visible_at is not None:
        yield _span(scale.x(entry.visible_at), end)
    yield _ticks(entry.polls, scale, most)
    yield _curve(entry.polls, scale, most)
    yield f'<rect x="{max(end - 3, 0):.1f}" y="4" width="3.5" height="26" '
    yield f'fill="var(--{outcome.facts.severity})"/></svg>'


def _span(begin: float, end: float, style: str = "") -> str:
    width = max(end - begin, 1.5)
    return (
        f'<rect x="{begin:.1f}" y="7" width="{width:.1f}" height="20" rx="3" '
        f'fill="var(--bar)"{style}/>'
    )


def _ticks(polls: Sequence[PollRecord], scale: _Scale, most: int) -> str:
    """Return a tick for each poll."""
    ticks = "".join(f"M{scale.x(poll.at):.1f} 28v5" for poll in _thinned(polls, most))
    return ticks and (
        f'<path d="{ticks}" stroke="var(--soft)" stroke-width="1" '
        'vector-effect="non-scaling-stroke" fill="none"/>'
    )


def _curve(polls: Sequence[PollRecord], scale: _Scale, most: int) -> str:
    """Return the progress as a line."""
    curve = [(poll.at, poll.progress) for poll in polls if poll.progress is not None]
    if len(curve) < 2:  # noqa: PLR2004 - the points of a line
        return ""
    points = " ".join(
        f"{scale.x(at):.1f},{27 - 0.2 * min(progress, 100):.1f}"
        for at, progress in (*_thinned(curve[:-1], most), curve[-1])
    )
    return (
        f'<polyline points="{points}" fill="none" stroke="var(--curve)" stroke-width="2" '
        'vector-effect="non-scaling-stroke"/>'
    )


def _thinned(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Return at most so many of the items, evenly spread."""
    return items[:: max(1, -(-len(items) // max(most, 1)))]


def _sample(picture: str, meaning: str) -> str:
    return f'<span><svg viewBox="0 0 30 14">{picture}</svg>{meaning}</span>'


_KEY = "".join(
    [
        '<div class="key">',
        _sample('<rect width="30" height="14" fill="var(--bar)" opacity=".55"/>', "submitted"),
        _sample('<rect width="30" height="14" fill="var(--bar)"/>', "visible"),
        _sample('<path d="M3 4v9M11 4v9M19 4v9M27 4v9" stroke="var(--soft)"/>', "a poll"),
        _sample('<path d="M1 13L29 1" stroke="var(--curve)" stroke-width="2"/>', "progress"),
        _sample('<rect x="13" width="4" height="14" fill="var(--success)"/>', "end"),
        "</div>",
    ]
)
