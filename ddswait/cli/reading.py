"""Reads job IDs: from arguments, lines, and the replies that started the jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from ddswait.errors import InputError
from ddswait.job_id import check_job_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WHITE = " \t\r\n"
_SHOWN = 200


class Found(NamedTuple):
    """What a text holds: job IDs, and operations that were refused instead of started."""

    job_ids: list[str]
    not_started: list[str]


def job_ids(arguments: Sequence[str], stdin: TextIO, stderr: TextIO) -> list[str]:
    """Return the job IDs to wait for, each once, in their first order.

    Args:
        arguments: job IDs; `-` stands for what standard input holds.
        stdin: is read only for a `-`.
        stderr: hears of operations that were not started, and when a person is asked to type.

    Raises:
        InputError: there is none, or one cannot be one; the message names it.
    """
    ids: list[str] = []
    for argument in dict.fromkeys(arguments):
        if argument != "-":
            ids.append(check_job_id(argument))
            continue
        if stdin.isatty():
            stderr.write("reading job IDs from standard input, one per line; end with Ctrl-D\n")
        found = from_text(_decode(stdin.buffer.read()))
        ids.extend(found.job_ids)
        stderr.writelines(f"ddswait: warning: {refused}\n" for refused in found.not_started)
    if not ids:
        raise InputError("no job ID: give the job_id of a reply as an argument, or '-' and a pipe")
    return list(dict.fromkeys(ids))


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"standard input is no UTF-8 text (byte {error.start}): "
            "pipe job IDs, or the JSON reply that holds them"
        ) from None


def from_text(text: str) -> Found:
    """Read job IDs, one per line, or any JSON documents.

    Raises:
        InputError: the text holds no job ID, or one that cannot be one.
    """
    if text.lstrip(_WHITE)[:1] in {"{", "["}:
        return _from_documents(text)
    ids = []
    for number, line in enumerate(text.splitlines(), 1):
        # A query for one field prints a JSON string: "c010abd0-..."
        stripped = line.strip(_WHITE)
        quoted = len(stripped) > 1 and stripped[0] == stripped[-1] == '"'
        job_id = stripped[1:-1] if quoted else stripped
        if job_id or quoted:
            ids.append(_checked(job_id, f"line {number}"))
    if not ids:
        raise InputError("no job ID on standard input: did the command before the pipe fail?")
    return Found(ids, [])


def _checked(job_id: str, place: str) -> str:
    try:
        return check_job_id(job_id)
    except InputError as error:
        raise InputError(f"standard input, {place}: {error}") from None


def _from_documents(text: str) -> Found:
    ids: list[str] = []
    refused: list[str] = []
    said: list[str] = []
    for number, document in enumerate(_documents(text), 1):
        found = [
            _checked(entry["job_id"], f"JSON document {number}")
            for entry in _entries(document)
            if isinstance(entry.get("job_id"), str)
        ]
        if not found:
            _check_order(document, number)
        ids.extend(found)
        for entry in _entries(document):
            if "error_code" in entry and "job_id" not in entry:
                told = _told(entry)
                refused.append(f"not started, so not waited for: {told}")
                said.append(told)
    if not ids:
        reason = f"; the reply says {said[0]}" if said else ""
        raise InputError(f"no job_id in the JSON on standard input{reason}")
    return Found(ids, refused)


def _check_order(document: object, number: int) -> None:
    for entry in _entries(document):
        if "order_id" in entry:
            raise InputError(
                f"standard input, JSON document {number}: order_id "
                f"{_short(entry['order_id'])} without a job_id: a yearly/monthly order starts "
                "no job to wait for"
            )


def _told(entry: dict[str, Any]) -> str:
    instance = f"instance {_short(entry['instance_id'])}: " if "instance_id" in entry else ""
    message = entry.get("error_message") or entry.get("error_msg") or ""
    return f"{instance}{_short(entry['error_code'])} {_short(message)}".rstrip()


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _documents(text: str) -> Iterator[object]:
    decoder = json.JSONDecoder()
    place, end = 0, len(text)
    while place < end:
        if text[place] in _WHITE:
            place += 1
            continue
        try:
            document, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise InputError(
                f"standard input is no sound JSON: {error.msg} at line {error.lineno}, "
                f"column {error.colno}"
            ) from None
        except (RecursionError, ValueError):
            raise InputError("standard input holds JSON that is nested too deeply") from None
        yield document


def _entries(document: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a document, in its order, however deep."""
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))
