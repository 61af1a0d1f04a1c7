"""Text that came from a server or a reply steers neither a terminal nor a CI runner."""

import json
import re
from pathlib import Path

import pytest

from ddswait.simulator import Simulator
from tests.cli.in_process import Command, RealCommand

HOSTILE = (
    "::error::x ##vso[task.setvariable variable=PATH]x ##teamcity[buildStop] ##[error]y\n"
    "<script>alert(1)</script> | `a` %0A \x1b[31m ]]> & \x00"
)

OWN = ["::error ", "::group:", "::endgro"]
"""How the commands begin that ddswait itself gives the runner."""


async def test_server_text_steers_nothing(dds: Simulator, ddswait: Command, tmp_path: Path) -> None:
    """No terminal escape, no workflow command, no markup, wherever a reason is shown."""
    files = {name: tmp_path / name for name in ("r.html", "j.xml", "summary", "output")}
    done = await ddswait(
        "--report", str(files["r.html"]), "--junit", str(files["j.xml"]),
        dds.add_job(fails=HOSTILE, instance_name="<b>|x</b>"),
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(files["summary"]), GITHUB_OUTPUT=str(files["output"]),
    )  # fmt: skip
    assert done.code == 1
    lines = [line.lstrip() for line in done.stderr.splitlines()]
    assert [line[:8] for line in lines if line.startswith("::")] == OWN
    for shown in (done.stdout, done.stderr, *(file.read_text() for file in files.values())):
        assert "\x1b" not in shown
        assert "\x00" not in shown
        assert "##[" not in shown
    page = files["r.html"].read_text()
    assert "<script" not in page
    assert "<b>|x" not in page
    assert "<script" not in files["summary"].read_text()


@pytest.mark.parametrize("output", ["text", "json", "jsonl"])
@pytest.mark.parametrize(
    "name",
    ["::error title=pwn::boo", "  ::stop-commands::x", "##[error]x", "-db", "--check", "a=b"],
)
async def test_names_of_a_reply_steer_nothing(
    dds: Simulator, ddswait: Command, name: str, output: str
) -> None:
    """A name that a runner, or the resume command, would obey becomes no label."""
    reply = json.dumps({"job_id": (job_id := dds.add_job(fails=name)), "name": name})
    done = await ddswait("--output", output, "-", text=reply, GITHUB_ACTIONS="true")
    assert done.code == 1
    lines = [line.lstrip() for line in (done.stdout + done.stderr).splitlines()]
    assert [line[:8] for line in lines if line.startswith("::")] == OWN
    assert "##[" not in done.stdout + done.stderr
    assert f"{name}=" not in done.stdout + done.stderr
    assert f"DDS job {job_id}" in done.stderr


@pytest.mark.parametrize("name", ["::error title=pwn::boo", "##[error]x", "-db", "--check"])
def test_labels_that_would_steer_are_refused(command: RealCommand, name: str) -> None:
    """A label that a runner, or the resume command, would obey is wrong usage."""
    assert command("x", f"{name}=job").code == 2


COMMANDS = re.compile(
    r"##[\w.-]*\[|section_(?:start|end):\d|^\s*(?:---|\+\+\+|~~~|\^\^\^|::)", re.MULTILINE
)


@pytest.mark.parametrize("output", ["text", "json", "jsonl"])
@pytest.mark.parametrize(
    "reason",
    [
        "disk ##vso[task.setvariable variable=PATH]x",
        "##teamcity[buildProblem description='x']",
        "\x1b[0Ksection_start:1560896352:x\r\x1b[0K",
        "--- group",
        "+++ group",
        "~~~ group",
        "^^^ +++",
        "x ::set-env name=PATH::x",
    ],
)
async def test_no_ci_system_obeys_a_server(
    dds: Simulator, ddswait: Command, tmp_path: Path, reason: str, output: str
) -> None:
    """Neither in any output nor in any report: Azure, TeamCity, GitHub, GitLab, Buildkite."""
    page, cases = tmp_path / "r.html", tmp_path / "j.xml"
    done = await ddswait(
        "--output", output, "--report", str(page), "--junit", str(cases),
        dds.add_job(fails=reason, instance_name=reason, name=reason),
    )  # fmt: skip
    assert done.code == 1
    for shown in (done.stdout, done.stderr, page.read_text(), cases.read_text()):
        assert not COMMANDS.search(shown)
        assert "\x1b" not in shown


@pytest.mark.parametrize("text", ["##vso[x]y", "##teamcity[x]", "section_start:1:x"])
def test_messages_about_wrong_input_steer_nothing(command: RealCommand, text: str) -> None:
    """What an error quotes is escaped as everything else is."""
    for arguments, piped in (
        (["--wait-for", text, "x"], ""),
        (["--timeout", text, "x"], ""),
        ([f"--{text}", "x"], ""),
        (["-"], f"{text} x\n"),
        (["--state", f"/{text}/x", "x"], ""),
    ):
        done = command(*arguments, text=piped)
        assert done.code == 2
        assert not COMMANDS.search(done.stdout + done.stderr)
