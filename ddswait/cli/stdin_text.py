"""What standard input contains: job IDs, one per line, or JSON documents (json_jobs.py)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ddswait.cli import job_checks
from ddswait.cli.escaping import safe
from ddswait.cli.id_list import WHITE
from ddswait.errors import InputError
from ddswait.service.job_ids import is_complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddswait.cli.named import Named

_SHOWN = 200


class Found(NamedTuple):
    """What a text contains.

    Attributes:
        jobs: the jobs, as often as the text names them.
        not_started: the operations that were refused, so that they started no job.
        is_chosen: whether a person chose the labels and services; else replies suggest them.
    """

    jobs: list[Named]
    not_started: list[str]
    is_chosen: bool = True

    @property
    def job_ids(self) -> list[str]:
        """The IDs of the jobs."""
        return [job.job_id for job in self.jobs]


def read(data: bytes, *, ready: bool = False) -> Found:
    """Return the jobs in the bytes of standard input; see `from_text`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"standard input is not UTF-8 text (byte {error.start}): "
            "pipe job IDs, or a JSON reply that contains them; "
            f"{_printed(data[: 4 * _SHOWN].decode(errors='backslashreplace'))}"
        ) from None
    return from_text(text, ready=ready)


def from_text(text: str, *, ready: bool = False) -> Found:
    """Return the jobs of a text: job IDs, one per line, or any JSON documents.

    Args:
        text: what standard input holds.
        ready: whether instances are waited for, so that an order stands for its instance.

    Raises:
        InputError: the text contains no job ID, or an invalid one.
    """
    if text.lstrip(WHITE)[:1] in {"{", "["}:
        return _from_documents(text, ready=ready)
    found: list[Named] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        stripped = line.strip(WHITE)
        if not stripped:
            continue
        if _is_prose(stripped):
            raise InputError(
                f"standard input, line {number} is neither a job ID nor JSON: pipe one job ID "
                f"per line, or a JSON reply; {_printed(' '.join(lines[number - 1 :][:_SHOWN]))}"
            )
        with _at(f"line {number}"):
            found += job_checks.parse(stripped)
    if not found:
        raise InputError("no job ID on standard input: did the command before the pipe fail?")
    return Found(found, [])


def _from_documents(text: str, *, ready: bool) -> Found:
    from ddswait.cli import json_jobs  # late: lines of job IDs need none of it

    jobs: list[Named] = []
    refused: list[str] = []
    try:
        for number, document in enumerate(json_jobs.documents(text), 1):
            with _at(f"JSON document {number}"):
                jobs.extend(json_jobs.jobs_of(document, ready=ready))
            refused.extend(json_jobs.problems_of(document))
    except json_jobs.NotJsonError as error:
        raise InputError(f"standard input is {error}; {_printed(text[error.place :])}") from None
    if not jobs:
        reason = f"; the reply says {refused[0]}" if refused else _no_job(text)
        raise InputError(f"no job_id in the JSON on standard input{reason}")
    not_started = [f"not started, so ddswait does not wait for it: {each}" for each in refused]
    return Found(jobs, not_started, is_chosen=False)


def _is_prose(line: str) -> bool:
    """Whether a line has words, as the message of a command that failed does."""
    parts = [part.partition("=")[2] or part for part in line.split(",")]
    return is_complaint(line) or any(len(part.split()) > 1 for part in parts)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Let an error say where on standard input the text stands."""
    try:
        yield
    except InputError as error:
        raise InputError(f"standard input, {place}: {error}") from None


def _no_job(text: str) -> str:
    return (
        ': the reply to an operation that starts a job looks like {"job_id": "..."}, so check that '
        f"the operation was accepted; {_printed(text)}"
    )


def _printed(text: str) -> str:
    """Quote standard input, which may say why the command before the pipe failed."""
    words = " ".join(text[: 4 * _SHOWN].split())
    return f"the command before the pipe printed: {safe(words, _SHOWN)}"
