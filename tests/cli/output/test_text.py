"""Words and lines for people."""

import re
from pathlib import Path

import pytest

from ddswait.cli.job_table import Entry
from ddswait.cli.output.text import count, job_text, reason, result_line, totals
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.service.dds import SERVICE

PAGES = Path(__file__).parents[3] / "docs"
RECORD = {
    "id": "id-1",
    "name": "Create_MongoDB",
    "status": "Running",
    "progress": "40",
    "instance": {"id": "i", "name": "orders\x1b"},
    "fail_reason": "no\tquota",
}
JOB = SERVICE.read_record(RECORD)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1000, "1000 jobs")]
)
def test_a_number_has_its_noun(number: int, text: str) -> None:
    """One job is no `1 jobs`."""
    assert count(number, "job") == text


def test_a_job_says_what_it_does_and_how_far_it_is() -> None:
    """Without an instance or a progress, these are left out."""
    assert job_text(JOB) == "CreateMongoDB of orders\\x1b: Running 40 %"
    assert job_text(SERVICE.read_record({"id": "x", "name": "a", "status": "b"})) == "a: b"


def test_a_failed_job_has_the_words_of_the_service_as_reason() -> None:
    """Every other outcome has the sentence of ddswait."""
    assert reason(Outcome("x", OutcomeKind.FAILED, JOB, "m")) == "no\tquota"
    silent = SERVICE.read_record({**RECORD, "fail_reason": ""})
    assert reason(Outcome("x", OutcomeKind.FAILED, silent, "m")) == "the service gave no reason"
    assert reason(Outcome("x", OutcomeKind.TIMED_OUT, JOB, "m")) == "m"


def test_a_result_is_seven_fields() -> None:
    """Separated by tabs, which no field contains; an empty field is a dash."""
    entry = Entry("id-1", "mine", 0.0)
    failed = Outcome("id-1", OutcomeKind.FAILED, JOB, waited=75.0)
    fields = ["id-1", "failed", "CreateMongoDB", "orders\\x1b", "1m15s", "no\\tquota", "mine"]
    assert result_line(entry, failed).split("\t") == fields
    refused = Outcome("id-1", OutcomeKind.REFUSED, refusal=Refusal(403, "A.1", hint="ask"))
    fields = ["id-1", "refused", "-", "-", "0s", "HTTP 403 A.1; ask", "-"]
    assert result_line(Entry("id-1", "", 0.0), refused).split("\t") == fields


def test_fields_of_a_result_are_documented() -> None:
    """The page of the command line names each, in this order."""
    page = " ".join((PAGES / "command-line.md").read_text("utf-8").split())
    (listed,) = re.findall("separated by tabs: (.*?); `-` stands for an empty one", page)
    line = result_line(Entry("id-1", "", 0.0), Outcome("id-1", OutcomeKind.COMPLETED))
    assert listed == "ID, outcome, task, instance, time waited, reason, label"
    assert len(listed.split(",")) == len(line.split("\t"))


def test_totals_count_every_kind_that_occurred() -> None:
    """In the order of the kinds, by their labels."""
    tally = {OutcomeKind.TIMED_OUT: 1, OutcomeKind.COMPLETED: 12, OutcomeKind.FAILED: 0}
    assert totals(tally) == "12 completed, 1 timed out"
