"""docs/architecture.md: what it says about the code holds; import-linter checks the imports."""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ddswait"
FILES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LONGEST = 300

# The words of DDS: status words, error codes, paths, tasks.
SERVICE_WORDS = re.compile(r'"(Completed|Failed|Running)"|DBS\.|/v3|createfail')
ROOMS_WITH_SERVICE_WORDS = ("ddswait/service/", "ddswait/simulator/")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_only_the_service_and_the_simulator_use_the_words_of_a_service() -> None:
    """Another service is another file in `service/`, so no other room knows the words of one."""
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in FILES
        if not name_of(path).startswith(ROOMS_WITH_SERVICE_WORDS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SERVICE_WORDS.search(line)
    ]
    assert not found, "\n".join(found)


def test_words_of_the_service_are_found_where_they_belong() -> None:
    """The search finds the words at all: in both rooms that may use them."""
    for room in ROOMS_WITH_SERVICE_WORDS:
        text = "".join(path.read_text() for path in (ROOT / room).rglob("*.py"))
        assert SERVICE_WORDS.search(text)


def test_no_file_is_long() -> None:
    """A file has one subject, and 300 lines at most."""
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_architecture_page_lists_every_file() -> None:
    """The tables of the page list every file of the package, and no other."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    listed = {
        room + name
        for room, table in re.findall(
            r"^### `(ddswait/[\w/]*)`\n(.*?)(?=^### |\Z)", page, re.DOTALL | re.MULTILINE
        )
        for name in re.findall(r"^\| `(\w+\.py)` \|", table, re.MULTILINE)
    }
    actual = {name_of(path) for path in FILES}
    assert (sorted(listed - actual), sorted(actual - listed)) == ([], [])


def test_import_rules_of_the_page_are_those_that_are_checked() -> None:
    """The layers in the page are the layers in pyproject.toml."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    assert f"`{' > '.join(contracts[0]['layers'])}`" in page


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    """Each link of a page is relative, and leads to a file and, if it names one, a heading."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        name, _, heading = target.partition("#")
        assert not urlsplit(target).scheme, f"{target} is not relative"
        file = (page.parent / name).resolve() if name else page
        assert file.is_relative_to(ROOT), target
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """Each path in code spans exists: nobody is sent to a file that was renamed."""
    named = re.findall(r"`((?:ddswait|tests|docs|examples)/[\w/.-]+)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_only_pyproject_defines_addresses_of_the_project() -> None:
    """The owner replaces the addresses in one file."""
    text = (ROOT / "pyproject.toml").read_text()
    hosts = {urlsplit(url).hostname for url in tomllib.loads(text)["project"]["urls"].values()}
    (host,) = hosts
    assert host is not None
    tracked = subprocess.run(
        ["git", "grep", "-lF", host], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode > 1:
        pytest.skip("this is not a git checkout")
    assert set(tracked.stdout.split()) <= {"pyproject.toml"}
