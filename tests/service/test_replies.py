"""ddswait.service.replies: what is not shown."""

from ddswait import Request


def test_request_does_not_show_its_body() -> None:
    """A body may hold a password: its length is all that `repr` tells."""
    shown = repr(Request("POST", "https://iam.test/v3/auth/tokens", b"s3cret"))
    assert shown == "Request('POST', 'https://iam.test/v3/auth/tokens', 6 bytes)"
