"""`--junit FILE`, read back by junitparser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from tests.cli import in_process
from tests.cloud_process import Cloud, serving


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving() as made:
        yield made


def read(file: Path) -> tuple[JUnitXml, dict[str, list[object]]]:
    xml = JUnitXml.fromfile(str(file))
    return xml, {case.name: list(case.result) for suite in xml for case in suite}


def test_one_case_per_job_failures_and_errors_apart(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Completed: nothing; failed: a failure with DDS's words; anything else: an error."""
    file = tmp_path / "junit.xml"
    good, bad, slow = cloud.job(), cloud.job(fails="no <quota> & \x00 ]]>"), cloud.job(seconds=600)
    in_process.run(cloud, capsys, "--junit", str(file), "--timeout", "1", f"mine={good}", bad, slow)
    xml, results = read(file)
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (3, 1, 1, 0)
    assert results[f"mine ({good})"] == []
    (failure,) = results[bad]
    assert isinstance(failure, Failure)
    assert failure.message == "no <quota> & \\x00 ]]>"
    (error,) = results[slow]
    assert isinstance(error, Error)
    assert (error.type, "timed out after 1 s" in error.message) == ("timed_out", True)
    times = [case.time for suite in xml for case in suite]
    assert max(times) == pytest.approx(1, abs=1.5)


def test_job_that_a_met_policy_gave_up_is_skipped(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`--wait-for any` was met: the other job is no error of the pipeline."""
    file = tmp_path / "junit.xml"
    slow = cloud.job(seconds=600)
    done = in_process.run(
        cloud, capsys, "--junit", str(file), "--wait-for", "any", slow, cloud.job()
    )
    xml, results = read(file)
    assert (done.code, xml.errors, xml.skipped) == (0, 0, 1)
    assert isinstance(results[slow][0], Skipped)


def test_job_that_runs_on_is_skipped(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Another job ended the run: the one that was given up has not gone wrong."""
    file = tmp_path / "junit.xml"
    slow = cloud.job(seconds=600)
    done = in_process.run(
        cloud, capsys, "--junit", str(file), "--fail-fast", slow, cloud.job(fails="x")
    )
    xml, results = read(file)
    assert (done.code, xml.failures, xml.errors, xml.skipped) == (1, 1, 0, 1)
    assert isinstance(results[slow][0], Skipped)
