"""ddswait.service.error_codes: what each code means, and what a user can do about it."""

import pytest

from ddswait.service.error_codes import rule_of


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("APIGW.0301", "AK/SK"),
        ("APIG.0307", "AK/SK"),
        ("APIGW.0303", "clock"),
        ("APIGW.0305", "clock"),
        ("APIGW.0101", "endpoint"),
        ("DBS.280408", "project ID"),
        ("DBS.280032", "dds:task:getDetail"),
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
