"""What is shown: data on standard output, everything else on standard error.

Text that came from a server is shown with its control characters escaped: it can move no cursor,
colour nothing and begin no new line.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO, assert_never

from ddswait.events import (
    Ended,
    Event,
    ListRefused,
    Looked,
    PollFailed,
    Progressed,
    Tracked,
    UnknownStatus,
    Visible,
)
from ddswait.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.job import Job

SCHEMA_VERSION = 1
_STEP = 10  # percent of progress that are worth a line


class OutputClosed(Exception):  # noqa: N818 - it happens, as to `| head -1`
    """Nobody reads standard output any more."""


def safe(text: str) -> str:
    """Return a server's text so that it can be shown anywhere."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def duration(seconds: float) -> str:
    """Return a duration for people: `7s`, `3m05s`, `1h02m`."""
    whole = int(seconds + 0.5)
    if whole < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{whole}s"
    if whole < 3600:  # noqa: PLR2004
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


class Printer:
    """Shows events and outcomes in one of the formats.

    Args:
        form: `text`, `json` or `jsonl`.
        quiet: whether to keep everything but errors off standard error.
    """

    def __init__(self, form: str, *, quiet: bool) -> None:
        self._form = form
        self._quiet = quiet
        self._shown_progress: dict[str, int] = {}
        self._last_cause = ""

    def event(self, event: Event) -> None:
        """Show what happened to a job.

        Raises:
            OutputClosed: nobody reads standard output.
        """
        if self._form == "jsonl" and not isinstance(event, Ended | Looked | ListRefused):
            self._data(json.dumps(_event_record(event)))
        if line := self._line(event):
            self.note(line)

    def _line(self, event: Event) -> str:
        match event:
            case Visible(job_id, job):
                return f"{job_id}  {_job_text(job)}"
            case Progressed(job_id, job, previous):
                news = job.status != previous.status or self._is_step(job)
                return f"{job_id}  {_job_text(job)}" if news and not job.is_final else ""
            case PollFailed(job_id, cause, pause):
                if cause == self._last_cause:
                    return ""
                self._last_cause = cause
                return f"{job_id}  look failed, again in {duration(pause)}: {safe(cause)}"
            case UnknownStatus(job_id, status):
                return f"{job_id}  DDS uses an undocumented status: {safe(status)}"
            case Tracked() | Looked() | ListRefused() | Ended():
                return ""
            case _:
                assert_never(event)

    def _is_step(self, job: Job) -> bool:
        step = (job.progress or 0) // _STEP
        before = self._shown_progress.get(job.id, 0)
        self._shown_progress[job.id] = max(step, before)
        return step > before

    def outcome(self, outcome: Outcome) -> None:
        """Show how a wait ended, as soon as it has.

        Raises:
            OutputClosed: nobody reads standard output.
        """
        self._last_cause = ""
        if self._form == "text":
            self._data("\t".join(_columns(outcome)))
        elif self._form == "jsonl":
            self._data(json.dumps({"event": "ended", **_now(), **outcome_record(outcome)}))
        else:
            self.note(f"{outcome.job_id}  {outcome.kind}: {safe(outcome.message)}")

    def summary(self, outcomes: Sequence[Outcome], code: int) -> None:
        """Show the end of everything.

        Raises:
            OutputClosed: nobody reads standard output.
        """
        counts = Counter(str(outcome.kind) for outcome in outcomes)
        document: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "exit_code": code,
            "summary": {str(kind): counts[kind] for kind in OutcomeKind if counts[kind]},
        }
        if self._form == "json":
            jobs = [outcome_record(outcome) for outcome in outcomes]
            self._data(json.dumps({**document, "jobs": jobs}, indent=2))
        elif self._form == "jsonl":
            self._data(json.dumps({"event": "summary", **_now(), **document}))
        told = ", ".join(f"{count} {kind}" for kind, count in document["summary"].items())
        self.note(f"{told}; exit code {code}")

    def pending(self, outcomes: Sequence[Outcome]) -> None:
        """Name the jobs that may still go on, and how to go on waiting for them."""
        open_ends = {OutcomeKind.PENDING, OutcomeKind.TIMED_OUT, OutcomeKind.UNREACHABLE}
        pending = [outcome.job_id for outcome in outcomes if outcome.kind in open_ends]
        if pending:
            lines = "".join(f"  {job_id}\n" for job_id in pending)
            self.error(f"not ended yet, and may go on; give these IDs again to go on:\n{lines}")

    def note(self, line: str) -> None:
        """Tell something on standard error, unless quiet."""
        if not self._quiet:
            self.error(line)

    def error(self, line: str) -> None:
        """Tell something on standard error."""
        _write(sys.stderr, line.rstrip("\n"))

    def _data(self, line: str) -> None:
        if not _write(sys.stdout, line):
            raise OutputClosed


def _write(stream: TextIO, line: str) -> bool:
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except (OSError, ValueError):
        # The interpreter flushes once more at its end; give it somewhere to flush to.
        quiet = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(quiet, stream.fileno())
        except (OSError, ValueError):
            pass
        finally:
            os.close(quiet)
        return False
    return True


def _job_text(job: Job) -> str:
    instance = f" of {job.instance.name}" if job.instance and job.instance.name else ""
    progress = f" {job.progress} %" if job.progress is not None else ""
    return safe(f"{job.name}{instance}: {job.status}{progress}")


def _columns(outcome: Outcome) -> list[str]:
    job = outcome.job
    name = job.name if job else ""
    instance = job.instance.name if job and job.instance else ""
    detail = "" if outcome.ok else _detail(outcome)
    fields = [outcome.job_id, str(outcome.kind), name, instance, duration(outcome.waited), detail]
    return [safe(field) or "-" for field in fields]


def _detail(outcome: Outcome) -> str:
    if outcome.kind is OutcomeKind.FAILED and outcome.job:
        return outcome.job.fail_reason or "no reason given"
    if outcome.refusal:
        mend = f"; {outcome.refusal.mend}" if outcome.refusal.mend else ""
        return f"{outcome.refusal}{mend}"
    return outcome.message


def _now() -> dict[str, str]:
    return {"time": datetime.now(UTC).isoformat(timespec="milliseconds")}


def _event_record(event: Event) -> dict[str, Any]:
    names = {
        Tracked: "tracked",
        Visible: "visible",
        Progressed: "progressed",
        PollFailed: "poll_failed",
        UnknownStatus: "unknown_status",
    }
    record: dict[str, Any] = {"event": names[type(event)], **_now(), "job_id": event.job_id}
    match event:
        case Visible(_, job) | Progressed(_, job, _):
            record["job"] = job_record(job)
        case PollFailed(_, cause, pause):
            record |= {"cause": cause, "pause_seconds": round(pause, 3)}
        case UnknownStatus(_, status):
            record["status"] = status
    return record


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data for JSON."""
    refusal = outcome.refusal
    return {
        "job_id": outcome.job_id,
        "outcome": str(outcome.kind),
        "message": outcome.message,
        "waited_seconds": round(outcome.waited, 3),
        "polls": outcome.polls,
        "cause": outcome.cause,
        "refusal": refusal
        and {
            "http_status": refusal.http_status,
            "error_code": refusal.error_code,
            "error_msg": refusal.error_msg,
            "request_id": refusal.request_id,
        },
        "job": job_record(outcome.job) if outcome.job else None,
    }


def job_record(job: Job) -> dict[str, Any]:
    """Return a job as plain data for JSON: times in ISO 8601, progress in percent."""
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "created": job.created.isoformat() if job.created else None,
        "ended": job.ended.isoformat() if job.ended else None,
        "progress": job.progress,
        "instance": {"id": job.instance.id, "name": job.instance.name} if job.instance else None,
        "fail_reason": job.fail_reason,
    }
