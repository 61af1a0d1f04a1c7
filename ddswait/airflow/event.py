"""What a trigger tells its task when the wait is decided, bounded in size."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from ddswait.cli.exit_codes import exit_code
from ddswait.outcome import OutcomeKind, facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddswait.outcome import Outcome
    from ddswait.policy import Decision

MOST_OUTCOMES = 100
LARGEST = 200_000
"""Characters of an event as JSON."""
UNUSABLE = "unusable"
"""The status of a wait that could not begin: nothing was polled."""

_LONGEST_TEXT = 1000  # characters of a server's words
_MOST_NAMED = 10  # jobs in a message


def event_of(outcomes: Sequence[Outcome], decision: Decision) -> dict[str, Any]:
    """Return the payload of the event of a wait that is decided.

        status      `completed` if the policy was met, else the worst kind of outcome
        message     for people; it has the reason of each failure
        counts      how many waits ended in which way
        outcomes    `Outcome.to_dict` of each job; of more than 100, only of 100 that did not
                    complete, failures first
        complete    whether `outcomes` has all of them

    Args:
        outcomes: of every job.
        decision: of the policy.
    """
    kinds = Counter(str(outcome.kind) for outcome in outcomes)
    # A policy that is decided early leaves many pending: what failed comes first.
    bad = sorted(
        (outcome for outcome in outcomes if not outcome.ok),
        key=lambda each: each.kind is OutcomeKind.PENDING,
    )
    shown = outcomes if len(outcomes) <= MOST_OUTCOMES else bad[:MOST_OUTCOMES]
    status = OutcomeKind.COMPLETED if decision.ok else _worst([each.kind for each in bad])
    event: dict[str, Any] = {
        "status": str(status),
        "message": _message(outcomes, bad, kinds),
        "counts": dict(kinds),
        "outcomes": [_cut(each.to_dict()) for each in shown],
        "complete": len(shown) == len(outcomes),
    }
    while len(json.dumps(event)) > LARGEST:  # names and reasons are as long as the service likes
        event["outcomes"] = event["outcomes"][: len(event["outcomes"]) // 2]
        event["complete"] = False
    return event


def unusable_event(error: Exception) -> dict[str, Any]:
    """Return the payload of the event of a wait that could not begin."""
    message = _cut(str(error))
    return {
        "status": UNUSABLE,
        "message": message,
        "counts": {},
        "outcomes": [],
        "complete": True,
    }


def _worst(kinds: Sequence[OutcomeKind]) -> OutcomeKind:
    code = exit_code(kinds)
    return next((kind for kind in kinds if facts_of(kind).exit_code == code), OutcomeKind.PENDING)


def _message(outcomes: Sequence[Outcome], bad: Sequence[Outcome], kinds: Counter[str]) -> str:
    counts = ", ".join(f"{count} {_label(kind)}" for kind, count in kinds.most_common())
    lines = [f"{len(outcomes)} waits: {counts}"]
    named = bad[:_MOST_NAMED]
    lines += [_cut(f"{each.full_name} {each.facts.label}: {each.message}") for each in named]
    if len(bad) > len(named):
        lines.append(f"... and {len(bad) - len(named)} more")
    return "\n".join(lines)


def _label(kind: str) -> str:
    return facts_of(OutcomeKind(kind)).label


def _cut(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return plain data whose texts are not too long."""
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}..."
    return value
