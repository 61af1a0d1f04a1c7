"""What the live view says of one job: texts, styles and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, assert_never

from rich.text import Text

from ddswait.cli.escaping import safe
from ddswait.cli.output.text import problem_text, state_text
from ddswait.duration_text import duration
from ddswait.outcome import OutcomeKind, Severity

if TYPE_CHECKING:
    from ddswait.cli.job_table import Entry, Renewal
    from ddswait.outcome import Outcome

_LONGEST = 400  # characters of a text; no line of a terminal shows more


class Message(NamedTuple):
    """What a row shows in place of status, progress and times.

    Attributes:
        texts: the same in several lengths, the longest first.
        details: what has a line of its own if the longest text does not fit; "" for nothing.
    """

    texts: tuple[str, ...]
    details: str = ""


def text(plain: str, style: str = "") -> Text:
    """Return a text of a server, or of the user, that cannot control the terminal."""
    return Text(safe(plain, _LONGEST), style, no_wrap=True)


def bar(done: float, width: int, *, is_plain: bool) -> Text:
    """Return a bar of so many cells that shows `done` percent."""
    filled, half = divmod(int(2 * width * min(done, 100.0) / 100), 2)
    if is_plain:
        return Text("#" * filled + "." * (width - filled), "green")
    heavy = "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * filled + "\N{BOX DRAWINGS HEAVY LEFT}" * half
    rest = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * (width - filled - half)
    return Text(heavy, "green").append(rest, "bright_black")


def percent(entry: Entry) -> int | None:
    """Return the progress of a job in percent; None if there is nothing to show."""
    if entry.end is not None:
        return 100 if entry.end.ok else None
    return last_percent(entry)


def last_percent(entry: Entry) -> int | None:
    """Return the last progress that a job stated, in percent; None without any."""
    if entry.job is None or entry.job.progress is None:
        return None
    return min(max(entry.job.progress, 0), 100)


def status(entry: Entry, *, is_plain: bool) -> str:
    """Return how a job's wait ended, or else what is known of the job or of the instance."""
    if entry.end is not None:
        return f"{_mark(entry.end, is_plain=is_plain)}{entry.end.facts.label}"
    return state_text(entry)


def message(entry: Entry, now: float, renewal: Renewal | None, *, is_plain: bool) -> Message | None:
    """Return what went wrong with a job or with its polls; None if nothing did.

    Args:
        entry: the job.
        now: the time, in seconds since 1970.
        renewal: why the credentials could not be renewed; None if they could.
        is_plain: whether the terminal shows only ASCII characters.
    """
    outcome = entry.end
    if outcome is not None:
        if outcome.ok:
            return None
        how = f"{status(entry, is_plain=is_plain)} after {duration(outcome.waited)}"
        why = _reason(outcome)
        return Message((f"{how}: {why}", how) if why else (how,), why)
    if entry.problem:
        again = retry_text(entry.next_poll_at, now)
        short = f"{entry.problem}{again}"
        long = f"{problem_text(entry.problem)}{again}"
        return Message((short,) if long == short else (long, short))
    is_due = entry.next_poll_at is None or entry.next_poll_at <= now
    if renewal is None or not is_due:
        return None
    at = None if entry.outcome else renewal.at  # nothing is tried again after the wait
    return Message((f"no credentials ({renewal.problem}){retry_text(at, now)}",))


def retry_text(at: float | None, now: float) -> str:
    """Return when the next try is: `, retry in 6s`."""
    if at is None:
        return ""
    return f", retry in {duration(at - now)}" if at - now >= 0.5 else ", trying again"  # noqa: PLR2004 - rounds to 1s


def _reason(outcome: Outcome) -> str:
    """Return why a job did not complete, in so few words as a row has room for."""
    if outcome.kind is OutcomeKind.FAILED:
        return (outcome.job.fail_reason if outcome.job else "") or "the service gave no reason"
    if outcome.refusal is not None:
        return str(outcome.refusal)
    return outcome.cause or ""


def _mark(outcome: Outcome, *, is_plain: bool) -> str:
    if is_plain:
        return ""
    return "\N{CHECK MARK} " if outcome.ok else "\N{MULTIPLICATION X} "


def style_of(entry: Entry) -> str:
    """Return the style in which the status of a job is shown."""
    if entry.end is None:
        return "yellow" if entry.problem else ""
    match entry.end.facts.severity:
        case Severity.SUCCESS:
            return "green"
        case Severity.WARNING:
            return "yellow"
        case Severity.ERROR:
            return "bold red"
        case severity:
            assert_never(severity)
