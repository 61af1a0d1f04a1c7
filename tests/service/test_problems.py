"""ddswait.service.problems: replies outside 200 to 299."""

import json
from pathlib import Path
from typing import Any

import pytest

from ddswait.outcome import Refusal, Scope
from ddswait.service.dds import SERVICE
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
        (200, b'{"job": []}', TransientFailure),
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


def test_redirect_names_its_target() -> None:
    """A redirect is a fault that says where it points."""
    reply = read(302, b"", Location="https://elsewhere/")
    assert isinstance(reply, TransientFailure)
    assert "elsewhere" in reply.cause
    assert "not followed" in reply.cause
