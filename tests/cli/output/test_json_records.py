"""The machine output against its own schema, read by a validator that others wrote."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output import json_records, json_schema
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.service.dds import SERVICE
from tests.cli import in_process
from tests.cloud_process import Cloud, serving

Validator = jsonschema.Draft202012Validator


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


@pytest.fixture(scope="module")
def schema() -> Any:
    document = json_schema.schema()
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
        Validator(line_schema(schema)).validate(
            json_records.ended_record(table[kind.value], outcome)
        )
    document = json_records.document(table, 1)
    Validator(schema).validate(document)
    assert len(document["jobs"]) == len(OutcomeKind)
    assert document["summary"] == {kind.value: 1 for kind in OutcomeKind}


def test_what_is_no_document_is_refused(schema: Any) -> None:
    """The schema can fail: an unknown outcome, a missing field, another version."""
    table = JobTable([Named("x")], 0.0)
    table.settle(Outcome("x", OutcomeKind.COMPLETED), 1.0)
    good = json_records.document(table, 0)
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
def test_real_output_is_valid_and_nothing_else(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], schema: Any, form: str
) -> None:
    """A run in which much happens: every line or the document is valid; stdout is pure data."""
    for kind in ("error", "throttle"):
        cloud.post("faults", kind=kind, limit="")
    jobs = [
        f"mine={cloud.job(seconds=1)}",
        cloud.job(fails="x \x1b[31m\n\u2028 y"),
        cloud.job(seconds=1, status="Odd"),
        cloud.job(seconds=600),
        "nobody",
    ]
    options = ("--output", form, "--timeout", "3", "--grace", "1")
    done = in_process.run(cloud, capsys, *options, *jobs)
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
    assert summary["exit_code"] == done.code == 1
    assert summary["summary"] == {"completed": 2, "failed": 1, "not_found": 1, "timed_out": 1}


def test_schema_is_printed(cloud: Cloud, capsys: pytest.CaptureFixture[str], schema: Any) -> None:
    """`--schema` prints the schema itself."""
    done = in_process.run(cloud, capsys, "--schema")
    assert (done.code, json.loads(done.stdout)) == (0, schema)
