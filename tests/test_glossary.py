"""The glossary of CONTRIBUTING.md: no retired word stands for one of our terms.

The text is searched as people read it: names are split into words (`next_look`, `LastLook`), and
lines are joined, so that a phrase may cross their ends.
"""

import re
from bisect import bisect
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

RETIRED = {
    # our terms of the past; each pattern matches whole words, whatever their case
    "agenda": r"agendas?",
    "almanac": r"almanacs?",
    "answer": r"(?:an|the|one|no|each|every|its|first|last|good) answers?",
    "ask about": r"ask(?:s|ed|ing)? (?:\w+ )?about",
    "blind": r"blind(?:ness)?",
    "budget": r"budgets?",
    "carrier": r"carriers?",
    "glance": r"glanc(?:e|es|ed|ing)",
    "leasing": r"leas(?:ing|e-ing)",
    "ledger": r"ledgers?",
    "listing": r"listings?",
    # "look up", "look like" and "look for" are plain English.
    "look": r"look(?:s|ed|ing)?(?! (?:up|like|for)\b|-)",
    "mend": r"mend(?:s|ed|ing)?",
    "messenger": r"messengers?",
    # A file has an owner too.
    "owner": r"(?<!by its )owners?",
    "pace": r"pac(?:e|es|ed|ing)",
    # asyncio's transports pause reading and writing.
    "pause": r"pauses?(?! (?:reading|writing)\b)",
    "question": r"questions?",
    "readiness": r"readiness",
    "roster": r"rosters?",
    "sweep": r"sweep(?:s|ing)?",
    "timetable": r"timetables?",
    "watch": r"watch(?:es|ed|ing|er|ers)?",
    "weather": r"weather",
    # turns of phrase that are not plain English
    # `is None` is Python.
    "is none": r"(?<!there )(?:is|are|was) (?-i:none)",
    "is no X": r"(?<!there )(?:is|are|was) no (?!longer\b|more\b|less\b)\w+",
    "tell of": r"tell(?:s|ing)? of|told of",
}
PATTERNS = {
    word: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for word, pattern in RETIRED.items()
}


class Text:
    """A file as people read it, which still knows its line numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.starts: list[int] = []
        parts: list[str] = []
        length = 0
        for line in path.read_text().splitlines():
            part = as_words(self._without_old_names(line))
            self.starts.append(length)
            parts.append(part)
            length += len(part)
        self.text = "".join(parts)

    def _without_old_names(self, line: str) -> str:
        # The changelog lists what was renamed: old name, new name.
        return re.sub(r"^\| [^|]+ \|", "|", line) if self.path.name == "CHANGELOG.md" else line

    def offenders(self, pattern: re.Pattern[str]) -> list[str]:
        place = self.path.relative_to(ROOT)
        return [
            f"{place}:{bisect(self.starts, match.start())}: {self._around(match)}"
            for match in pattern.finditer(self.text)
        ]

    def _around(self, match: re.Match[str]) -> str:
        before = self.text[max(0, match.start() - 30) : match.start()]
        after = self.text[match.end() : match.end() + 30]
        return f"{before}[{match.group()}]{after}".strip()


def as_words(line: str) -> str:
    stripped = line.strip().lstrip("#>").replace("_", " ").strip()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stripped) + " "


PACKAGE = [
    Text(path) for path in sorted((ROOT / "ddswait").rglob("*.*")) if path.suffix in {".py", ".css"}
]
PAGES = [
    Text(path)
    for path in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]
]


def offenders(word: str, texts: list[Text]) -> str:
    """Return the places that use a word, one a line."""
    return "\n".join(line for text in texts for line in text.offenders(PATTERNS[word]))


@pytest.mark.parametrize("word", RETIRED)
def test_code_does_not_use_a_retired_word(word: str) -> None:
    """No name, comment, docstring or message of the package uses the word."""
    if found := offenders(word, PACKAGE):
        pytest.fail(f"{len(found.splitlines())} places use {word!r}:\n{found}", pytrace=False)


@pytest.mark.parametrize("word", RETIRED)
def test_pages_do_not_use_a_retired_word(word: str) -> None:
    """No page for users uses the word."""
    if found := offenders(word, PAGES):
        pytest.fail(f"{len(found.splitlines())} places use {word!r}:\n{found}", pytrace=False)


def test_every_word_that_the_glossary_retires_is_searched_for() -> None:
    """Each word in the column "not" of CONTRIBUTING.md is found by one of the patterns."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE)
    words = {word for row in rows[1:] for word in row.split(", ") if row.strip("-")}
    assert len(words) > 20
    missing = {
        word
        for word in words
        if not any(pattern.search(f"an {word} ") for pattern in PATTERNS.values())
    }
    assert missing == set()


@pytest.mark.parametrize(
    "line",
    [
        "names are looked up",
        "it looks like JSON",
        "there is no file",
        "None if there is none",
        "if error is None",
        "a file that is readable by its owner only",
        "the job is no longer known",
        "transport.pause_reading()",
        "recommend, amend, stopwatch, space, default",
        "the replies that the user asked for",
    ],
)
def test_plain_english_is_allowed(line: str) -> None:
    """Words that only resemble a retired one are not reported."""
    assert not any(pattern.search(as_words(line)) for pattern in PATTERNS.values())


@pytest.mark.parametrize("line", ["next_look", "LastLook", "# looks at", "the PAUSE", "is no URL"])
def test_a_retired_word_is_found_in_names_and_comments(line: str) -> None:
    """Names, comments and capitals hide no word."""
    assert any(pattern.search(as_words(line)) for pattern in PATTERNS.values())
