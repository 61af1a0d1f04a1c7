"""The timeline of the HTML report: one bar per job, drawn as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ddswait.cli.escaping import safe_html
from ddswait.duration_text import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddswait.cli.job_table import Entry, PollRecord
    from ddswait.outcome import Outcome

Item = TypeVar("Item")

_WIDTH, _HEIGHT = 1000.0, 34.0
_MOST_TIMES = 7  # along the top; they are round: multiples of one of these steps in seconds
_SHORT_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
_STEPS = (*_SHORT_STEPS, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
_TICKS, _ALL_TICKS = 400, 200_000  # polls that a row and a page show; more would be a grey bar


class _Scale(NamedTuple):
    """Where a time lies on the timeline; times are in seconds since 1970."""

    begin: float
    end: float

    def x(self, at: float) -> float:
        share = (at - self.begin) / max(self.end - self.begin, 1.0)
        return min(max(share * _WIDTH, 0.0), _WIDTH)


def timeline(
    ended: Sequence[tuple[Entry, Outcome]], now: float, places: Mapping[str, str]
) -> Iterator[str]:
    """Yield the HTML of the timeline of jobs whose waits have ended.

    Args:
        ended: the jobs.
        now: when the run ended, in seconds since 1970.
        places: the anchor of each job's row, by job ID.
    """
    scale = _Scale(
        min((entry.submitted_at for entry, _ in ended), default=now),
        max((entry.ended_at or now for entry, _ in ended), default=now),
    )
    most = min(_TICKS, _ALL_TICKS // max(len(ended), 1))
    times = round_times(scale.end - scale.begin)
    step = 100 * times[1] / max(scale.end - scale.begin, 1.0)
    yield '<h2 id="timeline">Timeline</h2>'
    yield f'<div class="timeline" style="--step: {step:.4f}%"><div class="row axis"><span></span>'
    yield _axis(times[:-1], scale.end - scale.begin)
    yield "</div>"
    for entry, outcome in ended:
        facts = outcome.facts
        yield '<div class="row"><div class="name">'
        yield f'<a href="#{places[entry.job_id]}">{safe_html(entry.name)}</a>'
        yield f' <span class="{facts.severity}">{safe_html(facts.label)}</span>'
        yield f"<small>{safe_html(_task(entry))}</small></div>"
        yield "".join(_bar(entry, outcome, scale, now, most))
        yield "</div>"
    yield f"</div>{_KEY}"


def _task(entry: Entry) -> str:
    job = entry.job
    if job is None:
        return "never visible"
    instance = job.instance.name if job.instance else ""
    return f"{job.task} of {instance}" if instance and instance != entry.label else job.task


def round_times(seconds: float) -> list[float]:
    """Return round times from 0 on, evenly spaced; only the last one is later than a duration.

    Args:
        seconds: the duration.
    """
    step = next((each for each in _STEPS if seconds < each * _MOST_TIMES), _STEPS[-1])
    step *= max(1, int(seconds / (step * _MOST_TIMES)))  # for longer than seven weeks
    return [float(step * number) for number in range(int(seconds / step) + 2)]


def _axis(times: Sequence[float], seconds: float) -> str:
    spans = (
        f'<span style="left: {100 * time / max(seconds, 1.0):.4f}%">{safe_html(exact(time))}</span>'
        for time in times
    )
    return f"<div>{''.join(spans)}</div>"


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
