"""ddswait.credentials.lease_replies: what the replies of IAM and of an ECS have in common."""

import pytest

from ddswait.credentials.lease_replies import read_no_lease, seconds_left
from ddswait.outcome import Refusal
from ddswait.service.replies import Throttled, TransientFailure

DATE = "Fri, 01 Jan 2021 00:00:00 GMT"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", TransientFailure),
        (401, b"", Refusal),
        (403, b"", Refusal),
        (404, b'{"error_code": "DBS.200543", "error_msg": "x"}', TransientFailure),
        (429, b"", Throttled),
        (503, b"", TransientFailure),
    ],
)
def test_reply_without_credentials(status: int, body: bytes, kind: type) -> None:
    """Refusals and limits mean what they mean in DDS; anything else may pass by itself."""
    assert type(read_no_lease(status, {}, body)) is kind


def test_body_of_a_successful_reply_is_not_shown() -> None:
    """It may contain credentials."""
    for status in (200, 201, 204):
        assert "s3cret" not in repr(read_no_lease(status, {}, b'{"secret": "s3cret"}'))


@pytest.mark.parametrize(
    ("expires_at", "seconds"),
    [
        ("2021-01-01T00:01:30Z", 90.0),
        ("2021-01-01T08:01:00+08:00", 60.0),
        ("2020-12-31T00:00:00Z", 1.0),
    ],
)
def test_seconds_left(expires_at: str, seconds: float) -> None:
    """The server's own clock counts, and an expired key has one second left."""
    assert seconds_left(expires_at, DATE) == seconds


@pytest.mark.parametrize(
    ("expires_at", "date"),
    [
        ("soon", DATE),
        ("2021-01-01T00:00:00Z", ""),
        ("2021-01-01", DATE),
        ("2021-01-01T00:00:00Z", "1 Jan 1 5555555555:0 GMT"),
        ("2021-01-01T00:00:00Z", "Mon, 01 Jan 2024 00:00:00 +99999999999999999"),
    ],
)
def test_lifetime_that_cannot_be_read(expires_at: str, date: str) -> None:
    """The caller then assumes a lifetime."""
    with pytest.raises((ValueError, TypeError)):
        seconds_left(expires_at, date)
