"""ddswait.job: the record."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait import Instance, Job, JobStatus

SAMPLES = Path(__file__).parent / "samples"


def test_every_documented_field_is_read() -> None:
    """The recorded running job comes out with its types, and its raw record."""
    record = json.loads((SAMPLES / "job-running.json").read_text())["job"]
    assert Job.from_record(record) == Job(
        id="9d10bfd1-affb-49c3-b977-298950a8d6fa",
        name="Create_MongoDB",
        status="Running",
        created=datetime(2021, 7, 13, 7, 28, 43, tzinfo=UTC),
        ended=datetime(2021, 7, 13, 7, 28, 53, tzinfo=UTC),
        progress=9,
        instance=Instance("cf538a2dd8ec4b26860b27060902712fin02", "dds-3a98-wcc"),
        fail_reason=None,
        raw=record,
    )


def test_list_entries_have_other_names() -> None:
    """An entry of the v3.1 list gives the same record."""
    record = json.loads((SAMPLES / "tasks-page.json").read_text())["jobs"][0]
    job = Job.from_record(record)
    assert job.created == datetime(2022, 9, 5, 6, 24, 14, tzinfo=UTC)
    assert job.ended == datetime(2022, 9, 5, 6, 25, 43, tzinfo=UTC)
    assert job.instance == Instance("1f31a8f0d0c94e7aa3a4bb0d5f9e2c11in02", "dds-restart")
    assert (job.progress, job.fail_reason) == (None, None)


@pytest.mark.parametrize(
    ("status", "final", "known"),
    [
        ("Running", False, True),
        ("Completed", True, True),
        ("Failed", True, True),
        ("Canceled", False, False),
    ],
)
def test_only_two_statuses_are_final(status: str, final: bool, known: bool) -> None:
    """An unknown status survives, and is not final."""
    job = Job.from_record({"id": "x", "status": status, "ended": "2021-07-13T07:28:53+0000"})
    assert (job.status, job.is_final, job.has_known_status) == (status, final, known)
    assert str(JobStatus.COMPLETED) == "Completed"


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("60%", 60),
        ("60", 60),
        ("0%", 0),
        ("", None),
        ("x%", None),
        ("٣%", None),
        ("9999%", None),
        (60, None),
    ],
)
def test_progress(text: object, progress: int | None) -> None:
    """Progress is a percentage or None."""
    assert Job.from_record({"progress": text}).progress == progress


def test_unknown_fields_survive() -> None:
    """What this class does not know is in `raw`."""
    assert Job.from_record({"id": "x", "new_field": [1]}).raw["new_field"] == [1]


@given(
    st.dictionaries(
        st.sampled_from(
            ["id", "name", "status", "created", "ended", "progress", "instance", "fail_reason"]
        ),
        st.none()
        | st.text()
        | st.integers()
        | st.lists(st.text())
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_no_record_breaks_the_reader(record: dict[str, Any]) -> None:
    """Fields of any type are read or left out."""
    assert Job.from_record(record).raw is record
