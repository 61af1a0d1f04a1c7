"""The promise that an outcome says what the service said."""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING

from ddswait.outcome import OutcomeKind
from tests.simulation.promises.promise import MOMENT, Promise
from tests.simulation.response import Says

if TYPE_CHECKING:
    from ddswait.outcome import Outcome
    from tests.simulation.observed import Flight, Target, Wait

_CONFIRMATIONS = 2  # replies in a row that do not know a job which was seen
_DELETION = "Delete"


def is_deletion(target: Target) -> bool:
    """Whether the job deletes its instance."""
    return target.plan.name.startswith(_DELETION)


class SaysWhatTheServiceSaid(Promise):
    """Compares each end with the replies that have come."""

    words = (
        "`completed` or `failed` only if the service said so for this very job, with the record "
        "it sent; and then at once. A deletion that was seen and is not known any more completes."
    )

    def ended(self, wait: Wait, outcome: Outcome, now: float, *, instance: bool) -> None:
        target = wait.target
        if target is None:
            return
        if instance:
            if outcome.kind is OutcomeKind.COMPLETED:
                self._is_ready(target)
        elif outcome.kind in {OutcomeKind.COMPLETED, OutcomeKind.FAILED}:
            self._has_ended(wait, target, outcome)

    def _has_ended(self, wait: Wait, target: Target, outcome: Outcome) -> None:
        vanished = (
            target.seen or target.shown_at > -inf
        ) and target.unknown_in_a_row >= _CONFIRMATIONS
        if outcome.kind is OutcomeKind.COMPLETED and vanished and is_deletion(target):
            return
        if not target.finals:
            raise self.broken(f"{outcome.kind} without a reply that says so", f"{wait}")
        records = [json.loads(body)["job"] for body in target.finals]
        if outcome.job is None or outcome.job.raw not in records:
            raise self.broken(f"{outcome.kind} without the record that was sent", f"{wait}")
        if outcome.job.raw["status"].lower() != outcome.kind:
            raise self.broken(f"{outcome.kind} with a record that says otherwise", f"{wait}")

    def _is_ready(self, target: Target) -> None:
        said = target.said
        gone = said is Says.GONE and is_deletion(target)
        if said is not Says.READY and not gone:
            raise self.broken("ready without a reply that says so", f"{target}: {said}")

    def taken(self, flight: Flight, now: float) -> None:
        target = flight.target
        if target is None or flight.was_cut or not target.waits:
            return
        says = flight.response.says
        if says is Says.ENDED and not target.is_instance:
            raise self.broken("the service said that a job has ended, and a wait goes on")
        if says is Says.READY and target.is_instance and not needs_two(target):
            raise self.broken("the service said that an instance is ready, and a wait goes on")


def needs_two(target: Target) -> bool:
    """Whether one reply that says ready is not enough: a backup follows some kinds of jobs."""
    return target.plan.name.startswith(("Create", "Restore"))


class DisbelievesNoJob(Promise):
    """Compares `not_found`, `vanished`, `refused` and `not_ready` with the replies."""

    words = (
        "A failure to reach the service changes no outcome other than to `unreachable`: "
        "`not_found`, `vanished`, `refused` and `not_ready` need a reply that says so."
    )

    def ended(  # noqa: C901 - one case for each kind of outcome
        self, wait: Wait, outcome: Outcome, now: float, *, instance: bool
    ) -> None:
        target, facts = wait.target, self.facts
        if target is None:
            return
        match outcome.kind:
            case OutcomeKind.NOT_FOUND:
                self._was_not_found(target, now)
            case OutcomeKind.VANISHED:
                if target.unknown_in_a_row < _CONFIRMATIONS:
                    raise self.broken("vanished before two replies in a row said so", f"{wait}")
                if now < target.since + facts.plan.grace - MOMENT:
                    raise self.broken("vanished within the grace", f"{wait}")
            case OutcomeKind.REFUSED:
                if not (target.refused or facts.refused_all or (instance and facts.refused_kind)):
                    raise self.broken("refused without a refusal", f"{wait}")
            case OutcomeKind.NOT_READY if now < wait.deadline - MOMENT:
                reasons = {Says.HOPELESS, Says.REFUSED_JOB}
                if target.said not in reasons and outcome.cause is None:
                    raise self.broken("not ready before the deadline without a reason", f"{wait}")
            case OutcomeKind.PENDING:
                raise self.broken("a wait ended as pending", f"{wait}")

    def _was_not_found(self, target: Target, now: float) -> None:
        if target.seen:
            raise self.broken("not found, although it was seen", f"{target}")
        if not target.unknown_in_a_row:
            raise self.broken("not found without a reply that says so", f"{target}")
        if now < target.since + self.facts.plan.grace - MOMENT:
            raise self.broken("not found within the grace", f"{target}")

    def taken(self, flight: Flight, now: float) -> None:
        target = flight.target
        if target is None or flight.was_cut or target.is_instance or not target.waits:
            return
        if flight.response.says is not Says.UNKNOWN:
            return
        if now < target.since + self.facts.plan.grace + MOMENT:
            return
        if target.seen and target.unknown_in_a_row >= _CONFIRMATIONS:
            raise self.broken("two replies in a row did not know a job, and a wait goes on")
        if not target.seen and target.shown_at < target.since:
            raise self.broken("a job was not found after its grace, and a wait goes on")
