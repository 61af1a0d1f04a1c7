"""Targets that read one text: an option, a variable, a header, a field of a record."""

from __future__ import annotations

import contextlib
import io
from math import inf, isclose, isfinite
from urllib.parse import urlsplit

from yarl import URL

from ddswait import duration_text
from ddswait.cli import option_values
from ddswait.cli.arguments import parse
from ddswait.credentials.lease_replies import seconds_left
from ddswait.errors import ConfigurationError, InputError
from ddswait.scheduler.rate_limiter import RateLimiter, parse_rate
from ddswait.service.dates import parse_time, retry_after, seconds_since_epoch
from ddswait.service.dds import SERVICE
from ddswait.service.endpoints import check_endpoint, check_proxy, endpoint_of, is_loopback
from ddswait.service.iam_urls import projects_url, token_url
from ddswait.service.job_ids import check_job_id, check_project_id

_DAY = 86400.0
_CENTURY = 100 * 366 * _DAY


def text_of(data: bytes) -> str:
    """Return the text that an input describes: as Python decodes arguments and variables."""
    return data.decode("utf-8", "surrogateescape")


def read_dates(data: bytes) -> None:
    """Any text is a date or it is not; two lines are a Date and what is compared with it."""
    first, _, second = text_of(data).partition("\n")
    moment = seconds_since_epoch(first)
    assert moment is None or 0 < moment < 2 * _CENTURY
    for headers in (
        {"Retry-After": first, "Date": second},
        {"Retry-After": second, "Date": first},
    ):
        assert 0 <= retry_after(headers) <= _DAY
    time = parse_time(first)
    if time is not None:
        assert time.utcoffset() is not None
        assert isfinite(time.timestamp())
    left = seconds_left(first, second)
    assert left is None or 1 <= left < inf


def read_durations(data: bytes) -> None:
    """A duration is a number of seconds that is printed as a duration, or it is an InputError."""
    text = text_of(data)
    try:
        seconds = duration_text.parse(text)
    except InputError:
        return
    assert 0 <= seconds < inf
    assert isclose(duration_text.parse(duration_text.exact(seconds)), seconds, abs_tol=1e-6)
    assert abs(duration_text.parse(duration_text.duration(seconds)) - seconds) < 60


def read_rates(data: bytes) -> None:
    """A rate lets requests leave, sooner or later, or it is an InputError."""
    text = text_of(data)
    with contextlib.suppress(InputError):
        count = option_values.parse_wait_for(text)
        assert count is None or count > 0
    try:
        limit, window = parse_rate(text)
    except InputError:
        return
    limiter = RateLimiter(limit, window)
    for _ in range(3):
        limiter.sent(0.0)
    assert 0 < limiter.spacing(0.0) < inf
    assert limiter.next_at(0.0) < inf


def read_endpoints(data: bytes) -> None:
    """What is accepted as an endpoint, a region, a domain or a proxy can be requested from."""
    text = text_of(data)
    with contextlib.suppress(ConfigurationError):
        _check_url(check_endpoint(text))
    with contextlib.suppress(ConfigurationError):
        _check_url(check_endpoint(text, insecure_http=True))
    with contextlib.suppress(ConfigurationError):
        assert URL(check_proxy(text, "https_proxy")).host
    region, _, cloud = text.partition("\n")
    with contextlib.suppress(ConfigurationError):
        endpoint = endpoint_of("dds", region, cloud)
        assert (urlsplit(endpoint).hostname or "").startswith(f"dds.{region}.")
        _check_url(endpoint)
    is_loopback(text)


def _check_url(endpoint: str) -> None:
    """Requests to an accepted endpoint go to its host, and to no other."""
    host = urlsplit(endpoint).hostname
    assert host
    for url in (
        SERVICE.poll_job(endpoint, "p", "x").url,
        token_url(endpoint),
        projects_url(endpoint, "name"),
    ):
        parsed = URL(url, encoded=True)
        assert (parsed.raw_host or "").casefold() == host.casefold(), (parsed.raw_host, host)
        assert not parsed.user


def read_ids(data: bytes) -> None:
    """An accepted job ID or project ID stays one part of a URL."""
    text = text_of(data)
    with contextlib.suppress(InputError):
        url = SERVICE.poll_job("https://dds.test", "p", check_job_id(text)).url
        assert URL(url, encoded=True).query == {"id": text}
    with contextlib.suppress(ConfigurationError):
        url = SERVICE.poll_job("https://dds.test", check_project_id(text), "x").url
        assert URL(url, encoded=True).path == f"/v3/{text}/jobs"


def read_arguments(data: bytes) -> None:
    """Any arguments are options, or a usage error: exit code 2 and nothing on stdout."""
    arguments = text_of(data).replace("\0", "").split("\n")
    stdout, stderr = io.StringIO(), io.StringIO()
    code: object = None
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            given = parse(arguments)
        except SystemExit as end:
            code = end.code
    if code is None:
        assert given.command
        assert given.heartbeat > 0
    else:
        assert code in {0, 2}
        assert (code == 2) == (not stdout.getvalue())
