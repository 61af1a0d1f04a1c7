"""ddswait.credentials.mask: no reply shows what its request was authenticated with."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest

from ddswait.credentials.mask import HIDDEN, Mask, secrets_of_proxy

SECRET = 'tö/k"e<n>+&\\='


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps({"error_msg": json.dumps({"password": SECRET})}),
        json.dumps(SECRET).replace("/", "\\/"),
        html.escape(SECRET),
        html.escape(json.dumps(SECRET)),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
    ],
)
def test_every_spelling_is_hidden(shown: str) -> None:
    """A secret is hidden as it is, in JSON (also in JSON in JSON), in HTML and in a URL."""
    mask = Mask().with_secrets([SECRET])
    headers, body = mask.reply({"Location": shown}, f"<p>{shown}</p>".encode())
    for text in (body.decode(), headers["Location"], mask.text(shown)):
        assert HIDDEN in text
        assert "k" not in text


def test_headers_of_a_key_are_hidden_but_for_the_open_ones() -> None:
    """Every header of a key may be secret, except the project and the date."""
    key = {"X-Security-Token": "security-token", "X-Own": "own-secret", "X-Project-Id": "project"}
    mask = Mask.of_headers(key)
    assert mask.text("security-token own-secret project") == f"{HIDDEN} {HIDDEN} project"


def test_signature_is_hidden() -> None:
    """The signature of a request is hidden with its header and alone; the AK and date are not."""
    signature = "0123456789abcdef" * 4
    value = f"SDK-HMAC-SHA256 Access=AKAKAKAK, SignedHeaders=host, Signature={signature}"
    mask = Mask().with_signature({"Authorization": value, "X-Sdk-Date": "20240101T000000Z"})
    assert mask.text(f"wrong: {value}") == f"wrong: {HIDDEN}"
    assert mask.text(f"AKAKAKAK {signature} 20240101T000000Z") == (
        f"AKAKAKAK {HIDDEN} 20240101T000000Z"
    )


def test_secret_that_contains_another_is_hidden_whole() -> None:
    """The longest spelling goes first, so nothing of it is left."""
    assert Mask().with_secrets(["secret", "my-secret-1"]).text("my-secret-1") == HIDDEN


def test_short_secret_hides_nothing() -> None:
    """A password of a few letters is in any text; IAM accepts no shorter one than six."""
    assert Mask().with_secrets(["token"]).text("a token") == "a token"
    assert Mask().with_secrets(["abcdef"]).text("abcdef") == HIDDEN


def test_reply_without_secrets_is_passed_on_as_it_is() -> None:
    """The body is the very same object: masking a reply costs little."""
    headers, body = {"Date": "now"}, b"{}"
    masked = Mask.of_headers({"X-Auth-Token": "the-token"}).reply(headers, body)
    assert dict(masked[0]) == headers
    assert masked[1] is body


def test_masked_headers_are_still_a_mapping() -> None:
    """They have the names and the number of the headers of the reply."""
    headers, _ = Mask().with_secrets(["secret"]).reply({"A": "a secret", "B": "b"}, b"")
    assert dict(headers) == {"A": f"a {HIDDEN}", "B": "b"}
    assert len(headers) == 2


def test_password_of_a_proxy_is_known() -> None:
    """It is hidden as it is typed, as it is escaped, and as it is sent."""
    mask = Mask().with_secrets(secrets_of_proxy("http://user:s3c%2Fret@proxy:3128"))
    assert mask.text("s3c/ret s3c%2Fret dXNlcjpzM2MvcmV0") == f"{HIDDEN} {HIDDEN} {HIDDEN}"
    assert secrets_of_proxy("http://proxy:3128") == ()
