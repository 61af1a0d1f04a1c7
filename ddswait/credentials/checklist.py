"""What a configuration consists of, one item for each part: found, or missing and what to do.

The error about an incomplete configuration and `ddswait --check` show the same items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from ddswait.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDTH = 78  # characters of a line; a narrow terminal has 80
_NAME = 11  # characters of the longest name
_STATE = 7  # characters of the longest state
_NEXT = "next: "

ItemState = Literal["ok", "missing", "warning", "failed"]


class CheckItem(NamedTuple):
    """One part of a configuration.

    Attributes:
        name: such as `endpoint`.
        state: whether it is there and works.
        text: what is used, or where it was searched for, or what is wrong.
        next_step: the one thing that most users do next; "" if there is nothing to do.
    """

    name: str
    state: ItemState
    text: str
    next_step: str = ""

    def lines(self) -> list[str]:
        """Return the item in lines for people; what is used stays in one line."""
        head = f"{self.state:<{_STATE}}  {self.name:<{_NAME}}  "
        if not self.next_step:
            return [f"{head}{self.text}"]
        indent = " " * len(head)
        next_step = _wrapped(self.next_step, f"{indent}{_NEXT}", indent)
        return [*_wrapped(self.text, head, indent), *next_step]


class IncompleteConfiguration(ConfigurationError):  # noqa: N818 - says what is wrong with it
    """Settings are missing; the message lists all parts of the configuration, one a line.

    Args:
        items: the parts, found and missing ones.
    """

    def __init__(self, items: Sequence[CheckItem]) -> None:
        super().__init__("\n".join(["the configuration is incomplete", *lines(items)]))
        self.items = tuple(items)

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[CheckItem, ...]]]:
        return type(self), (self.items,)


def lines(items: Iterable[CheckItem]) -> list[str]:
    """Return items in lines for people."""
    return [line for item in items for line in item.lines()]


def _wrapped(text: str, head: str, indent: str) -> list[str]:
    from textwrap import wrap  # late: only what is wrong needs it

    return wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
