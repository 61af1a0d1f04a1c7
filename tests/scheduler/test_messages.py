"""ddswait.scheduler.messages: each sentence, word for word, since people and scripts read them."""

from collections.abc import Callable
from typing import Any

import pytest

from ddswait.outcome import Refusal
from ddswait.scheduler import messages
from ddswait.service.dds import SERVICE

RUNNING = SERVICE.read_record({"id": "x", "status": "Running", "progress": "9%"})
FAILED = SERVICE.read_record({"id": "x", "status": "Failed", "fail_reason": "no quota"})
REFUSAL = Refusal(403, "DBS.280032", "no", hint="ask for it")


@pytest.mark.parametrize(
    ("sentence", "told", "text"),
    [
        (messages.completed, ("x",), "job x completed"),
        (messages.failed, (FAILED,), "job x failed: no quota"),
        (messages.failed, (RUNNING,), "job x failed: no reason given"),
        (messages.pending, (), "not ended yet"),
        (messages.last_seen, (RUNNING,), "last seen Running, 9 %"),
        (messages.last_seen, (FAILED,), "last seen Failed"),
        (messages.last_seen, (None,), "it was not visible yet"),
        (
            messages.not_found,
            ("x", 60.4, "here"),
            (
                "job x was not known to here within 60 s: it may not be visible yet (a longer "
                "grace helps), older than a month, of another project or region, mistyped, or of "
                "a kind of task that this API does not show"
            ),
        ),
        (
            messages.not_found,
            ("x", 60.4, "here", "dds"),
            (
                "job x was not known to here within 60 s: it may not be visible yet (a longer "
                "grace helps), older than a month, of another project or region, mistyped, of "
                "another service than dds, or of a kind of task that this API does not show"
            ),
        ),
        (
            messages.vanished,
            ("x", RUNNING, "here"),
            (
                "job x was seen and is no longer known to here (last seen Running, 9 %): a "
                "deletion may disappear when it is done; otherwise check the task list in the "
                "console"
            ),
        ),
        (
            messages.deletion_vanished,
            ("x", RUNNING),
            (
                "job x completed: it was a deletion (last seen Running, 9 %), and a deletion is "
                "no longer known when it is done"
            ),
        ),
        (
            messages.timed_out,
            ("x", 60.4, "last seen Running, 9 %", None),
            "job x had not ended when the wait timed out after 60 s: last seen Running, 9 %",
        ),
        (
            messages.timed_out,
            ("x", 60.4, "last seen Running, 9 %", "HTTP 502"),
            (
                "job x had not ended when the wait timed out after 60 s: last seen Running, 9 %; "
                "the last poll failed: HTTP 502"
            ),
        ),
        (
            messages.timed_out,
            ("x", 60.4, messages.NEVER_POLLED, None, messages.NO_ROOM),
            (
                "job x had not ended when the wait timed out after 60 s: it was not polled; the "
                "last poll was not sent: the rate limit left no room (a higher rate or a longer "
                "timeout helps)"
            ),
        ),
        (messages.no_credentials, ("",), "no credentials yet"),
        (messages.no_credentials, ("HTTP 503",), "no credentials: HTTP 503"),
        (
            messages.unreachable,
            ("x", 600.4, "here", "HTTP 502"),
            (
                "job x could not be polled for the last 600 s at here; the last poll failed: HTTP "
                "502. The job itself may still be running"
            ),
        ),
        (
            messages.refused,
            ("x", "here", REFUSAL),
            "job x: here refused the request: HTTP 403 DBS.280032: no; ask for it",
        ),
    ],
)
def test_sentences(sentence: Callable[..., str], told: tuple[Any, ...], text: str) -> None:
    """What happened, to which job, where, and what to do."""
    assert sentence(*told) == text
