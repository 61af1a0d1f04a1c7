"""`--junit FILE`, read back by junitparser."""

from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from tests.cloud_process import Cloud


def read(file: Path) -> tuple[JUnitXml, dict[str, list[object]]]:
    xml = JUnitXml.fromfile(str(file))
    return xml, {case.name: list(case.result) for suite in xml for case in suite}


def test_one_case_per_job_failures_and_errors_apart(cloud: Cloud, tmp_path: Path) -> None:
    """Completed: nothing; failed: a failure with DDS's words; anything else: an error."""
    file = tmp_path / "junit.xml"
    good, bad, slow = cloud.job(), cloud.job(fails="no <quota> & \x00 ]]>"), cloud.job(seconds=600)
    cloud.run("--junit", str(file), "--timeout", "2", f"mine={good}", bad, slow)
    xml, results = read(file)
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (3, 1, 1, 0)
    assert results[f"mine ({good})"] == []
    (failure,) = results[bad]
    assert isinstance(failure, Failure)
    assert failure.message == "no <quota> & \\x00 ]]>"
    (error,) = results[slow]
    assert isinstance(error, Error)
    assert (error.type, "timed out after 2 s" in error.message) == ("timed_out", True)
    times = [case.time for suite in xml for case in suite]
    assert max(times) == pytest.approx(2, abs=1.5)


def test_what_a_met_policy_let_go_is_skipped(cloud: Cloud, tmp_path: Path) -> None:
    """`--wait-for any` was met: the other job is no error of the pipeline."""
    file = tmp_path / "junit.xml"
    slow = cloud.job(seconds=600)
    done = cloud.run("--junit", str(file), "--wait-for", "any", slow, cloud.job())
    xml, results = read(file)
    assert (done.returncode, xml.errors, xml.skipped) == (0, 0, 1)
    assert isinstance(results[slow][0], Skipped)
