"""Faults that are sound HTTP: redirects, refusals, throttling, errors of servers and gateways."""

from __future__ import annotations

from tests.end_to_end.faults.building import HTML, error, http, replies
from tests.end_to_end.faults.fault import Fault, Peer

_TOO_OFTEN = "The throttling threshold has been reached: policy user over ratelimit,limit:"


def _html(status: int) -> Fault:
    return replies(status, HTML, "text/html")


async def _to_itself(peer: Peer) -> None:
    target = peer.request.split(b" ", 2)[1].decode()
    await peer.send(http(302, Location=target))


async def _to_another_host(peer: Peer) -> None:
    await peer.send(http(307, Location="http://127.0.0.2:9/stolen"))


_REDIRECTS = {
    "301 to the same host": replies(301, Location="/v3/elsewhere"),
    "302 to itself": Fault(_to_itself),
    "307 to another host": Fault(_to_another_host),
    "302 without Location": replies(302),
    "302 to a captive portal": replies(302, HTML, "text/html", Location="http://portal.invalid/"),
    "300": replies(300),
    "304": replies(304),
}
_SUCCESSES = {
    "200 without a body": replies(200),
    "201 without a body": replies(201),
    "204": replies(204),
    "206 with half a body": replies(206, b'{"job": {"id": "', Content_Range="bytes 0-15/300"),
}
_REFUSALS = {
    "400 HTML": _html(400),
    "400 DBS.200001 (bad parameter)": replies(400, error("DBS.200001")),
    "400 DBS.280408 (bad project)": replies(400, error("DBS.280408")),
    "400 DBS.200543 (job unknown)": replies(400, error("DBS.200543")),
    "400 with an empty body": replies(400),
    "401 APIGW.0301 (token)": replies(401, error("APIGW.0301")),
    "401 APIGW.0305 (clock)": replies(401, error("APIGW.0305")),
    "401 HTML": _html(401),
    "402 HTML": _html(402),
    "403 HTML": _html(403),
    "403 APIGW.0302 (permission)": replies(403, error("APIGW.0302")),
    "403 DBS.280032 (permission)": replies(403, error("DBS.280032")),
    "404 HTML": _html(404),
    "404 APIGW.0101 (no such API)": replies(404, error("APIGW.0101")),
    "404 DBS.200543 (job unknown)": replies(404, error("DBS.200543")),
    "405 HTML": _html(405),
    "407 without a proxy": _html(407),
    "408 HTML": _html(408),
    "409 DBS code": replies(409, error("DBS.200019")),
    "410 HTML": _html(410),
    "413 HTML": _html(413),
    "414 HTML": _html(414),
    "418 HTML": _html(418),
    "421 HTML": _html(421),
    "422 DBS code": replies(422, error("DBS.200047")),
    "425": replies(425),
    "426 HTML": _html(426),
    "431 HTML": _html(431),
    "451 HTML": _html(451),
    "499 HTML": _html(499),
}
_THROTTLING = {
    "429 with an empty body": replies(429),
    "429 HTML": _html(429),
    "429 with a limit of 10 in a second": replies(
        429, error("APIGW.0308", f"{_TOO_OFTEN}10,time:1 second")
    ),
    "429 with a limit of 100 in a day": replies(
        429, error("APIGW.0308", f"{_TOO_OFTEN}100,time:1 day")
    ),
    "429 with a limit of 0": replies(429, error("APIGW.0308", f"{_TOO_OFTEN}0,time:0 second")),
    "429 with Retry-After: 5": replies(429, Retry_After="5"),
    "429 with Retry-After: 600": replies(429, Retry_After="600"),
    "429 with Retry-After in 1994": replies(429, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"),
    "429 with Retry-After in 2999": replies(429, Retry_After="Sun, 06 Nov 2999 08:49:37 GMT"),
    "429 with Retry-After: soon": replies(429, Retry_After="soon"),
    "429 with Retry-After: -1": replies(429, Retry_After="-1"),
    "429 with Retry-After: 1e309": replies(429, Retry_After="1e309"),
    "429 with Retry-After in an impossible time zone": replies(
        429, Retry_After="Mon, 01 Jan 2024 00:00:00 +99999999999999999"
    ),
}
_ERRORS = {
    "500 DBS.280005": replies(500, error("DBS.280005")),
    "500 HTML": _html(500),
    "500 with an empty body": replies(500),
    "501 HTML": _html(501),
    "502 HTML": _html(502),
    "503 HTML": _html(503),
    "503 with Retry-After: 30": replies(503, Retry_After="30"),
    "503 with Retry-After in an impossible time zone": replies(
        503, Retry_After="Mon, 01 Jan 2024 00:00:00 +99999999999999999"
    ),
    "503 with Retry-After of 400 digits": replies(503, Retry_After="9" * 400),
    "504 HTML": _html(504),
    "504 APIGW.0201": replies(504, error("APIGW.0201")),
    "505 HTML": _html(505),
    "507 HTML": _html(507),
    "511 HTML (log in to this network)": _html(511),
    "520 HTML": _html(520),
    "526 HTML": _html(526),
    "599 with an empty body": replies(599),
    "999 with an empty body": replies(999),
}
FAULTS = {**_REDIRECTS, **_SUCCESSES, **_REFUSALS, **_THROTTLING, **_ERRORS}
