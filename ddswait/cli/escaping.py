"""Makes a server's text harmless wherever it is printed or written.

A text is cut before it is escaped: escaping a megabyte only to cut it takes seconds.
"""

from __future__ import annotations

import re

# Azure Pipelines and old GitHub runners (`##vso[`, `##[`) and TeamCity (`##teamcity[`) search for
# these anywhere in a line, GitLab for its sections. GitHub trims a line before it looks for `::`,
# and a long line may be wrapped before any word. Buildkite reads the beginning of a line.
# What Jenkins obeys contains control characters.
_ANYWHERE = r"##(?=[\w.-]*\s*\[)"
_SECTION = r"(section_(?:start|end)):(?=\d)"
_WORD = r"(^|\s)::"
_BEGINNING = r"^(\s*)([-+~^])(?=\2\2)"
_TRIGGERS = ("##", "::", "section_", "---", "+++", "~~~", "^^^")

_MARKDOWN = r"([\\`*_{}\[\]()#+.!|<>~&@:-])"


def safe(text: str, most: int | None = None) -> str:
    """Return a server's text as one line that controls neither a terminal nor a CI runner.

    Control characters are escaped, and so is what the agent of a CI system would take for a
    command: Azure Pipelines, TeamCity, GitHub, GitLab, Buildkite and Jenkins.

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
    return _without_commands(text) if any(each in text for each in _TRIGGERS) else text


def _without_commands(text: str) -> str:
    text = re.sub(_ANYWHERE, r"#\\x23", text)
    text = re.sub(_SECTION, r"\1\\x3a", text)
    text = re.sub(_WORD, r"\1\\x3a:", text)
    return re.sub(_BEGINNING, lambda match: f"{match[1]}\\x{ord(match[2]):x}", text)


def safe_json(document: str) -> str:
    """Return a JSON document that says the same and holds nothing that a CI system obeys."""
    if "##" in document:  # only a string can contain it
        document = re.sub(_ANYWHERE, r"#\\u0023", document)
    return re.sub(_SECTION, r"\1\\u003a", document) if "section_" in document else document


def safe_html(text: str, most: int | None = None) -> str:
    """Return a server's text as the text of an HTML page; see `safe`."""
    from html import escape  # late: only --report needs it

    return escape(safe(text, most))


def safe_markdown(text: str, most: int | None = None) -> str:
    """Return a server's text as the text of a cell of a Markdown table; see `safe`."""
    escaped = re.sub(_MARKDOWN, r"\\\1", safe(text, most))
    return escaped.replace("\\<", "&lt;").replace("\\>", "&gt;")


def cut(text: str, most: int) -> str:
    """Return a text cut to at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
