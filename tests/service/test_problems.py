"""ddswait.service.problems: replies outside 200 to 299."""

import json
from pathlib import Path
from typing import Any

import pytest

from ddswait.outcome import Refusal, Scope
from ddswait.service.dds import SERVICE
from ddswait.service.error_codes import CLOCK_HINT
from ddswait.service.problems import hint_with_date, quote_body, read_problem
from ddswait.service.replies import JobReply, Problem, Throttled, TransientFailure, UnknownJob

SAMPLES = Path(__file__).parents[1] / "samples"


def body(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read(status: int, content: bytes, job_id: str = "x", **headers: str) -> JobReply | Problem:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SERVICE.read_job(job_id, status, named, content)


def coded(code: str, message: str = "m") -> bytes:
    return json.dumps({"error_code": code, "error_msg": message}).encode()


ALL, ONE = True, False


@pytest.mark.parametrize(
    ("status", "content", "meaning"),
    [
        (400, body("error-400-unknown-job.json"), UnknownJob),
        (404, coded("DBS.200543"), UnknownJob),
        (404, coded("DBS.200999"), UnknownJob),
        (200, b'{"job": null}', UnknownJob),
        (200, b'{"job": {"id": "x", "status": ""}}', UnknownJob),
        (400, coded("DBS.200001"), ONE),
        (400, coded("DBS.280408"), ALL),
        (400, coded("APIGW.0201"), ALL),
        (401, body("error-401-gateway.json"), ALL),
        (401, body("error-401-signature.json"), ALL),
        (401, coded("DBS.280056"), ALL),
        (401, b"", ALL),
        (403, body("error-403-permission.json"), ALL),
        (403, b"<html>no</html>", ALL),
        (404, body("error-404-api.json"), ALL),
        (407, b"", ALL),
        (404, b"<html>nginx</html>", TransientFailure),
        (405, coded("APIGW.0999"), ONE),
        (408, coded("APIGW.0999"), TransientFailure),
        (301, b"", TransientFailure),
        (500, body("error-500-dds.json"), TransientFailure),
        (500, coded("APIGW.0601"), TransientFailure),
        (502, b"<html>bad gateway</html>", TransientFailure),
        (503, coded("APIGW.0202"), TransientFailure),
        (504, b"", TransientFailure),
        (429, body("error-429-dds.json"), Throttled),
        (429, body("error-429-ip.json"), Throttled),
        (429, body("error-429-user.json"), Throttled),
        (200, b"", TransientFailure),
        (200, b"<html>proxy</html>", TransientFailure),
        (200, b'{"jobs": []}', TransientFailure),
        (200, b'{"job": []}', UnknownJob),
        (200, b'{"job": {"status": 7, "id": "x"}}', TransientFailure),
        (200, b"[" * 100_000, TransientFailure),
        (204, b"", TransientFailure),
    ],
)
def test_every_documented_error_has_its_meaning(
    status: int, content: bytes, meaning: type | bool
) -> None:
    """Transient, fatal for one, fatal for all, or not known: as the table of errors says."""
    reply = read(status, content, X_Request_Id="req-1")
    if isinstance(meaning, bool):
        assert isinstance(reply, Refusal)
        assert (reply.scope is Scope.EVERYTHING, reply.http_status) == (meaning, status)
        assert reply.request_id == "req-1"
    else:
        assert type(reply) is meaning


@pytest.mark.parametrize(
    ("message", "limit", "window", "policy"),
    [
        ("policy user over ratelimit,limit:200,time:5 minute", 200, 300.0, "user"),
        ("policy ip over ratelimit,limit:5,time:1 second", 5, 1.0, "ip"),
        ("policy api over ratelimit,limit:9,time:2 hour", 9, 7200.0, "api"),
        ("policy api over ratelimit,limit:9,time:1 day", 9, 86400.0, "api"),
        ("policy apis over ratelimit,limit:9,time:1 day", 9, 86400.0, ""),
        ("limit:0,time:1 second", None, None, ""),
        ("slow down", None, None, ""),
    ],
)
def test_throttling_states_its_limit(
    message: str, limit: int | None, window: float | None, policy: str
) -> None:
    """A 429's own words give the limit, its window in seconds and its policy, where they do."""
    reply = read(429, coded("APIGW.0308", message))
    assert isinstance(reply, Throttled)
    assert (reply.limit, reply.window, reply.policy) == (limit, window, policy)


@pytest.mark.parametrize(
    "document",
    [
        {"error_code": "c.1", "error_msg": "m"},
        {"errorCode": "c.1", "errorMsg": "m"},
        {"errCode": "c.1", "message": "m"},
        {"code": "c.1", "message": "m"},
        {"error": {"code": "c.1", "message": "m"}},
        {"error_code": "c.1", "error_msg": "m", "request_id": "r"},
    ],
)
def test_error_bodies_of_the_whole_family(document: dict[str, Any]) -> None:
    """Every shape of an error body gives its code and its message."""
    reply = read(403, json.dumps(document).encode())
    assert isinstance(reply, Refusal)
    assert (reply.error_code, reply.error_msg) == ("c.1", "m")


@pytest.mark.parametrize("code", [401, "401"])
def test_status_that_is_repeated_as_the_code_is_no_code(code: object) -> None:
    """Keystone repeats the status as the code, so a refusal tells it once; others are codes."""
    content = json.dumps({"error": {"code": code, "message": "m"}}).encode()
    for status, shown in ((401, ""), (403, "401")):
        reply = read(status, content)
        assert isinstance(reply, Refusal)
        assert reply.error_code == shown


def test_redirect_names_its_target() -> None:
    """A redirect is a fault that says where it points."""
    reply = read(302, b"", Location="https://elsewhere/")
    assert isinstance(reply, TransientFailure)
    assert "elsewhere" in reply.cause
    assert "not followed" in reply.cause


DATE = "Fri, 01 Jan 2021 00:00:30 GMT"


def test_redirect_quotes_the_start_of_its_target() -> None:
    """The cause is one sentence: what came, and where it points, up to 200 characters."""
    reply = read(302, b"", Location="https://e/" + "x" * 300)
    assert isinstance(reply, TransientFailure)
    assert reply.cause == (
        f"HTTP 302: an empty body, redirected to 'https://e/{'x' * 190}', which is not followed"
    )


@pytest.mark.parametrize("status", [429, 503])
def test_failure_says_what_came_and_how_long_to_wait(status: int) -> None:
    """Status, code, message and request ID are the cause; Retry-After is in seconds."""
    for message in ("slow down", "limit:3,time:2 minute"):
        reply = read(status, coded("APIGW.1", message), Retry_After="7", X_Request_Id="r1")
        assert isinstance(reply, TransientFailure | Throttled)
        assert reply.retry_after == 7.0
        assert reply.kind == ("too many requests" if status == 429 else "HTTP 503")
        refusal = Refusal(status, "APIGW.1", message, "r1")
        assert reply.cause == str(refusal)
        assert message in reply.cause


def test_refusal_holds_everything_that_the_reply_said() -> None:
    """Status, code, message, request ID and date come from the reply; scope and hint do not."""
    headers = {"Date": DATE, "X-Request-Id": "r1"}
    reply = read_problem(401, headers, coded("APIGW.0303"))
    assert isinstance(reply, Refusal)
    assert reply == Refusal(401, "APIGW.0303", "m", "r1", Scope.EVERYTHING)
    assert reply.hint == f"{CLOCK_HINT}; the server's clock says {DATE}"
    assert (reply.date, reply.refuses_credentials) == (DATE, True)
    bare = read_problem(401, {}, coded("APIGW.0303"))
    assert isinstance(bare, Refusal)
    assert (bare.request_id, bare.hint, bare.date) == ("", CLOCK_HINT, "")


def test_unknown_job_is_a_message_with_the_time_of_the_server() -> None:
    """The reply that does not know a job says so in its own words, and tells the time."""
    reply = read_problem(404, {"Date": DATE}, coded("DBS.200543", "The job does not exist."))
    assert isinstance(reply, UnknownJob)
    assert "The job does not exist." in reply.message
    assert reply.date == DATE


@pytest.mark.parametrize(
    ("hint", "date", "shown"),
    [
        (CLOCK_HINT, DATE, f"{CLOCK_HINT}; the server's clock says {DATE}"),
        (CLOCK_HINT, "", CLOCK_HINT),
        ("check AK and SK", DATE, "check AK and SK"),
    ],
)
def test_only_a_hint_about_the_clock_says_the_time(hint: str, date: str, shown: str) -> None:
    """The server's time helps only where the clocks differ."""
    assert hint_with_date(hint, date) == shown


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"error_code": "c", "error_message": "m"}', "c", "m"),
        (b'{"error_code": 7, "error_msg": "m"}', "7", "m"),
        (b'{"error_code": "c"}', "c", '{"error_code": "c"}'),
        (b'{"error_code": "c", "error_msg": 7}', "c", '{"error_code": "c", "error_msg": 7}'),
        (b"[1]", "", "[1]"),
        (b"", "", "an empty body"),
        (b"a \n\t b\xff", "", "a b\ufffd"),
    ],
)
def test_message_is_that_of_the_body_or_the_body(body: bytes, code: str, message: str) -> None:
    """Without a message, the start of the body is quoted, in one line."""
    reply = read_problem(403, {}, body)
    assert isinstance(reply, Refusal)
    assert (reply.error_code, reply.error_msg) == (code, message)


@pytest.mark.parametrize("begin", [b"", b" "])
def test_half_a_surrogate_pair_does_not_hide_an_error_code(begin: bytes) -> None:
    """Some services encode each half by itself, which is not UTF-8: it is read all the same."""
    half = b"\xed\xa0\x80"
    reply = read_problem(400, {}, begin + b'{"error_code": "c", "error_msg": "' + half + b'"}')
    assert isinstance(reply, Refusal)
    assert (reply.error_code, reply.error_msg) == ("c", "\ud800")


def test_only_the_start_of_a_body_is_quoted() -> None:
    """200 characters are quoted; a longer text ends in three dots."""
    assert quote_body(b"x" * 200) == "x" * 200
    assert quote_body(b"x" * 201) == "x" * 200 + "..."


@pytest.mark.parametrize(("headers", "told"), [({}, ""), ({"Date": DATE}, DATE)])
def test_expired_signature_is_a_wrong_clock(headers: dict[str, str], told: str) -> None:
    """The code is that of a wrong key; the message tells the two apart, with and without a date."""
    reply = read_problem(401, headers, body("error-401-clock.json"))
    assert isinstance(reply, Refusal)
    assert reply.hint.startswith(CLOCK_HINT)
    assert reply.hint.endswith(told)
    assert "server time:20240102T032005Z" in str(reply)
    other = read_problem(400, headers, body("error-401-clock.json"))
    assert isinstance(other, Refusal)
    assert CLOCK_HINT not in other.hint
