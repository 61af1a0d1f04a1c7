"""Faults of what a reply with status 200 says: other formats, other records, hostile values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.faults.building import HTML, changes, http, replies, says, shows, with_body
from tests.end_to_end.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.faults.fault import Peer, Reply

_DEEP = 100_000


def _says(body: bytes) -> Fault:
    return Fault(says(http(200, body)))


def _recoded(recode: Callable[[bytes], bytes]) -> Fault:
    return Fault(changes(lambda reply: with_body(reply, recode(reply.body))))


async def _repeats_the_token(peer: Peer) -> None:
    head = peer.request.decode("latin-1").replace("\r\n", " ")
    await peer.send(http(502, f"cannot forward: {head}".encode(), "text/plain"))


def _with_date(date: str) -> Fault:
    def change(reply: Reply) -> bytes:
        lines = [line for line in reply.head.split(b"\r\n") if not line.startswith(b"Date:")]
        head = b"\r\n".join((*filter(None, lines), *([date.encode()] if date else []), b"", b""))
        return head + reply.body

    return Fault(changes(change))


_FORMATS = {
    "200 HTML (captive portal)": replies(200, HTML, "text/html"),
    "JSON cut off": _recoded(lambda body: body[:40]),
    "JSON with text behind it": _recoded(lambda body: body + b" and more"),
    "JSON with a byte order mark": _recoded(lambda body: b"\xef\xbb\xbf" + body),
    "JSON in UTF-16": _recoded(lambda body: body.decode().encode("utf-16")),
    "JSON in Latin-1": _recoded(
        lambda body: body.replace(b"dds-simulated", "dds-\u00e9".encode("latin-1"))
    ),
    "JSON in EBCDIC": _recoded(lambda body: body.decode().encode("cp500")),
    "JSON 100,000 levels deep": _says(b"[" * _DEEP + b"]" * _DEEP),
    "JSON with a number of 10,000 digits": _says(b'{"job": %s}' % (b"9" * 10_000)),
    "JSON with a key twice": _recoded(
        lambda body: body.replace(b'{"job":', b'{"job": null, "job":')
    ),
    "JSON in single quotes": _recoded(lambda body: body.replace(b'"', b"'")),
    "JSON as text/html": Fault(
        changes(lambda reply: reply.head.replace(b"application/json", b"text/html") + reply.body)
    ),
}
_SHAPES = {
    "JSON null": _says(b"null"),
    "JSON list": _says(b"[]"),
    "JSON without a job": _says(b'{"status": "Completed"}'),
    "error body with status 200": _says(b'{"error_code": "DBS.280005", "error_msg": "busy"}'),
    "job is null": _says(b'{"job": null}'),
    "job is empty": _says(b'{"job": {}}'),
    "job is a text": _says(b'{"job": "Completed"}'),
    "job is a list": shows(lambda job: {"job": [job]}),
    "another job's record": shows(
        lambda job: {"job": {**job, "id": "another", "status": "Failed"}}
    ),
    "record without an ID": shows(lambda job: {"job": {**job, "id": None}}),
    "ID in upper case": shows(lambda job: {"job": {**job, "id": job["id"].upper()}}),
    "record without a status": shows(lambda job: {"job": {**job, "status": None}}),
    "status is a number": shows(lambda job: {"job": {**job, "status": 1}}),
    "status in upper case": shows(lambda job: {"job": {**job, "status": job["status"].upper()}}),
    "unknown status": shows(lambda job: {"job": {**job, "status": "Dozing"}}),
    "ended is set while the job runs": shows(
        lambda job: {"job": {**job, "ended": "2021-07-12T09:22:04+0000"}}
    ),
    "progress is 250%": shows(lambda job: {"job": {**job, "progress": "250%"}}),
    "every field has another type": shows(
        lambda job: {"job": {**dict.fromkeys(job, 7), "id": job["id"], "status": job["status"]}}
    ),
}
_HOSTILE = {
    "reason that steers terminals and CI": Fault(
        changes(lambda reply: reply.whole),
        job={"fails": "\x1b[2J\r\n::error::x ##vso[task.complete] ##teamcity[x]"},
    ),
    "reason of 1 MB": Fault(changes(lambda reply: reply.whole), job={"fails": "no quota " * 10**5}),
    "error page that repeats the token": Fault(_repeats_the_token),
    "no Date": _with_date(""),
    "Date in the year 2999": _with_date("Date: Sun, 06 Nov 2999 08:49:37 GMT"),
    "Date in 1970": _with_date("Date: Thu, 01 Jan 1970 00:00:00 GMT"),
    "Date that is not a date": _with_date("Date: yesterday +99999999999999999"),
}
FAULTS = {**_FORMATS, **_SHAPES, **_HOSTILE}
