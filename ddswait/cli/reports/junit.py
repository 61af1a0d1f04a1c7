"""`--junit FILE`: one test case per job; a failed job is a failure, anything else an error.

A job that was let go because the policy was met without it counts as skipped.

Source: the JUnit XML that Jenkins, GitLab and GitHub's test reporters read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ddswait.cli.output.failures import reason
from ddswait.cli.output.text import safe
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from ddswait.cli.job_table import Entry, JobTable


def document(table: JobTable, code: int, now: float) -> str:
    """Return the XML of a run that ended `now` with an exit code."""
    cases = [_case(entry, code) for entry in table]
    totals = {"tests": str(len(cases))}
    for name, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        totals[name] = str(sum(case.find(child) is not None for case in cases))
    time = f"{max(now - table.began, 0.0):.3f}"
    root = ET.Element("testsuites", {"name": "ddswait", "time": time, **totals})
    stamp = datetime.fromtimestamp(table.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(
        root, "testsuite", {"name": "DDS jobs", "time": time, "timestamp": stamp, **totals}
    )
    suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _case(entry: Entry, code: int) -> ET.Element:
    outcome, job = entry.outcome, entry.job
    case = ET.Element(
        "testcase",
        {
            "classname": safe(job.name) if job and job.name else "job",
            "name": safe(entry.full_name),
            "time": f"{outcome.waited if outcome else 0.0:.3f}",
        },
    )
    if outcome is None or outcome.ok:
        return case
    kind = "failure" if outcome.kind is OutcomeKind.FAILED else "error"
    if outcome.kind is OutcomeKind.PENDING and code == 0:
        kind = "skipped"
    why = safe(reason(outcome))
    told = ET.SubElement(case, kind, {"type": str(outcome.kind), "message": why})
    told.text = safe(outcome.message)
    return case
