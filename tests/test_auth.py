"""ddswait.auth: the token, and that nobody sees it."""

import pytest

from ddswait import ConfigurationError, Token


def test_token_is_sent_and_not_shown() -> None:
    """A token is a header, and its repr hides it."""
    assert Token("s3cret").headers() == {"X-Auth-Token": "s3cret"}
    assert "s3cret" not in repr(Token("s3cret"))


@pytest.mark.parametrize("text", ["", "s3cret\n", "s3 cret", "s3cret\x00", "s3crét"])
def test_token_that_no_header_can_carry(text: str) -> None:
    """An unusable token is refused without being shown."""
    with pytest.raises(ConfigurationError) as caught:
        Token(text)
    assert "s3" not in str(caught.value)
