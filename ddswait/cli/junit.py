"""`--junit FILE`: one test case per job; a failed job is a failure, anything else an error.

Source: the JUnit XML that Jenkins, GitLab and GitHub's test reporters read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ddswait.cli.explain import reason
from ddswait.cli.text import safe
from ddswait.outcome import OutcomeKind

if TYPE_CHECKING:
    from ddswait.cli.ledger import Entry, Ledger


def document(ledger: Ledger, now: float) -> str:
    """Return the XML of a run."""
    cases = [_case(entry) for entry in ledger]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": 0,
    }
    totals = {name: str(count) for name, count in counts.items()}
    time = f"{max(now - ledger.began, 0.0):.3f}"
    root = ET.Element("testsuites", {"name": "ddswait", "time": time, **totals})
    stamp = datetime.fromtimestamp(ledger.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(
        root, "testsuite", {"name": "DDS jobs", "time": time, "timestamp": stamp, **totals}
    )
    suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _case(entry: Entry) -> ET.Element:
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
    why = safe(reason(outcome))
    told = ET.SubElement(case, kind, {"type": str(outcome.kind), "message": why})
    told.text = safe(outcome.message)
    return case
