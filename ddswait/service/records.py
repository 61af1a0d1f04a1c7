"""Reads records of replies, whose fields may have any type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def own_record(records: Iterable[object], wanted: str) -> Mapping[str, Any] | None:
    """Return the record with the ID that was asked for, or None if no record has it.

    A reply may list others as well, and before it.
    """
    rows = (each for each in records if isinstance(each, dict))
    return next((each for each in rows if is_same_id(each.get("id"), wanted)), None)


def is_same_id(found: object, wanted: str) -> bool:
    """Whether a record has the ID that was asked for; its case and blanks do not matter."""
    return isinstance(found, str) and found.strip().casefold() == wanted.casefold()


def first(record: Mapping[str, Any], names: tuple[str, ...]) -> object:
    """Return the first value that is set among some fields, or None if all are empty."""
    for name in names:
        if value := record.get(name):
            return value
    return None


def text(value: object) -> str:
    """Return a text; "" for anything else."""
    return value if isinstance(value, str) else ""


def percent(value: object) -> int | None:
    """Return a percentage such as `60%`, `60 % ` or `60`; None when it is unreadable."""
    if not isinstance(value, str) or not value:
        return None
    digits = value.strip().removesuffix("%").rstrip()
    # isdecimal alone accepts other scripts' digits; the length keeps int() from long work.
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else None  # noqa: PLR2004
