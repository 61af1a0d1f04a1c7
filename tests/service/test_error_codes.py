"""ddswait.service.error_codes: what each code means, and what a user can do about it."""

import pytest

from ddswait.service.error_codes import (
    Verdict,
    is_from_service,
    is_missing_instance,
    rule_of,
)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("APIGW.0301", "AK/SK"),
        ("APIG.0307", "AK/SK"),
        ("APIGW.0303", "clock"),
        ("APIGW.0305", "clock"),
        ("APIGW.0101", "endpoint"),
        ("DBS.280408", "project ID"),
        ("DBS.280032", "permission to poll jobs"),
        ("DBS.200001", ""),
        ("", ""),
    ],
)
def test_well_known_codes_have_a_hint(code: str, named: str) -> None:
    """Well-known codes come with what to do about them."""
    status = 404 if code.endswith(".0101") else 403 if code == "DBS.280032" else 401
    status = 400 if code in {"DBS.280408", "DBS.200001"} else status
    hint = rule_of(status, code).hint
    assert named in hint
    assert bool(hint) == bool(named)


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (404, "DBS.1", Verdict.UNKNOWN_JOB),
        (404, "DBSX.1", Verdict.REFUSE),
        (400, "XDBS.200543", Verdict.REFUSE),
        (400, "DBS.200543", Verdict.UNKNOWN_JOB),
    ],
)
def test_codes_match_as_a_whole(status: int, code: str, verdict: Verdict) -> None:
    """A code that only resembles one of the table has another meaning."""
    assert rule_of(status, code).verdict is verdict


@pytest.mark.parametrize(
    ("code", "is_own"), [("DBS.200543", True), ("APIGW.0301", False), ("dbs.1", False), ("", False)]
)
def test_codes_of_the_service_and_of_the_gateway(code: str, is_own: bool) -> None:
    """The service's own codes begin with its letters."""
    assert is_from_service(code) is is_own


@pytest.mark.parametrize(
    ("status", "code", "is_missing"),
    [
        *((status, f"DBS.{number}", True) for status in (400, 404) for number in (280110, 200002)),
        *((status, f"DBS.{number}", True) for status in (400, 404) for number in (201501, 201502)),
        *((status, "DBS.280110", False) for status in (200, 401, 403, 405, 409, 500)),
        *((400, code, False) for code in ("", "DBS.200543", "DBS.28011", "DBS.2801100", "280110")),
    ],
)
def test_codes_of_an_instance_that_does_not_exist(status: int, code: str, is_missing: bool) -> None:
    """Four codes say so, with 400 or 404: in some regions instead of an empty list."""
    assert is_missing_instance(status, code) is is_missing
