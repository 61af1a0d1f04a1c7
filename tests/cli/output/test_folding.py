"""The log viewers of GitHub and GitLab fold what explains failures."""

import re

from ddswait.cli.output.folding import fold
from ddswait.simulator import Simulator
from tests.cli.in_process import Command

SECTION = re.compile(
    "\x1b\\[0Ksection_start:([0-9]+):([A-Za-z0-9_.-]+)\r\x1b\\[0K(.*)\n"
    "((?:.*\n)*)"
    "\x1b\\[0Ksection_end:([0-9]+):\\2\r\x1b\\[0K\n"
)
"""A section as GitLab documents it: its name is the same at both ends."""


async def test_gitlab_gets_a_section(dds: Simulator, ddswait: Command) -> None:
    """What explains failures is in it; the totals are below it."""
    done = await ddswait(dds.add_job(fails="no quota"), GITLAB_CI="true")
    found = SECTION.search(done.stderr)
    assert found
    assert re.fullmatch(r"\[01:\d\d\] what did not complete", found[3])
    assert " failed after 1m" in found[4]
    assert done.stderr[found.end() :].endswith("] 1 failed; exit code 1\n")


async def test_github_gets_a_group(dds: Simulator, ddswait: Command) -> None:
    """What explains failures is in it; the totals are below it."""
    done = await ddswait(dds.add_job(fails="no quota"), GITHUB_ACTIONS="true")
    lines = done.stderr.splitlines()
    begin, end = lines.index("::endgroup::") - 3, lines.index("::endgroup::")
    assert re.fullmatch(r"::group::\[01:\d\d\] what did not complete", lines[begin - 1])
    assert " failed after 1m" in lines[begin]
    assert len(lines) == end + 2


async def test_nothing_is_folded_elsewhere(dds: Simulator, ddswait: Command) -> None:
    """Nor without anything to fold."""
    done = await ddswait(dds.add_job(fails="no quota"))
    assert "section_" not in done.stderr
    assert "::" not in done.stderr
    done = await ddswait(dds.add_job(), GITLAB_CI="true")
    assert "section_" not in done.stderr


def test_sections_of_two_runs_have_two_names() -> None:
    """Two runs of one job follow each other."""
    one, other = (fold({"GITLAB_CI": "true"}, "x", now) for now in (1.0, 1.2))
    assert one
    assert other
    names = [each.end.split(":")[2] for each in (one, other)]
    assert len(set(names)) == 2
    assert fold({}, "x", 1.0) is None
