"""ddswait.api: requests out, replies in."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.credentials import signer
from ddswait.errors import ConfigurationError
from ddswait.outcome import Refusal
from ddswait.service import dds as api
from ddswait.service.dds import Completed, Failed, Running, Throttled, TransientFailure, UnknownJob

SAMPLES = Path(__file__).parents[1] / "samples"


def body(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read(status: int, content: bytes, job_id: str = "x", **headers: str) -> api.Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.read_show_job(job_id, status, named, content)


def coded(code: str, message: str = "m") -> bytes:
    return json.dumps({"error_code": code, "error_msg": message}).encode()


def test_request_is_the_documented_one() -> None:
    """The question about a job is the URL of the API reference, with English messages asked for."""
    project, job_id = "0549b4a43100d4f32f51c01c2fe4acdb", "a9767ede-fe0f-4888-9003-e843a4c90514"
    endpoint = "https://dds.ap-southeast-1.myhuaweicloud.com"
    request = api.show_job(endpoint, project, job_id)
    assert request.url == f"{endpoint}/v3/{project}/jobs?id={job_id}"
    assert (request.method, api.HEADERS["X-Language"]) == ("GET", "en-us")
    assert api.show_job(endpoint, "p", "a&b=/c~").url.endswith("?id=a%26b%3D%2Fc~")


@pytest.mark.parametrize(
    ("file", "job_id", "kind"),
    [
        ("job-running.json", "9d10bfd1-affb-49c3-b977-298950a8d6fa", Running),
        ("job-completed.json", "f85104b5-4a9c-4e0f-9505-fc5409d8f7ae", Completed),
        ("job-failed.json", "a03b1b8a-b756-467c-8a49-38720c3d23ec", Failed),
    ],
)
def test_recorded_jobs(file: str, job_id: str, kind: type) -> None:
    """The recorded replies mean what they say, for the job that was asked about."""
    assert type(read(200, body(file), job_id)) is kind
    assert isinstance(read(200, body(file), "another"), TransientFailure)


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
        assert (reply.concerns_everything, reply.http_status) == (meaning, status)
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
    ("told", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-1", 0.0),
        ("1e3", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("999999999999", 86400.0),
        ("Fri, 01 Jan 2021 00:02:00 GMT", 90.0),
        ("Fri, 01 Jan 2020 00:02:00 GMT", 0.0),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(told: str, seconds: float) -> None:
    """Retry-After is read in both forms, against the reply's own Date, and bounded by a day."""
    reply = read(503, b"", Retry_After=told, Date="Fri, 01 Jan 2021 00:00:30 GMT")
    assert isinstance(reply, TransientFailure)
    assert reply.retry_after == seconds


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["job", "id", "status", "error", "code", "x"]), inner)
    ),
)


@given(
    st.integers(100, 599),
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["Retry-After", "Date", "Location"]), st.text()),
)
def test_no_reply_breaks_the_reader(status: int, content: bytes, headers: dict[str, str]) -> None:
    """Whatever comes back is one of the replies."""
    assert isinstance(api.read_show_job("x", status, headers, content), get_args(api.Reply))


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Fri, 01 Jan 2021 00:00:00 GMT", 1609459200.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 01 Jan 0100 00:00:00 GMT", None),
        ("", None),
        ("rubbish", None),
    ],
)
def test_only_a_clock_of_our_times_is_one(date: str, moment: float | None) -> None:
    """A month before and after what a Date header says is a date, or it says nothing."""
    assert api.moment_of(date) == moment


@pytest.mark.parametrize("project_id", ["", "a/b", "a b", "x" * 65, "ü"])
def test_bad_project_ids_are_named(project_id: str) -> None:
    """A project ID is 32 hex digits, and never something that changes the path."""
    with pytest.raises(ConfigurationError, match="project ID"):
        api.check_project_id(project_id)


def test_query_of_a_list_is_written_as_it_is_signed() -> None:
    """Sorted and strictly escaped: a verifier that does not sort comes to the same."""
    query = api.list_tasks("https://dds.test", "p", "Running", 0.0, 7, 100).url.partition("?")[2]
    assert query == signer.canonical_query(query)


def test_request_does_not_show_its_body() -> None:
    """A body may hold a password: its length is all that `repr` tells."""
    shown = repr(api.Request("POST", "https://iam.test/v3/auth/tokens", b"s3cret"))
    assert shown == "Request('POST', 'https://iam.test/v3/auth/tokens', 6 bytes)"
