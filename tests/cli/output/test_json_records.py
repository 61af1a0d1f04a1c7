"""The machine output against its own schema, read by a validator that others wrote."""

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from ddswait.cli.inputs import Named
from ddswait.cli.job_table import JobTable
from ddswait.cli.output import json_records as records
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.service.dds import SERVICE
from tests.cloud_process import Cloud

Validator = jsonschema.Draft202012Validator


@pytest.fixture(scope="module")
def schema() -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "ddswait", "--schema"], capture_output=True, text=True, check=True
    )
    document = json.loads(done.stdout)
    Validator.check_schema(document)
    return document


def line_schema(schema: Any) -> Any:
    return {"$ref": "#/$defs/line", "$defs": schema["$defs"]}


def test_document_of_every_outcome_is_valid(schema: Any) -> None:
    """Whatever a wait ended as, with and without a record, cause and refusal."""
    table = JobTable([Named(kind.value, kind.value.upper()) for kind in OutcomeKind], 0.0)
    for kind in OutcomeKind:
        job = SERVICE.read_record({"id": kind.value, "status": "Odd", "created": "x"})
        seen = kind not in {OutcomeKind.NOT_FOUND, OutcomeKind.REFUSED}
        refusal = Refusal(401, "APIGW.0301") if kind is OutcomeKind.REFUSED else None
        outcome = Outcome(kind.value, kind, job if seen else None, "m", "cause", refusal, 1.5, 3)
        table.settle(outcome, 2.0)
        Validator(line_schema(schema)).validate(records.ended_record(table[kind.value]))
    document = records.document(table, 1)
    Validator(schema).validate(document)
    assert len(document["jobs"]) == len(OutcomeKind)
    assert document["summary"] == {kind.value: 1 for kind in OutcomeKind}


def test_what_is_no_document_is_refused(schema: Any) -> None:
    """The schema can fail: an unknown outcome, a missing field, another version."""
    table = JobTable([Named("x")], 0.0)
    table.settle(Outcome("x", OutcomeKind.COMPLETED), 1.0)
    good = records.document(table, 0)
    Validator(schema).validate(good)
    job = good["jobs"][0]
    for bad in (
        {**good, "schema_version": 2},
        {**good, "jobs": [{**job, "outcome": "done"}]},
        {**good, "jobs": [{key: value for key, value in job.items() if key != "label"}]},
        {key: value for key, value in good.items() if key != "exit_code"},
    ):
        assert not Validator(schema).is_valid(bad)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_real_output_is_valid_and_nothing_else(cloud: Cloud, schema: Any, form: str) -> None:
    """A run in which much happens: every line or the document is valid; stdout is pure data."""
    for kind in ("error", "throttle"):
        cloud.post("faults", kind=kind, limit="")
    jobs = [
        f"mine={cloud.job(seconds=1.5)}",
        cloud.job(fails="x \x1b[31m\n\u2028 y"),
        cloud.job(seconds=1, status="Odd"),
        cloud.job(seconds=600),
        "nobody",
    ]
    done = cloud.run("--output", form, "--timeout", "5", "--grace", "2", *jobs)
    if form == "json":
        document = json.loads(done.stdout)
        Validator(schema).validate(document)
        summary = document
    else:
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines:
            Validator(line_schema(schema)).validate(line)
        assert len([line for line in lines if line["event"] == "ended"]) == len(jobs)
        summary = lines[-1]
    assert summary["exit_code"] == done.returncode == 1
    assert summary["summary"] == {"completed": 2, "failed": 1, "not_found": 1, "timed_out": 1}
