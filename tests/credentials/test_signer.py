"""ddswait.credentials.signer: recorded signatures, and the simulator's own verifier."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddswait.credentials import signer
from ddswait.simulator.signatures import Keys, Signed

VECTORS = json.loads((Path(__file__).parents[1] / "samples" / "signing-vectors.json").read_text())
PRESENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    """Canonical request and signature are those of Huawei's own signer."""
    named = {name.lower(): value for name, value in vector["headers"].items()}
    canonical = signer.canonical_request(vector["method"], vector["url"], named, b"")
    assert canonical == vector["canonical_request"]
    keys = vector["access_key"], vector["secret_key"]
    signed = signer.sign(*keys, vector["method"], vector["url"], vector["headers"])
    assert signed == vector["authorization"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_verifier_agrees_with_the_vectors(vector: dict[str, Any]) -> None:
    """The simulator accepts signatures of Huawei's signer, and refuses changed requests."""
    keys = Keys()
    token = vector["headers"].get("X-Security-Token")
    keys.add(vector["access_key"], vector["secret_key"], token)
    parts = urlsplit(vector["url"])
    headers = {name.title(): value for name, value in vector["headers"].items()}
    headers |= {name.lower(): value for name, value in vector["headers"].items()}
    headers["Authorization"] = vector["authorization"]
    request = Signed(vector["method"], parts.path, parts.query, headers, b"")
    assert keys.refusal(request, 0.0, PRESENT) is None
    for changed in (
        Signed("POST", parts.path, parts.query, headers, b""),
        Signed(vector["method"], f"{parts.path}x", parts.query, headers, b""),
        Signed(vector["method"], parts.path, f"{parts.query}x", headers, b""),
        Signed(vector["method"], parts.path, parts.query, headers, b"x"),
    ):
        assert keys.refusal(changed, 0.0, PRESENT) == "verify aksk signature fail"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PATHS = st.lists(TEXT.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=4)


QUERIES = st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=4)
# Names and values as HTTP allows them; spaces inside and at the ends included.
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
HEADERS = st.dictionaries(st.from_regex(r"X-[A-Za-z0-9-]{1,9}", fullmatch=True), VALUES, max_size=3)


@settings(max_examples=40)  # more find nothing new, and cost a second
@given(PATHS, QUERIES, HEADERS, st.binary(max_size=9))
def test_signer_and_verifier_agree(
    path: list[str], query: list[tuple[str, str]], extra: dict[str, str], body: bytes
) -> None:
    """For any path, query, headers and body, the verifier accepts the signature."""
    from urllib.parse import quote, urlencode

    raw_path = "/" + "/".join(quote(part, safe="~") for part in ["v3", *path, "end"])
    raw_query = urlencode(query, quote_via=quote, safe="~")
    url = f"https://dds.test:8443{raw_path}" + (f"?{raw_query}" if raw_query else "")
    own = {"host": "dds.test:8443", "x-sdk-date": signer.stamp(PRESENT)}
    headers = {**{name.lower(): value for name, value in extra.items()}, **own}
    authorization = signer.sign("AK", "SK", "POST", url, headers, body)
    keys = Keys()
    keys.add("AK", "SK")
    names = {**headers, "X-Sdk-Date": headers["x-sdk-date"], "Authorization": authorization}
    assert keys.refusal(Signed("POST", raw_path, raw_query, names, body), 0.0, PRESENT) is None


@pytest.mark.parametrize("path", ["", "/", "/v3/p/jobs", "/v3/p/a b", "/v3/%2F/~x", "/%41"])
@pytest.mark.parametrize(
    "query", ["", "id=1-a_b.c~", "id=", "id", "a=b=c", "b=1&a=2", "a=%2f", "a=+", "a-b=1&a=1"]
)
def test_plain_url_is_signed_like_any_other(path: str, query: str) -> None:
    """What is canonical already is not escaped again, and nothing else is taken for canonical."""
    url = f"https://dds.test{path}" + (f"?{query}" if query else "")
    own = {"host": "dds.test", "x-sdk-date": signer.stamp(PRESENT)}
    keys = Keys()
    keys.add("AK", "SK")
    names = {**own, "X-Sdk-Date": own["x-sdk-date"]}
    names["Authorization"] = signer.sign("AK", "SK", "GET", url, own)
    assert keys.refusal(Signed("GET", path, query, names, b""), 0.0, PRESENT) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://dds.test",
        "https://dds.test?a=b",
        "https://dds.test:8443/v3?a=/b?c",
        "http://[::1]:80/a?b#c?d",
        "http://u:p@dds.test/a://b",
    ],
)
def test_target_has_the_parts_of_the_url(url: str) -> None:
    """Host, path and query are those of the standard library."""
    parts = urlsplit(url)
    assert signer.target_of(url) == (parts.netloc, parts.path, parts.query)


def test_stamp_is_padded() -> None:
    """A date has eight digits, a time six."""
    assert signer.stamp(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)) == "20240102T030405Z"
    assert signer.stamp(datetime(2024, 11, 12, 13, 14, 15, 999999, UTC)) == "20241112T131415Z"
