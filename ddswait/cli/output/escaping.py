"""Makes a server's text harmless wherever it is printed or written.

A text is cut before it is escaped: escaping a megabyte only to cut it takes seconds.
"""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~&@:-])")


def safe(text: str, most: int | None = None) -> str:
    """Return a server's text as one line that controls neither a terminal nor a CI runner.

    Control characters are escaped, and so is what a GitHub runner would take for a command: `##[`
    anywhere in a line and `::` at its beginning.

    Args:
        text: what the server sent.
        most: characters of it to keep; None for all.
    """
    if most is not None:
        text = cut(text, most)
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
        )
    if text.lstrip().startswith("::"):
        text = text.replace(":", "\\x3a", 1)
    return text.replace("##[", "#\\x23[") if "##[" in text else text


def safe_json(document: str) -> str:
    """Return a JSON document that says the same and holds nothing that a GitHub runner obeys."""
    return document.replace("##[", "##\\u005b")


def safe_html(text: str, most: int | None = None) -> str:
    """Return a server's text as the text of an HTML page; see `safe`."""
    from html import escape  # late: only --report needs it

    return escape(safe(text, most))


def safe_markdown(text: str, most: int | None = None) -> str:
    """Return a server's text as the text of a cell of a Markdown table; see `safe`."""
    escaped = _MARKDOWN.sub(r"\\\1", safe(text, most))
    return escaped.replace("\\<", "&lt;").replace("\\>", "&gt;")


def cut(text: str, most: int) -> str:
    """Return a text cut to at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
