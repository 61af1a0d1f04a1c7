"""A server's text is harmless wherever it is printed or written."""

import json
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.cli.escaping import cut, safe, safe_html, safe_json, safe_markdown

COMMANDS = re.compile(
    r"##[\w.-]*\[|(?:^|\s)::|section_(?:start|end):\d|^\s*(?:---|\+\+\+|~~~|\^\^\^)"
)

TEXTS = (
    st.lists(
        st.sampled_from(
            ["##vso[", "##", "[", "#", "::", " ", "section_start:", "1", "---", "+", "~"]
        )
    ).map("".join)
    | st.text(st.sampled_from("ab \x1b\n\r\t\u2028\u202e\x00:#[<>&|`*\\\u65e5"))
    | st.text()
)


@given(TEXTS)
def test_text_is_one_line_that_controls_nothing(text: str) -> None:
    """No control character is left, and nothing that the agent of a CI system obeys."""
    shown = safe(text)
    assert shown.isprintable()
    assert not COMMANDS.search(shown)
    assert safe(shown) == shown


@pytest.mark.parametrize(
    "text", ["", "Running", "caf\u00e9 \u65e5\u672c", "a::b #[x] 40 %", "# ## a --- b++", "--x"]
)
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
        ("x ##vso[task.setvariable]y", "x #\\x23vso[task.setvariable]y"),
        ("##teamcity[buildStop]", "#\\x23teamcity[buildStop]"),
        ("a ::error::x", "a \\x3a:error::x"),
        ("\x1b[0Ksection_start:15:a\r\x1b[0K", "\\x1b[0Ksection_start\\x3a15:a\\r\\x1b[0K"),
        ("--- group", "\\x2d-- group"),
        ("+++ group", "\\x2b++ group"),
        ("~~~ group", "\\x7e~~ group"),
        ("^^^ +++", "\\x5e^^ +++"),
        ("\x1b[8mha:AAAA\x1b[0m", "\\x1b[8mha:AAAA\\x1b[0m"),
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
    hostile = f"##[{text}##vso[x section_end:7:"
    document = safe_json(json.dumps({"text": hostile}))
    assert not re.search(r"##[\w.-]*\[|section_(?:start|end):\d", document)
    assert json.loads(document) == {"text": hostile}
