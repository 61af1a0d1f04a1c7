"""Checks what was sent to the control API against the types of a function's arguments."""

from __future__ import annotations

import json
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def check_fields(document: Mapping[str, Any], target: object, *, apart_from: str = "") -> None:
    """Check that each field of a document is an argument of a function, and of its type.

    Args:
        document: what was sent.
        target: the function, or the class of a record.
        apart_from: the name of an argument that nobody sends.

    Raises:
        ValueError: a field is unknown, or its value has another type; the message quotes it and
            says what can be used.
    """
    hints = get_type_hints(target)
    for name in ("return", apart_from):
        hints.pop(name, None)
    for name, value in document.items():
        if name not in hints:
            raise ValueError(f"unknown field {name!r}: use {', '.join(hints)}")
        choices = list(_choices(hints[name]))
        if not any(_fits(value, each) for each in choices):
            words = " or ".join(_WORDS.get(each) or json.dumps(each) for each in choices)
            raise ValueError(f"{name}: invalid value {value!r}: use {words}")


def _choices(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever stands in an annotation
    """Yield the types, and the values of a Literal, that an annotation permits."""
    if get_origin(hint) in {UnionType, Union}:
        for each in get_args(hint):
            yield from _choices(each)
    elif get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        yield None if hint is NoneType else hint


def _fits(value: object, choice: object) -> bool:
    if not isinstance(choice, type):
        return type(value) is type(choice) and value == choice
    if choice is float:
        return type(value) in {int, float}
    return type(value) is choice
