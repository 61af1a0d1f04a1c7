"""ddswait.scheduler.instance_messages: each end of a wait for an instance in words."""

from collections.abc import Callable
from typing import Any

import pytest

from ddswait.outcome import Refusal
from ddswait.scheduler import instance_messages as messages

REFUSAL = Refusal(403, "DBS.280032", "no", hint="ask for it")


@pytest.mark.parametrize(
    ("sentence", "told", "text"),
    [
        (messages.ready, ("i",), "instance i is ready"),
        (messages.pending, ("x",), "the job completed; its instance is not ready yet"),
        (messages.pending, ("",), "not ready yet"),
        (messages.last_poll_failed, ("HTTP 502",), "the last poll failed: HTTP 502"),
        (
            messages.not_ready,
            ("x", "i", 60.4, "it is creating"),
            "job x completed, but its instance i was not ready after 60 s more: it is creating",
        ),
        (
            messages.not_ready,
            ("", "i", 60.4, "it is frozen"),
            "instance i was not ready after 60 s: it is frozen",
        ),
        (
            messages.timed_out,
            ("i", 60.4, "it is creating"),
            "instance i was not ready when the wait timed out after 60 s: it is creating",
        ),
        (
            messages.not_found,
            ("i", 60.4, "here"),
            (
                "instance i was not known to here within 60 s: it may not be listed yet (a longer "
                "grace helps), of another project or region, deleted, or mistyped"
            ),
        ),
        (
            messages.not_found,
            ("i", 60.4, "here", "try elsewhere"),
            (
                "instance i was not known to here within 60 s: it may not be listed yet (a longer "
                "grace helps), of another project or region, deleted, or mistyped; try elsewhere"
            ),
        ),
        (
            messages.vanished,
            ("i", "here"),
            "instance i was seen and is no longer known to here: somebody may have deleted it",
        ),
        (
            messages.unreachable,
            ("x", "i", 600.4, "here", "HTTP 502"),
            (
                "job x completed, but its instance i could not be polled for the last 600 s at "
                "here; the last poll failed: HTTP 502"
            ),
        ),
        (
            messages.unreachable,
            ("", "i", 600.4, "here", "HTTP 502"),
            (
                "instance i could not be polled for the last 600 s at here; the last poll failed: "
                "HTTP 502"
            ),
        ),
        (
            messages.refused,
            ("x", "i", "here", REFUSAL),
            (
                "job x completed, but here refused to say whether its instance i is ready: HTTP "
                "403 DBS.280032: no; ask for it"
            ),
        ),
        (
            messages.refused,
            ("", "i", "here", REFUSAL),
            (
                "here refused to say whether instance i is ready: HTTP 403 DBS.280032: no; ask "
                "for it"
            ),
        ),
    ],
)
def test_sentences(sentence: Callable[..., str], told: tuple[Any, ...], text: str) -> None:
    """What happened, to which instance, where, and what to do."""
    assert sentence(*told) == text
