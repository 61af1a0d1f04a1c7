"""GitHub Actions: annotations and outputs by the runner's rules, the summary by markdown-it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.reports import github
from ddswait.outcome import Outcome, OutcomeKind, facts_of
from ddswait.service.dds import SERVICE
from tests.cli import in_process
from tests.cloud_process import Cloud, serving

HOSTILE = (
    "%0A::error::x\r\n::set-output name=a::b, c: d | `e` <b>f</b> [g](h) ![i](j) @k #1 **l** %"
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


class Command(NamedTuple):
    """A workflow command, as the runner takes it apart."""

    name: str
    title: str
    message: str


def read_commands(lines: list[str]) -> list[Command]:
    """Read lines as "Workflow commands for GitHub Actions" says that a runner does."""
    found = []
    for line in lines:
        if match := re.match(r"\s*::([a-z-]+)(?: ([^:]*))?::(.*)$", line, re.DOTALL):
            pairs = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if pair)
            title = unescaped(pairs.pop("title", "")).replace("%3A", ":").replace("%2C", ",")
            assert not pairs
            found.append(
                Command(match[1], title.replace("%25", "%"), unescaped(match[3], last=True))
            )
    return found


def unescaped(text: str, *, last: bool = False) -> str:
    text = text.replace("%0D", "\r").replace("%0A", "\n")
    return text.replace("%25", "%") if last else text


def read_outputs(text: str) -> dict[str, str]:
    """Read a file of outputs: NAME<<END, lines, END."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        assert end
        value = []
        for each in lines:
            if each == end:
                break
            value.append(each)
        else:
            raise AssertionError(f"{name} has no end")
        found[name] = "\n".join(value)
    return found


def table(kinds: list[OutcomeKind], reason: str = "why") -> JobTable:
    made = JobTable([Named(f"job-{number}", "") for number in range(len(kinds))], 0.0)
    # Read once: a reason may be long, and the jobs may be many.
    job = SERVICE.read_record({"id": "", "name": reason, "fail_reason": reason})
    for entry, kind in zip(list(made), kinds, strict=True):
        outcome = Outcome(entry.job_id, kind, replace(job, id=entry.job_id), reason)
        made.settle(outcome, 1.0)
    return made


@pytest.mark.parametrize(
    ("kind", "code", "level"),
    [
        (OutcomeKind.FAILED, 1, "error"),
        (OutcomeKind.REFUSED, 4, "error"),
        (OutcomeKind.NOT_FOUND, 3, "error"),
        (OutcomeKind.NOT_READY, 6, "warning"),
        (OutcomeKind.TIMED_OUT, 124, "warning"),
        (OutcomeKind.UNREACHABLE, 5, "warning"),
        (OutcomeKind.PENDING, 143, "warning"),
        (OutcomeKind.FAILED, 0, "warning"),
    ],
)
def test_level_of_each_outcome(kind: OutcomeKind, code: int, level: str) -> None:
    """A job that may still complete is a warning, and every job if the policy was met."""
    (command,) = read_commands(github.commands(table([kind]), code))
    assert command == Command(level, f"DDS job job-0: {facts_of(kind).label}", "why")
    assert github.commands(table([OutcomeKind.COMPLETED]), 0) == []


@pytest.mark.parametrize("count", [1, 10, 11, 500])
def test_ten_annotations_at_the_most(count: int) -> None:
    """The tenth stands for all the others."""
    commands = read_commands(github.commands(table([OutcomeKind.FAILED] * count), 1))
    assert len(commands) == min(count, 10)
    if count > 10:
        assert commands[-1].message == f"{count - 9} more did not complete"


def test_server_text_is_one_command_and_comes_back_whole() -> None:
    """Nothing in a reason ends the command or begins another."""
    lines = github.commands(table([OutcomeKind.FAILED], HOSTILE), 1)
    assert len("\n".join(lines).splitlines()) == 1
    (command,) = read_commands(lines)
    assert command.message == HOSTILE.replace("\r\n", "\\r\\n")


def test_summary_is_a_table_of_plain_text(tmp_path: Path) -> None:
    """Markdown of a server is shown as it came: no link, picture, code, emphasis or HTML."""
    file = tmp_path / "summary"
    github.write(
        table([OutcomeKind.FAILED, OutcomeKind.COMPLETED], HOSTILE),
        1,
        {"GITHUB_STEP_SUMMARY": str(file)},
    )
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(file.read_text())
    kinds = {child.type for token in tokens for child in token.children or [token]}
    assert {"table_open", "heading_open"} <= kinds
    assert not kinds & {"link_open", "image", "code_inline", "strong_open", "html_inline"}
    assert not {token.type for token in tokens} & {"html_block", "fence", "code_block"}
    assert sum(token.type == "tr_open" for token in tokens) == 3
    cells = [
        "".join(child.content for child in token.children or [])
        for token in tokens
        if token.type == "inline"
    ]
    assert HOSTILE.replace("\r\n", "\\r\\n") in cells
    assert all("@k" not in line or "\\@k" in line for line in file.read_text().splitlines())


@pytest.mark.parametrize("char", ["<", "\x1b", "\u65e5"])
def test_summary_fits_whatever_escaping_makes_of_it(char: str, tmp_path: Path) -> None:
    """Characters that become many: whole rows, below the limit, and a true count of the rest."""
    file = tmp_path / "summary"
    many = table([OutcomeKind.FAILED] * 500, char * 100_000)
    for entry in many:
        assert entry.job is not None
        entry.job = SERVICE.read_record(
            {**entry.job.raw, "instance": {"id": "i", "name": char * 999}}
        )
    github.write(many, 1, {"GITHUB_STEP_SUMMARY": str(file)})
    text = file.read_text()
    assert len(text.encode()) < 2**20
    left = re.search(r"(\d+) more are left out", text)
    assert text.count("| failed |") + (int(left[1]) if left else 0) == 500


def test_what_github_would_not_take_is_left_out(tmp_path: Path) -> None:
    """A megabyte of a reason, and ten thousand jobs: below the limits, what went wrong first."""
    files = {name: tmp_path / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    env = {name: str(file) for name, file in files.items()}
    many = table([OutcomeKind.COMPLETED] * 20_000 + [OutcomeKind.FAILED] * 400, "*" * 1_000_000)
    github.write(many, 1, env)
    summary, outputs = (file.read_text() for file in files.values())
    assert len(summary) < 2**20
    assert summary.count("failed |") == 400
    assert "19900 more are left out, completed jobs first." in summary
    assert len(outputs) < 1000
    assert read_outputs(outputs) == {
        "exit-code": "1",
        "completed": "20000",
        "failed": "400",
        "not-completed": "400",
        "outcomes": "",
    }
    assert all(len(line) < 1200 for line in github.commands(many, 1))


def test_run_writes_all_three(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In a workflow: annotations before the explanation, the table, and outputs for later steps."""
    files = {name: tmp_path / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    good, bad, slow = cloud.job(), cloud.job(fails="no quota"), cloud.job(seconds=600)
    env = {name: str(file) for name, file in files.items()}
    done = in_process.run(
        cloud, capsys, "--timeout", "1", f"mine={good}", bad, slow, GITHUB_ACTIONS="true", **env
    )
    commands = read_commands(done.stderr.splitlines())
    assert [command.name for command in commands] == ["error", "warning"]
    assert done.stderr.index("::error") < done.stderr.index("did not complete:")
    outputs = read_outputs(files["GITHUB_OUTPUT"].read_text())
    assert outputs.pop("outcomes") == json.dumps(
        {"mine": "completed", bad: "failed", slow: "timed_out"}
    )
    assert outputs == {"exit-code": "1", "completed": "1", "failed": "1", "not-completed": "2"}
    assert "1 of 3 completed (exit code 1)" in files["GITHUB_STEP_SUMMARY"].read_text()


def test_github_option_outside_of_a_workflow(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--github` alone: annotations; no file is named, so none is written."""
    done = in_process.run(cloud, capsys, "--github", cloud.job(fails="x"))
    assert len(read_commands(done.stderr.splitlines())) == 1


def test_unwritable_file_is_reported(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The verdict stays that of the jobs."""
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "x")}
    done = in_process.run(cloud, capsys, cloud.job(), **env)
    assert (done.code, "GITHUB_STEP_SUMMARY" in done.stderr) == (0, True)
