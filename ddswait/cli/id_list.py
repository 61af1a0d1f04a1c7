"""Job IDs as other programs print them: in quotes, or several joined by commas."""

from __future__ import annotations

from ddswait.cli.escaping import cut
from ddswait.errors import InputError

WHITE = " \t\r\n\ufeff"
"""What stands between two job IDs or two JSON documents.

Some programs put a byte order mark before each text.
"""

_SHOWN = 200  # characters of a list
_QUOTES = ('""', "''", "``", "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}")


def split(text: str) -> list[str]:
    """Return the parts of a list that is joined by commas, without the quotes around them.

    Raises:
        InputError: a part of a list is empty, as where a variable without its value stood.
    """
    parts = [unquoted(part) for part in unquoted(text).split(",")]
    if len(parts) > 1 and not all(parts):
        raise InputError(
            f"the list {cut(ascii(text), _SHOWN)} lacks a job ID beside a comma: give every job "
            "ID, and no comma before the first or after the last one"
        )
    return parts


def unquoted(text: str) -> str:
    """Return a text without white space and one pair of quotes around it.

    A query for one field, such as `jq .job_id`, prints a JSON string.
    """
    stripped = text.strip(WHITE)
    is_quoted = len(stripped) > 1 and stripped[0] + stripped[-1] in _QUOTES
    # In '"a","b"' the first and the last quote are not a pair.
    if is_quoted and not set(stripped[0] + stripped[-1]) & set(stripped[1:-1]):
        return stripped[1:-1].strip(WHITE)
    return stripped
