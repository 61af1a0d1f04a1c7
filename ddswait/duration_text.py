"""Durations as text: one parser and one formatter, side by side.

Every text that `duration` and `exact` return is one that `parse` accepts.
"""

from __future__ import annotations

import re

from ddswait.errors import InputError

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_UNITS = {"d": _DAY, "h": _HOUR, "m": _MINUTE, "s": 1}
_LONGEST = 36_500 * _DAY  # a century: clocks and calendars end soon after
_NUMBER = r"\d{1,12}(?:\.\d{1,9})?"
# A number of seconds, or numbers with their units, the largest unit first and each at most once.
_PATTERN = "|".join((_NUMBER, "".join(rf"(?:({_NUMBER}){unit})?" for unit in _UNITS)))


def parse(text: str) -> float:
    """Return a duration in seconds: `90`, `90s`, `10m`, `1h30m`, `1.5h`, `1d` or `1d2h`.

    Raises:
        InputError: the text is not a duration, or it is longer than a century.
    """
    stripped = text.strip()
    found = re.fullmatch(_PATTERN, stripped) if stripped and text.isascii() else None
    if found is None:
        raise InputError(f"invalid duration {text!a}: use 90, 90s, 10m, 1h30m or 1d")
    numbers = zip(found.groups(default="0"), _UNITS.values(), strict=True)
    seconds = sum(float(number) * unit for number, unit in numbers)
    if not any(found.groups()):
        seconds = float(stripped)
    if seconds > _LONGEST:
        raise InputError(f"invalid duration {text!a}: use at most a century, 36500d")
    return seconds


def parse_positive(text: str) -> float:
    """Return a duration of more than 0 seconds.

    Raises:
        InputError: the text is not a duration, or it is 0.
    """
    seconds = parse(text)
    if seconds <= 0:
        raise InputError(f"invalid duration {text!a}: use more than 0, such as 90s, 10m or 1h30m")
    return seconds


def duration(seconds: float) -> str:
    """Return a duration rounded for people: `7s`, `3m05s`, `1h02m`."""
    whole = int(seconds + 0.5)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"


def exact(seconds: float) -> str:
    """Return a duration to the microsecond, to be read again: `0.2s`, `30m`, `1h30m`, `1d`."""
    rest = round(seconds, 6)
    text = ""
    for unit, size in _UNITS.items():
        number, rest = divmod(rest, size) if unit != "s" else (rest, 0.0)
        if number:
            text += f"{number:.6f}".rstrip("0").rstrip(".") + unit
    return text or "0s"
