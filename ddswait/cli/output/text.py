"""Text for people: a server's words made harmless, durations, names of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait.cli.duration_text import duration as duration  # noqa: PLC0414 - a re-export

if TYPE_CHECKING:
    from ddswait.job import Job


def safe(text: str) -> str:
    """Return a server's text so that it can be shown anywhere: one line, nothing that steers.

    Control characters are escaped, and what a GitHub runner obeys: `##[` anywhere in a line, `::`
    at its beginning.
    """
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
        )
    if text.lstrip().startswith("::"):
        text = text.replace(":", "\\x3a", 1)
    return text.replace("##[", "#\\x23[") if "##[" in text else text


def short(text: str, most: int) -> str:
    """Return a text cut to so many characters; `--output json` always has it whole."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def human(kind: str) -> str:
    """Return an outcome's name for people: `timed out`."""
    return kind.replace("_", " ")


def job_text(job: Job) -> str:
    """Return what a job is and how far: `Create_MongoDB of orders: Running 40 %`."""
    instance = f" of {job.instance.name}" if job.instance and job.instance.name else ""
    progress = f" {job.progress} %" if job.progress is not None else ""
    return safe(f"{job.name}{instance}: {job.status}{progress}")
