"""Output and reports of a run with jobs of several services: each says which service is meant."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from ddswait.cli.job_table import JobTable
from ddswait.cli.named import Named
from ddswait.cli.output.json_schema import schema
from ddswait.cli.output.text import jobs_of
from ddswait.service import NAMES, service_named
from ddswait.simulator import Simulator
from tests.cli.in_process import Command
from tests.end_to_end.test_mixed_gate import settings


def jobs(cloud: Simulator) -> tuple[str, str]:
    return (
        cloud.add_job(seconds=60, instance_name="stock"),
        cloud.add_job(service="rds", seconds=60, fails="disk full"),
    )


async def test_lines_name_the_service(ddswait: Command, dds: Simulator) -> None:
    """Of a mixed run, in each name; an ID can be copied as it stands there."""
    good, bad = jobs(dds)
    done = await ddswait(good, f"orders=rds:{bad}", **settings(dds))
    assert done.code == 1
    assert f"dds:{good}  CreateMongoDB of stock: Running" in done.stderr
    assert "rds:orders  CreateMysqlSingleHAInstance" in done.stderr
    assert f"rds:orders (rds:{bad}) failed after" in done.stderr
    assert " orders" not in done.stderr
    assert {line.split("\t")[0] for line in done.stdout.splitlines()} == {
        f"dds:{good}",
        f"rds:{bad}",
    }
    alone = await ddswait(f"rds:{bad}", **settings(dds))
    assert f"rds:{bad}" not in alone.stdout + alone.stderr


async def test_machine_output_names_the_service(ddswait: Command, dds: Simulator) -> None:
    """Of each job, in each line, mixed or not; the schema knows the field."""
    good, bad = jobs(dds)
    done = await ddswait(good, f"rds:{bad}", "--output", "jsonl", **settings(dds))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    known = schema()
    for line in lines:
        jsonschema.validate(line, {"$ref": "#/$defs/line", "$defs": known["$defs"]})
    named = {(each["job_id"], each["service"]) for each in lines if "job_id" in each}
    assert named == {(good, "dds"), (bad, "rds")}
    alone = await ddswait(good, "--output", "json", **settings(dds))
    document = json.loads(alone.stdout)
    jsonschema.validate(document, known)
    assert document["jobs"][0]["service"] == "dds"


async def test_reports_name_the_service(ddswait: Command, dds: Simulator, tmp_path: Path) -> None:
    """JUnit as the class of a test, HTML and GitHub with the ID or the label."""
    good, bad = jobs(dds)
    files = {"GITHUB_STEP_SUMMARY": f"{tmp_path}/summary", "GITHUB_OUTPUT": f"{tmp_path}/out"}
    done = await ddswait(
        *(good, f"orders=rds:{bad}", "--github"),
        *("--junit", f"{tmp_path}/junit.xml", "--report", f"{tmp_path}/report.html"),
        **settings(dds),
        **files,
    )
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]  # noqa: S314 - our own
    assert suite.get("name") == "jobs"
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("dds.CreateMongoDB", f"dds:{good}"),
        ("rds.CreateMysqlSingleHAInstance", f"rds:orders (rds:{bad})"),
    ]
    page = (tmp_path / "report.html").read_text()
    assert "1 of 2 jobs completed" in page
    assert f"<td>rds:orders<small><code>rds:{bad}</code></small>" in page
    assert ">orders<" not in page
    assert f"{dds.endpoint}, {dds.endpoint_of('rds')}" in page
    assert "::error title=job rds%3Aorders%3A failed::disk full" in done.stderr
    summary = (tmp_path / "summary").read_text()
    assert "### Jobs: 1 of 2 completed" in summary
    assert "| rds:orders |" in summary.replace("\\", "")
    outputs = (tmp_path / "out").read_text()
    assert json.dumps({good: "completed", "orders": "failed"}) in outputs


@pytest.mark.parametrize("service", NAMES)
def test_titles_name_the_only_service(service: str) -> None:
    """A report of RDS says nothing of DDS."""
    table = JobTable([Named("a"), Named("b", "", service)], 0.0, service)
    assert jobs_of(table) == f"{service_named(service).title} jobs"
    other = next(name for name in NAMES if name != service)
    assert jobs_of(JobTable([Named("a"), Named("b", "", other)], 0.0, service)) == "jobs"
