"""Checks of the arguments that a caller gives."""

from __future__ import annotations

from contextlib import suppress
from inspect import iscoroutinefunction
from math import isfinite

from ddswait.errors import InputError


def seconds(name: str, value: float) -> float:
    """Return a number of seconds as it is given.

    Raises:
        InputError: it is not positive and finite.
    """
    with suppress(TypeError, OverflowError):  # text, or more than a float can hold
        if isfinite(value) and value > 0:
            return float(value)
    raise InputError(f"invalid {name} {value!r}: give seconds, more than 0 and finite")


def check_call(name: str, call: object) -> None:
    """Check a hook of the caller.

    Raises:
        InputError: it cannot be called, and is not None.
    """
    if call is not None and not callable(call):
        raise InputError(f"invalid {name} {call!r}: give a function")


def check_hook(name: str, hook: object) -> None:
    """Check a hook whose result nobody awaits; see check_call()."""
    check_call(name, hook)
    if iscoroutinefunction(hook):
        raise InputError(
            f"invalid {name} {hook!r}: give a plain function; a task that it creates may await"
        )
