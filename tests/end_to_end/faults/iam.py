"""Faults of IAM, and of credentials that it renews: the command has a user name and a password."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.end_to_end.faults.building import HTML, changes, error, http, says, with_body
from tests.end_to_end.faults.connections import reset
from tests.end_to_end.faults.fault import Fault

if TYPE_CHECKING:
    from tests.end_to_end.faults.building import Act
    from tests.end_to_end.faults.fault import Peer, Reply

_TOKENS = "/auth/tokens"
_USER = {
    "HW_AUTH_TOKEN": "",
    "HW_PROJECT_ID": "",
    "HW_USER_NAME": "operator",
    "HW_USER_PASSWORD": "simulated-password",
    "HW_DOMAIN_NAME": "account",
    "HW_REGION_NAME": "simulated-region-1",
    "HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://127.0.0.1:{port}",
}


def _keystone(code: int, message: str) -> bytes:
    """Return an error of IAM, whose code is a number."""
    document = {"error": {"code": code, "message": message, "title": "made up by a test"}}
    return http(code, json.dumps(document).encode())


def _without(header: bytes) -> Act:
    def change(reply: Reply) -> bytes:
        lines = [line for line in reply.head.split(b"\r\n") if not line.startswith(header)]
        return b"\r\n".join((*filter(None, lines), b"", reply.body))

    return changes(change)


async def _silence(peer: Peer) -> None:
    await peer.silence()


async def _reset_in_body(peer: Peer) -> None:
    reply = await peer.forward()
    await peer.send(reply.head + reply.body[:20])
    peer.reset()


async def _cut_behind_the_token(peer: Peer) -> None:
    head = (await peer.forward()).head
    end = head.index(b"\r\n", head.index(b"X-Subject-Token"))
    await peer.send(head[: end + 2])
    peer.close()


def _token_is(token: bytes) -> Act:
    def change(reply: Reply) -> bytes:
        name, colon, rest = reply.head.partition(b"X-Subject-Token: ")
        return name + colon + token + rest[rest.index(b"\r\n") :] + reply.body

    return changes(change)


def _tokens(act: Act) -> Fault:
    return Fault(act, concerns=_TOKENS, env=_USER)


FAULTS = {
    "IAM: reset in place of the reply": _tokens(reset),
    "IAM: silence in place of the reply": _tokens(_silence),
    "IAM: 401 (wrong password)": _tokens(says(_keystone(401, "The password is wrong."))),
    "IAM: 400": _tokens(says(_keystone(400, "Expecting to find domain in project."))),
    "IAM: 403": _tokens(says(_keystone(403, "The user is locked."))),
    "IAM: 404": _tokens(says(_keystone(404, "Not found."))),
    "IAM: 409": _tokens(says(_keystone(409, "Conflict."))),
    "IAM: 429": _tokens(says(_keystone(429, "Too many requests."))),
    "IAM: 500": _tokens(says(_keystone(500, "Internal error."))),
    "IAM: 503 HTML": _tokens(says(http(503, HTML, "text/html"))),
    "IAM: 200 HTML (captive portal)": _tokens(says(http(200, HTML, "text/html"))),
    "IAM: 302": _tokens(says(http(302, Location="/v3/elsewhere"))),
    "IAM: no token in the reply": _tokens(_without(b"X-Subject-Token")),
    "IAM: closed in the headers, behind the token": _tokens(_cut_behind_the_token),
    "IAM: bad header behind the token": _tokens(
        changes(lambda reply: reply.head[:-2] + b"no colon here\r\n\r\n" + reply.body)
    ),
    "IAM: reset in the body, behind the token": _tokens(_reset_in_body),
    "IAM: token of 240,000 characters": _tokens(_token_is(b"s3cret" * 40_000)),
    "IAM: token with a NUL byte": _tokens(_token_is(b"s3cret\x00s3cret")),
    "IAM: token with a space": _tokens(_token_is(b"s3cret s3cret")),
    "IAM: empty token": _tokens(_token_is(b"")),
    "IAM: no Date in the reply": _tokens(_without(b"Date")),
    "IAM: the reply has no JSON": _tokens(changes(lambda reply: with_body(reply, HTML))),
    "IAM: the token is refused": Fault(
        says(http(401, error("APIGW.0301"))), concerns="/jobs?id=", env=_USER
    ),
}
