"""ddswait.credentials.source: what a source yields, and that half of a key is an error."""

import pytest

from ddswait import AccessKey, ConfigurationError, Password, Token
from ddswait.credentials.source import (
    AccessKeyNames,
    Domain,
    Login,
    PasswordScope,
    Setting,
    Source,
    access_key_source,
    password_source,
    token_source,
)

NAMES = AccessKeyNames("ak", "sk", "security_token", "project_id")
SCOPE = PasswordScope("https://iam.test", "eu-de", "")


def test_setting_without_a_value_is_false() -> None:
    """The origin of a setting that is not set does not count."""
    assert Setting("eu-de", "--region")
    assert not Setting("", "--region")


def test_credentials_of_a_source() -> None:
    """A source has a name and credentials, and never shows a secret."""
    parts = {"ak": "AK", "sk": "s3cret", "security_token": "s3cret-too", "project_id": "p"}
    key = access_key_source(parts.get, NAMES, "the file")
    assert key == Source("the file", AccessKey("AK", "s3cret", "s3cret-too", "p"))
    token = token_source("s3cret", "the file")
    assert token == Source("the file", Token("s3cret"))
    password = password_source(Login("u", "s3cret", Domain("d")), SCOPE, "the file")
    assert password.auth == Password("u", "s3cret", "d", "https://iam.test", "eu-de")
    assert "s3cret" not in repr((key, token, password, Login("u", "s3cret", Domain("d"))))


def test_access_key_needs_both_parts() -> None:
    """Half of a key is an error; nothing at all is no source."""
    assert access_key_source({"project_id": "p"}.get, NAMES, "the file") is None
    assert access_key_source({"ak": "", "sk": ""}.get, NAMES, "the file") is None
    for present, missing in (("ak", "sk"), ("sk", "ak")):
        message = f"^the file: {present} is set without {missing}: set both or neither$"
        with pytest.raises(ConfigurationError, match=message):
            access_key_source({present: "s3cret"}.get, NAMES, "the file")


def test_invalid_credentials_are_an_error_of_their_source() -> None:
    """The message starts with the name of the source, and does not show the credentials."""
    parts = {"ak": "AK", "sk": "s3 cret"}
    with pytest.raises(ConfigurationError, match=r"^the file: the secret key") as key:
        access_key_source(parts.get, NAMES, "the file")
    with pytest.raises(ConfigurationError, match=r"^the file: the token") as token:
        token_source("s3 cret", "the file")
    with pytest.raises(ConfigurationError, match=r"^the file: the domain") as password:
        password_source(Login("u", "s3 cret", Domain()), SCOPE, "the file")
    assert "s3" not in f"{key.value}{token.value}{password.value}"
