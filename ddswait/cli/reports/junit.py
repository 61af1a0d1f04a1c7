"""`--junit FILE`: one test case per job; a failed job is a failure, any other problem an error.

A job whose wait was given up counts as skipped: it is still running.

Source: the JUnit XML that Jenkins, GitLab and GitHub's test reporters read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ddswait.cli.escaping import safe
from ddswait.cli.output.text import jobs_of, reason
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from ddswait.cli.job_table import Entry, JobTable
    from ddswait.outcome import Outcome

_TOTALS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def document(table: JobTable, now: float) -> str:
    """Return the XML of a run.

    Args:
        table: all jobs; every wait has ended.
        now: when the run ended, in seconds since 1970.
    """
    cases = [_case(entry, outcome) for entry, outcome in table.ended]
    totals = {"tests": str(len(cases))}
    for child, total in _TOTALS.items():
        totals[total] = str(sum(case.find(child) is not None for case in cases))
    time = f"{max(now - table.began, 0.0):.3f}"
    root = ET.Element("testsuites", {"name": "ddswait", "time": time, **totals})
    stamp = datetime.fromtimestamp(table.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(
        root, "testsuite", {"name": jobs_of(table), "time": time, "timestamp": stamp, **totals}
    )
    suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _case(entry: Entry, outcome: Outcome) -> ET.Element:
    task = entry.job.task if entry.job else ""
    case = ET.Element(
        "testcase",
        {
            "classname": safe(f"{entry.prefix.replace(':', '.')}{task or 'job'}"),
            "name": safe(entry.full_name),
            "time": f"{outcome.waited:.3f}",
        },
    )
    if not outcome.ok:
        result = ET.SubElement(
            case,
            _result(outcome.kind),
            {"type": str(outcome.kind), "message": safe(reason(outcome))},
        )
        result.text = safe(outcome.message)
    return case


def _result(kind: OutcomeKind) -> str:
    """Return the element of `_TOTALS` that stands for a kind that is not a success."""
    if kind is OutcomeKind.FAILED:
        return "failure"
    return "skipped" if kind is OutcomeKind.PENDING else "error"
