"""docs/: the pages about credentials, pipelines, polling and troubleshooting are true."""

import json
import re
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import ddswait
from ddswait import failure_kinds
from ddswait.cli.output.live_rows import COLUMNS
from ddswait.cli.output.text import problem_text
from ddswait.outcome import OutcomeKind, facts_of
from tests.cloud_process import TOKEN, Cloud
from tests.end_to_end.pages import ROOT, blocks, run_shell

PICTURES = ROOT / "docs" / "pictures"
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "ddswait").rglob("*.py")))


def test_readme_is_short() -> None:
    """One reads it in five minutes."""
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def test_readme_leads_to_every_page() -> None:
    """No page of `docs/` is found only by its name."""
    readme = (ROOT / "README.md").read_text()
    pages = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert [page for page in pages if not re.search(rf"\]\(docs/{page}[)#]", readme)] == []


@pytest.mark.parametrize("name", ["live-view.svg", "report.png"])
def test_picture_is_small_and_shown(name: str) -> None:
    """The README shows each picture, which is below 100 KB and holds no token."""
    data = (PICTURES / name).read_bytes()
    assert 1000 < len(data) < 100_000
    assert f"](docs/pictures/{name})" in (ROOT / "README.md").read_text()
    assert TOKEN.encode() not in data


def test_picture_of_the_live_view_shows_what_it_shows_now() -> None:
    """The titles of the columns are those of the code, and the picture loads nothing."""
    picture = (PICTURES / "live-view.svg").read_text()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    words = " ".join(texts).replace("&#160;", " ")
    titles = next(line for line in texts if line.startswith("job&#160;"))
    shown = re.split(r" {2,}", titles.replace("&#160;", " ").strip())
    known = [column.title for column in COLUMNS]
    assert [title for title in known if title in shown] == shown
    assert {"job", "status", "left"} <= set(shown)
    for part in ("of 5 jobs ended", "failed after", "completed", "elapsed", "left"):
        assert part in words
    addresses = re.findall(r"https?://[^\"')]+", picture)
    assert set(addresses) == {"http://www.w3.org/2000/svg"}


def test_picture_of_the_report_is_a_picture() -> None:
    """A browser can show it, and it holds pixels only: no text, no name of a machine."""
    data = (PICTURES / "report.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    kinds, place = set(), 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kinds.add(data[place + 4 : place + 8])
        place += length + 12
    assert kinds <= {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"sRGB",
        b"gAMA",
        b"pHYs",
        b"sBIT",
        b"tRNS",
    }


def test_pictures_without_a_browser_say_what_they_need() -> None:
    """Nothing is run before the browser has been found."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.pictures"],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    needed = "chromium, chromium-browser or google-chrome"
    says = f"no browser draws the report: install {needed}, and try again\n"
    assert (done.returncode, done.stderr) == (1, says)


def test_check_of_the_credentials_page_runs(cloud: Cloud, tmp_path: Path) -> None:
    """The commands run; what is set already keeps its place."""
    export, check = blocks("docs/credentials.md", "sh")[0].splitlines()
    names = [word.partition("=")[0] for word in shlex.split(export)[1:]]
    assert names == ["HW_REGION_NAME", "HW_ACCESS_KEY", "HW_SECRET_KEY"]
    done = run_shell(check, cloud, tmp_path)
    assert done.returncode == 0, done.stderr


def test_policy_of_the_credentials_page_names_what_is_used() -> None:
    """The custom policy has the permissions of the service, which the table explains."""
    policy = json.loads(blocks("docs/credentials.md", "json")[0])
    (statement,) = policy["Statement"]
    page = (ROOT / "docs" / "credentials.md").read_text()
    used = set(re.findall(r"dds:\w+:\w+", SOURCES))
    assert len(used) == 3
    assert (
        set(statement["Action"])
        == used
        == set(re.findall(r"^\| `(dds:[\w:]+)`", page, re.MULTILINE))
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_commands_of_the_pipelines_page_run(number: int, cloud: Cloud, tmp_path: Path) -> None:
    """Each step waits for the job of the reply."""
    reply = {"id": "a" * 32 + "in02", "job_id": cloud.job()}
    (tmp_path / "reply.json").write_text(json.dumps(reply))
    done = run_shell(f"set -e\n{blocks('docs/pipelines.md', 'sh')[number]}", cloud, tmp_path)
    assert done.returncode == 0, done.stderr
    if number == 1:
        assert "the database is ready" in done.stdout
    if number == 2:
        assert json.loads((tmp_path / "result.json").read_text())["exit_code"] == 0


@pytest.mark.parametrize(("code", "ends_with"), [(0, 0), (1, 1), (5, 0), (6, 6), (124, 0)])
def test_script_of_the_pipelines_page_decides_by_the_exit_code(
    code: int, ends_with: int, cloud: Cloud, tmp_path: Path
) -> None:
    """A failed job fails the step with its code; what may still be running is said."""
    command = tmp_path / "ddswait"
    command.write_text(f"#!/bin/sh\nexit {code}\n")
    command.chmod(0o755)
    (tmp_path / "reply.json").write_text("{}")
    script = blocks("docs/pipelines.md", "sh")[1]
    done = run_shell(f"set -e; PATH=.:$PATH\n{script}", cloud, tmp_path)
    assert done.returncode == ends_with
    assert ("run this step again" in done.stdout) is (code in {5, 124})


def test_pipelines_page_lists_every_example() -> None:
    """Each file of `examples/` that a pipeline runs is in the table."""
    page = (ROOT / "docs" / "pipelines.md").read_text()
    programs, made = {".py", ".json"}, {".terraform", "__pycache__"}
    files = [path for path in (ROOT / "examples").rglob("*") if path.is_file()]
    names = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.suffix not in programs and made.isdisjoint(path.parts)
    ]
    assert len(names) == 7
    assert [name for name in names if f"(../{name})" not in page] == []


def test_benchmark_of_the_polling_page_is_understood() -> None:
    """The module exists, and knows the option."""
    (words,) = [shlex.split(block) for block in blocks("docs/polling.md", "sh")]
    done = subprocess.run(
        [sys.executable, *words[1:], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert words[-1] in done.stdout


def test_troubleshooting_lists_every_exit_code_with_its_exceptions() -> None:
    """As the outcomes have them, and as the README lists them."""
    section = TROUBLESHOOTING.split("## By exit code")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d[\d, ]*) \| ([^|]*)\|", section, re.MULTILINE)
    stated = {codes: set(re.findall(r"`(\w+)`", errors)) for codes, errors in rows}
    expected: dict[str, set[str]] = {}
    for kind in set(OutcomeKind) - {OutcomeKind.PENDING, OutcomeKind.COMPLETED}:
        facts = facts_of(kind)
        expected.setdefault(str(facts.exit_code), set()).add(facts.error.__name__)
    assert {code: errors for code, errors in stated.items() if code in expected} == expected
    readme = (ROOT / "README.md").read_text()
    assert list(stated) == re.findall(r"^\| (\d[\d, ]*) \| [^|]*\|$", readme, re.MULTILINE)
    assert all(hasattr(ddswait, error) for errors in stated.values() for error in errors)


def test_troubleshooting_quotes_messages_as_they_are() -> None:
    """Each message of the table is one that ddswait prints."""
    section = TROUBLESHOOTING.split("## By message")[1].split("\n## ")[0]
    messages = re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)
    assert len(messages) > 10
    code = re.sub(r'"\s*\n\s*f?"', "", SOURCES)
    kinds = {text for name, text in vars(failure_kinds).items() if name.isupper()}
    failures = {problem_text(kind) for kind in kinds | {"HTTP 502"}}
    assert [each for each in messages if each not in failures and each not in code] == []
