"""ddswait.simulator.signatures, by the published description and by recorded signatures.

`authorization` follows the description step by step, for requests whose canonical form can be
written down by hand.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from ddswait.simulator.signatures import EXPIRED, Keys, Signed
from tests.simulator.calls import sample

PRESENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
DATE = "20240102T030405Z"
WRONG = "verify aksk signature fail"

VECTORS = sample("signing-vectors.json")


class Headers(dict[str, str]):
    """Headers whose names may be written in any case, as in HTTP."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def authorization(
    canonical_uri: str,
    canonical_query: str,
    signed_headers: dict[str, str],
    *,
    method: str = "GET",
    body: bytes = b"",
) -> str:
    """Return the header of a request whose canonical parts are given, signed by AK and SK."""
    lines = "".join(f"{name}:{value}\n" for name, value in signed_headers.items())
    names = ";".join(signed_headers)
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n{canonical_uri}\n{canonical_query}\n{lines}\n{names}\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{signed_headers.get('x-sdk-date')}\n{digest}"
    signature = hmac.new(b"SK", text.encode(), hashlib.sha256).hexdigest()
    return f"SDK-HMAC-SHA256 Access=AK, SignedHeaders={names}, Signature={signature}"


OWN = {"host": "dds.test", "x-sdk-date": DATE}


def request(
    header: str,
    path: str = "/v3/p/jobs",
    query: str = "id=a",
    *,
    method: str = "GET",
    body: bytes = b"",
    **headers: str,
) -> Signed:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Signed(method, path, query, Headers({**OWN, **named, "authorization": header}), body)


def keys() -> Keys:
    known = Keys()
    known.add("AK", "SK")
    return known


GOOD = authorization("/v3/p/jobs/", "id=a", OWN)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_recorded_signatures_are_accepted(vector: dict[str, Any]) -> None:
    """What Huawei's own signer made is accepted, until one character differs."""
    known = Keys()
    token = vector["headers"].get("X-Security-Token")
    known.add(vector["access_key"], vector["secret_key"], token)
    parts = urlsplit(vector["url"])
    headers = Headers({**vector["headers"], "authorization": vector["authorization"]})
    sent = Signed(vector["method"], parts.path, parts.query, headers, b"")
    assert known.refusal(sent, 0.0, PRESENT) is None
    other = Signed(vector["method"], parts.path, parts.query + "0", headers, b"")
    assert known.refusal(other, 0.0, PRESENT) == WRONG


@pytest.mark.parametrize(
    "altered",
    [
        {"method": "POST"},
        {"path": "/v3/p/jobs2"},
        {"query": "id=b"},
        {"query": ""},
        {"body": b" "},
        {"host": "dds.other"},
        {"header": GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")},
    ],
)
def test_signature_holds_for_the_whole_request(altered: dict[str, Any]) -> None:
    """Method, path, query, signed headers and body must be those that were signed."""
    assert keys().refusal(request(GOOD), 0.0, PRESENT) is None
    assert keys().refusal(request(**{"header": GOOD, **altered}), 0.0, PRESENT) == WRONG


@pytest.mark.parametrize(
    ("path", "query", "canonical_uri", "canonical_query"),
    [
        ("/v3/p/jobs/", "", "/v3/p/jobs/", ""),
        ("/v3/p/jobs", "", "/v3/p/jobs/", ""),
        ("/v3/a%20b~c", "", "/v3/a%20b~c/", ""),
        ("/v3/a+b", "", "/v3/a%2Bb/", ""),
        ("/v3/%E4%BA%91", "", "/v3/%E4%BA%91/", ""),
        ("/", "b=2&a=1", "/", "a=1&b=2"),
        ("/", "a=2&a=1", "/", "a=1&a=2"),
        ("/", "a", "/", "a="),
        ("/", "t=2024-01-02T03:04:05%2B0000", "/", "t=2024-01-02T03%3A04%3A05%2B0000"),
        ("/", "t=a+b~c", "/", "t=a%20b~c"),
    ],
)
def test_canonical_form(path: str, query: str, canonical_uri: str, canonical_query: str) -> None:
    """The path ends in a slash, the query is sorted, and both are encoded but for `~`."""
    header = authorization(canonical_uri, canonical_query, OWN)
    assert keys().refusal(request(header, path, query), 0.0, PRESENT) is None


def test_body_is_signed() -> None:
    """The signature of a POST covers its body."""
    header = authorization("/v3/p/jobs/", "id=a", OWN, method="POST", body=b"{}")
    assert keys().refusal(request(header, method="POST", body=b"{}"), 0.0, PRESENT) is None
    assert keys().refusal(request(header, method="POST", body=b"{} "), 0.0, PRESENT) == WRONG


def test_further_headers_may_be_signed() -> None:
    """Every header that is named is part of the signature; spaces around values are not."""
    signed = {**OWN, "x-project-id": "p"}
    header = authorization("/v3/p/jobs/", "id=a", signed)
    assert keys().refusal(request(header, x_project_id=" p "), 0.0, PRESENT) is None
    assert keys().refusal(request(header, x_project_id="q"), 0.0, PRESENT) == WRONG


@pytest.mark.parametrize("missing", ["host", "x-sdk-date"])
def test_host_and_date_must_be_signed(missing: str) -> None:
    """A signature without them could be sent elsewhere or again."""
    signed = {name: value for name, value in OWN.items() if name != missing}
    header = authorization("/v3/p/jobs/", "id=a", signed)
    refusal = keys().refusal(request(header), 0.0, PRESENT)
    assert refusal == "host and x-sdk-date must be signed"


@pytest.mark.parametrize(
    ("minutes", "server"),
    [(15, ""), (-15, ""), (15.1, "20240102T031911Z"), (-15.1, "20240102T024859Z")],
)
def test_clocks_may_differ_by_a_quarter_of_an_hour(minutes: float, server: str) -> None:
    """A request that was signed earlier or later is refused for its time; both times are told."""
    present = PRESENT + timedelta(minutes=minutes)
    refusal = keys().refusal(request(GOOD), 0.0, present)
    own = "20240102T030405Z"
    expected = f"{EXPIRED}, signature time:{own},server time:{server}" if server else None
    assert refusal == expected


@pytest.mark.parametrize("date", ["", "2024-01-02T03:04:05Z", "now"])
def test_malformed_date_is_refused(date: str) -> None:
    """The date has one format only."""
    header = authorization("/v3/p/jobs/", "id=a", {**OWN, "x-sdk-date": date})
    refusal = keys().refusal(request(header, x_sdk_date=date), 0.0, PRESENT)
    assert refusal == "x-sdk-date is missing or malformed"


@pytest.mark.parametrize(
    "header", ["", "Bearer t", GOOD.lower(), GOOD[:-1], GOOD.replace(", ", ","), f"{GOOD} "]
)
def test_malformed_header_is_refused(header: str) -> None:
    """The header has one format only."""
    refusal = keys().refusal(request(header), 0.0, PRESENT)
    assert refusal == "authorization header is malformed"


def test_unknown_key_is_refused() -> None:
    """A good signature by an unknown key opens nothing."""
    assert Keys().refusal(request(GOOD), 0.0, PRESENT) == f"{WRONG}, access key is unknown"


def test_temporary_key_needs_its_token() -> None:
    """The security token must be sent along, and signed as any header is."""
    known = Keys()
    known.add("AK", "SK", "tok/en+==")
    signed = {**OWN, "x-security-token": "tok/en+=="}
    header = authorization("/v3/p/jobs/", "id=a", signed)
    sent = request(header, x_security_token="tok/en+==")
    assert known.refusal(sent, 0.0, PRESENT) is None
    assert known.refusal(request(GOOD), 0.0, PRESENT) == "security token is wrong"
    assert keys().refusal(sent, 0.0, PRESENT) == "security token is wrong"


def test_key_expires() -> None:
    """A key is refused from its end on; all keys can be ended at once."""
    known = Keys()
    known.add("AK", "SK", until=100.0)
    assert known.refusal(request(GOOD), 99.9, PRESENT) is None
    assert known.refusal(request(GOOD), 100.0, PRESENT) == "the security token has expired"
    known = keys()
    known.end_all()
    assert known.refusal(request(GOOD), 0.0, PRESENT) == "the security token has expired"


def test_sixth_refusal_in_a_row_locks_the_key() -> None:
    """More than five failures in a row lock a key for five minutes, good signatures included."""
    known, bad = keys(), request(GOOD, query="id=b")
    for now in range(5):
        assert known.refusal(bad, now, PRESENT) == WRONG
    assert known.refusal(request(GOOD), 5.0, PRESENT) is None
    for _ in range(6):
        assert known.refusal(bad, 10.0, PRESENT) == WRONG
    assert known.refusal(request(GOOD), 309.9, PRESENT) == "the access key is locked"
    assert known.refusal(request(GOOD), 310.0, PRESENT) is None
