"""No secret leaves the process but in the request that needs it, to the host that needs it.

The servers here repeat whatever they are sent: in error pages, messages, records, redirects and
headers, and in replies that are not HTTP.
"""

import asyncio
import html
import json
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ddswait import AccessKey, EcsMetadata, Password, Token, Waiter
from ddswait.credentials.project import ProjectByName
from ddswait.credentials.provider import Send
from ddswait.service.replies import Request
from tests.cli.in_process import run_virtually

PASSWORD = 'secret/pass"word&é+<1>'
TOKEN = "secret-token/+=" * 500
SECRET_KEY = "secret-key-of-access-key"
SECURITY_TOKEN = "secret-security-token/+="
METADATA_TOKEN = "secret-metadata-token"
PROVIDER_TOKEN = "secret-provider-token"
JOB = "9a767ede-fe0f-4888-9003-e843a4c90514"
PROJECT = "0549b4a43100d4f32f51c01c2fe4acdb"
# What is left of any of them, however a server writes it.
TRACES = ("secret/", "secret\\", "secret%", "secret-")

Reply = Callable[[str], bytes]


def http(status: int, body: str, **headers: str) -> bytes:
    """Return a reply; headers are on one line, whatever they repeat."""
    named = {**headers, "Content-Length": str(len(body.encode())), "Connection": "close"}
    lines = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n{body}".encode()


def error(status: int, code: str) -> Reply:
    def reply(heard: str) -> bytes:
        return http(status, json.dumps({"error_code": code, "error_msg": heard}))

    return reply


def record(heard: str) -> bytes:
    job = {"id": JOB, "status": "Failed", "fail_reason": heard, "name": heard, heard: heard}
    return http(200, json.dumps({"job": job, "jobs": [job], "projects": heard, "token": heard}))


def keystone_error(heard: str) -> bytes:
    return http(401, json.dumps({"error": {"code": 401, "message": heard}}))


ECHOES: dict[str, Reply] = {
    "page": lambda heard: http(502, f"<pre>{html.escape(heard)}</pre>"),
    "refusing page": lambda heard: http(403, heard),
    "redirect": lambda heard: http(302, "", Location=f"https://login.test/?{heard}"),
    "request ID": lambda heard: http(401, "", **{"X-Request-Id": heard, "Date": heard}),
    "throttled": error(429, "APIGW.0308"),
    "unknown": error(400, "DBS.200543"),
    "bad request": error(400, "DBS.200001"),
    "refused": error(401, "APIGW.0301"),
    "server error": error(500, "DBS.280005"),
    "Keystone's error": keystone_error,
    "record": record,
    "no HTTP": lambda heard: heard.encode(),
    "broken header": lambda heard: f"HTTP/1.1 200 OK\r\n{heard}\r\n\r\n".encode(),
    "header with a NUL": lambda heard: (
        f"HTTP/1.1 200 OK\r\nX-Echo: {' '.join(heard.split())}\0\r\n\r\n".encode()
    ),
    "created": lambda heard: http(201, heard),
}


class EchoServer:
    """Replies by repeating the request; remembers what it heard."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.heard: list[str] = []
        self.endpoint = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            sizes = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
            body = await reader.readexactly(int(sizes[0].split(b":")[1]) if sizes else 0)
            self.heard.append((head + body).decode())
            writer.write(self.reply(self.heard[-1]))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def text(self) -> str:
        return "\n".join(self.heard)


@asynccontextmanager
async def echoing(reply: Reply) -> AsyncIterator[EchoServer]:
    echo = EchoServer(reply)
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0, limit=2**20)
    async with server:
        echo.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield echo


def issuing(_heard: str) -> bytes:
    """Reply as IAM does to a password, and as the metadata service does to a request for a key."""
    if "PUT /meta-data" in _heard:
        return http(200, METADATA_TOKEN)
    if "/securitykey" in _heard:
        parts = {"access": "AKOFTHEECS", "secret": SECRET_KEY, "securitytoken": SECURITY_TOKEN}
        return http(200, json.dumps({"credential": parts}))
    if "/v3/projects" in _heard:
        return http(200, json.dumps({"projects": [{"id": PROJECT, "name": "eu-de"}]}))
    body = json.dumps({"token": {"project": {"id": PROJECT}}})
    return http(201, body, **{"X-Subject-Token": TOKEN})


class OwnProvider:
    """A provider of a user, which declares the secret of its request."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    async def obtain(self, send: Send) -> Any:
        body = f'{{"refresh": "{PROVIDER_TOKEN}"}}'.encode()
        request = Request("POST", f"{self._endpoint}/oauth", body, secrets=(PROVIDER_TOKEN,))
        reply = await send(request, lambda status, _, body: (status, body.decode()))
        if isinstance(reply, tuple):
            raise RuntimeError(f"HTTP {reply[0]}: {reply[1]}")  # noqa: TRY004 - as users do
        return reply


def credentials(kind: str, iam: str) -> Any:
    made: dict[str, Callable[[], Any]] = {
        "token": lambda: Token(TOKEN),
        "access key": lambda: AccessKey("AKAKAKAKAKAK", SECRET_KEY),
        "temporary key": lambda: AccessKey("AKAKAKAKAKAK", SECRET_KEY, SECURITY_TOKEN),
        "password": lambda: Password("user", PASSWORD, "account", iam, "eu-de"),
        "project by name": lambda: ProjectByName(Token(TOKEN), iam, "eu-de"),
        "metadata": lambda: EcsMetadata(iam),
        "own provider": lambda: OwnProvider(iam),
    }
    return made[kind]()


KINDS = (
    *("token", "access key", "temporary key", "password"),
    *("project by name", "metadata", "own provider"),
)


@pytest.fixture(autouse=True)
def _every_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


async def shown_by(dds: EchoServer, auth: Any) -> str:
    """Wait for a job, and return whatever the program of a user can see of it."""
    shown: list[object] = [auth]
    waiter = Waiter(
        endpoint=dds.endpoint,
        project_id=PROJECT,
        auth=auth,
        unreachable_after=5,
        on_event=shown.append,
    )
    shown.append(waiter)
    async with waiter:
        outcomes = await waiter.wait_all([JOB], timeout=20)
        shown += [*outcomes, *(outcome.job for outcome in outcomes)]
        try:
            await waiter.wait(JOB, timeout=20)
        except Exception as error:  # noqa: BLE001 - whatever reaches the user
            shown += [*traceback.format_exception(error), pickle.dumps(error), vars(error)]
    assert outcomes[0].message
    return "\n".join(f"{each!r}\n{each}" for each in shown)


def check(shown: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    logged = "\n".join(f"{record.getMessage()}\n{vars(record)!r}" for record in caplog.records)
    for text in (shown, logged, "".join(capsys.readouterr())):
        for trace in TRACES:
            assert trace not in text, text[max(text.index(trace) - 100, 0) :][:300]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_repeats_a_secret(
    kind: str, echo: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever DDS, or the service of the credentials, repeats: nobody is shown a secret."""
    async with echoing(ECHOES[echo]) as dds, echoing(issuing) as iam:
        check(await shown_by(dds, credentials(kind, iam.endpoint)), caplog, capsys)
        assert dds.heard or kind == "own provider"
    async with echoing(ECHOES[echo]) as dds, echoing(ECHOES[echo]) as iam:
        check(await shown_by(dds, credentials(kind, iam.endpoint)), caplog, capsys)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_host_hears_its_own_secrets_only(kind: str) -> None:
    """DDS never hears a password; IAM hears no key but to find a project; nobody hears an SK."""
    async with echoing(record) as dds, echoing(issuing) as iam:
        await shown_by(dds, credentials(kind, iam.endpoint))
    heard_by_dds, heard_by_iam = dds.text(), iam.text()
    assert SECRET_KEY not in heard_by_dds + heard_by_iam
    for secret in (json.dumps(PASSWORD), METADATA_TOKEN, PROVIDER_TOKEN):
        assert secret not in heard_by_dds
    assert (TOKEN in heard_by_iam) == (kind == "project by name")
    assert (TOKEN in heard_by_dds) == (kind in {"token", "password", "project by name"})
    assert (SECURITY_TOKEN in heard_by_dds) == (kind in {"temporary key", "metadata"})
    assert SECURITY_TOKEN not in heard_by_iam


@pytest.mark.parametrize("echo", ECHOES)
async def test_proxy_that_repeats_its_password(
    echo: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A proxy is sent its own user and password, which nobody is shown; and no token goes to it."""
    async with echoing(ECHOES[echo]) as proxy:
        address = proxy.endpoint.removeprefix("http://")
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://user:secret%2Fproxy-password@{address}")
        for scheme in ("http", "https"):
            waiter = Waiter(
                endpoint=f"{scheme}://dds.test",
                project_id=PROJECT,
                auth=Token(TOKEN),
                unreachable_after=5,
                insecure_http=True,
            )
            async with waiter:
                [outcome] = await waiter.wait_all([JOB], timeout=20)
            check(f"{outcome!r} {outcome}", caplog, capsys)
        assert "CONNECT dds.test:443" in proxy.text()
    # The token belongs inside the tunnel, which the proxy does not open here.
    assert not any(TOKEN in heard for heard in proxy.heard if heard.startswith("CONNECT"))


@pytest.mark.parametrize("echo", ECHOES)
async def test_command_shows_no_secret(
    echo: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output, log and reports of the command are free of the token that the server repeats."""
    files = [tmp_path / name for name in ("junit.xml", "report.html", "state.json")]
    junit, report, state = map(str, files)
    async with echoing(ECHOES[echo]) as dds:
        made: Any = SimpleNamespace(endpoint=dds.endpoint, project_id=PROJECT, token=TOKEN)
        for output in ("text", "json", "jsonl"):
            done = await run_virtually(
                made,
                capsys,
                *("--verbose", "--output", output, "--timeout", "20s"),
                *("--unreachable-after", "5s", "--junit", junit, "--report", report),
                *("--state", state, JOB),
            )
            shown = [done.stdout, done.stderr]
            with suppress(FileNotFoundError):
                shown += [file.read_text() for file in files]
            assert not any(trace in text for trace in TRACES for text in shown)
        assert dds.heard
