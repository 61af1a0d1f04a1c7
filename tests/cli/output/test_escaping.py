"""A server's text is harmless wherever it is printed or written."""

import json
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.cli.output.escaping import cut, safe, safe_html, safe_json, safe_markdown

TEXTS = st.text(st.sampled_from("ab \x1b\n\r\t\u2028\u202e\x00:#[<>&|`*\\\u65e5")) | st.text()


@given(TEXTS)
def test_text_is_one_line_that_controls_nothing(text: str) -> None:
    """No control character is left, and nothing that a GitHub runner obeys."""
    shown = safe(text)
    assert shown.isprintable()
    assert "##[" not in shown
    assert not re.match(r"\s*::", shown)


@pytest.mark.parametrize("text", ["", "Running", "caf\u00e9 \u65e5\u672c", "a::b #[x] 40 %"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Nothing is escaped without need."""
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\n", "\\x1b[31mred\\n"),
        ("::error::x", "\\x3a:error::x"),
        (" ::error", " \\x3a:error"),
        ("a ##[error]b", "a #\\x23[error]b"),
        ("\u202etxt", "\\u202etxt"),
    ],
)
def test_what_is_escaped_stays_readable(text: str, shown: str) -> None:
    """The escapes are those of Python."""
    assert safe(text) == shown


def test_a_long_text_is_cut_before_it_is_escaped() -> None:
    """The limit counts the server's characters, and no escape is cut in two."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abc..."
    assert safe("\x1b" * 100, 5) == "\\x1b\\x1b..."
    assert safe_html("<" * 100, 5) == "&lt;&lt;..."
    assert safe_markdown("*" * 100, 5) == "\\*\\*\\.\\.\\."


@given(TEXTS)
def test_html_and_json_come_back_as_they_were(text: str) -> None:
    """A browser shows the text itself; a JSON parser reads the document itself."""
    assert "<" not in safe_html(text)
    assert unescape(safe_html(text)) == safe(text)
    document = safe_json(json.dumps({"text": f"##[{text}##["}))
    assert "##[" not in document
    assert json.loads(document) == {"text": f"##[{text}##["}
