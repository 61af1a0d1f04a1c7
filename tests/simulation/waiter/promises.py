"""What must be true of each wait, by the state of the simulated cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddswait import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddswait import Outcome
    from ddswait.simulator import Simulator
    from tests.simulation.waiter.ledger import Ledger, Wait
    from tests.simulation.waiter.plan import Plan

LATEST = 3.0
"""Seconds after the deadline by which a wait has ended, as docs/promises.md says."""

_MOMENT = 1e-6  # seconds: rounding


class Promises:
    """Checks each wait when it ends, and all of them at the end.

    Args:
        plan: of the history.
        dds: the cloud.
        ledger: of the history.
    """

    def __init__(self, plan: Plan, dds: Simulator, ledger: Ledger) -> None:
        self._plan = plan
        self._dds = dds
        self._ledger = ledger
        self._faults = {fault.kind for fault in plan.faults}
        self._checks: dict[OutcomeKind, Callable[[Wait, Outcome, float], str]] = {
            OutcomeKind.COMPLETED: self._completed,
            OutcomeKind.FAILED: self._failed,
            OutcomeKind.NOT_FOUND: self._not_found,
            OutcomeKind.VANISHED: self._vanished,
            OutcomeKind.TIMED_OUT: self._timed_out,
            OutcomeKind.UNREACHABLE: self._unreachable,
            OutcomeKind.REFUSED: self._refused,
            OutcomeKind.NOT_READY: self._not_ready,
            OutcomeKind.PENDING: lambda *_: "a wait ended as pending",
        }

    def ended(self, wait: Wait, now: float) -> None:
        """Check a wait that has just ended."""
        ledger, future = self._ledger, wait.future
        assert future is not None
        outcome = future.outcome
        ledger.outcomes[str(outcome.kind) if outcome else "cancelled"] += 1
        if wait.ended > 1:
            ledger.break_promise("a wait ended twice", wait)
        latest = wait.deadline + LATEST + ledger.stalled_since(wait.deadline)
        if now > latest + _MOMENT:
            ledger.break_promise("a wait ended too late", f"{wait}, at {now:.3f}")
        if outcome is None:
            if not ledger.may_be_cancelled(wait, now):
                ledger.break_promise("a wait was cancelled that nobody gave up", wait)
            return
        if not wait.is_instance and outcome.job_id != wait.target:
            ledger.break_promise("a wait got the outcome of another job", wait)
        if reason := self._checks[outcome.kind](wait, outcome, now):
            ledger.break_promise(reason, f"{wait}, at {now:.3f}: {outcome}")

    def _completed(self, wait: Wait, outcome: Outcome, now: float) -> str:
        if wait.is_instance:
            found = self._dds.instance(wait.target)
            is_ready = found is not None and found.status == "normal" and not found.actions
            return "" if is_ready or self._ledger.stalls else "ready, and the cloud says otherwise"
        plan = self._dds.plans[wait.target]
        is_right = plan.is_over(now) and (plan.fail_reason is None or self._is_deletion(wait))
        if not is_right or outcome.job is None:
            return "completed, and the cloud says otherwise"
        if self._is_deletion(wait):
            return ""
        return self._record(wait, outcome, "Completed")

    def _failed(self, wait: Wait, outcome: Outcome, now: float) -> str:
        plan = self._dds.plans[wait.target]
        if not plan.is_over(now) or plan.fail_reason is None or outcome.job is None:
            return "failed, and the cloud says otherwise"
        return self._record(wait, outcome, "Failed")

    def _record(self, wait: Wait, outcome: Outcome, status: str) -> str:
        plan, job = self._dds.plans[wait.target], outcome.job
        assert job is not None
        record = (job.id, job.status, job.name, job.instance.id if job.instance else "")
        expected = (wait.target, status, plan.name, plan.instance_id)
        return "" if record == expected else "an outcome has another record than was sent"

    def _not_found(self, wait: Wait, outcome: Outcome, now: float) -> str:
        if now < self._first(wait) + self._plan.grace - _MOMENT:
            return "not found within the grace"
        return "" if self._is_unknown(wait, now) else "not found, and the cloud knows it"

    def _vanished(self, wait: Wait, outcome: Outcome, now: float) -> str:
        return "" if self._is_unknown(wait, now) else "vanished, and the cloud knows it"

    def _timed_out(self, wait: Wait, outcome: Outcome, now: float) -> str:
        if now < wait.deadline - _MOMENT:
            return "timed out early"
        if wait.is_instance or wait.future is None or not self._is_calm(wait, now):
            return ""
        plan = self._dds.plans[wait.target]
        known_at = wait.deadline - _MOMENT
        was_over = plan.is_over(known_at) and plan.is_known(known_at)
        return "timed out, although the job had ended" if was_over else ""

    def _unreachable(self, wait: Wait, outcome: Outcome, now: float) -> str:
        is_early = now < wait.since + self._plan.unreachable_after - _MOMENT
        return "unreachable early" if is_early else ""

    def _refused(self, wait: Wait, outcome: Outcome, now: float) -> str:
        has_reason = "unauthorized" in self._faults or self._plan.life
        return "" if has_reason else "refused without a refusal"

    def _not_ready(self, wait: Wait, outcome: Outcome, now: float) -> str:
        if now >= wait.deadline - _MOMENT or "unknown" in self._faults:
            return ""
        plans = self._dds.plans.values()
        own = [each for each in plans if wait.target in {each.instance_id, each.job_id}]
        is_hopeless = any(each.fail_reason or each.vanishes for each in own)
        return "" if is_hopeless else "not ready before the deadline"

    def _is_deletion(self, wait: Wait) -> bool:
        return self._dds.plans[wait.target].name.startswith("Delete")

    def _is_unknown(self, wait: Wait, now: float) -> bool:
        if "unknown" in self._faults:
            return True
        if wait.is_instance:
            return self._dds.instance(wait.target) is None
        return not self._dds.plans[wait.target].is_known(now) or bool(self._ledger.stalls)

    def _first(self, wait: Wait) -> float:
        return min(each.since for each in self._ledger.waits if each.target == wait.target)

    def _is_calm(self, wait: Wait, now: float) -> bool:
        """Return whether nothing could keep the last poll of a wait from its reply."""
        plan, ledger = self._plan, self._ledger
        return (
            not plan.faults
            and not plan.life
            and plan.connections > len(plan.jobs)
            and plan.rate != "1/s"
            and not ledger.stalls
            and not wait.deadline - LATEST <= ledger.interfered_at <= now
        )

    def finished(self) -> None:
        """Check what must be true when everything is over."""
        for wait in self._ledger.waits:
            if wait.future is None or not wait.ended:
                self._ledger.break_promise("a wait never ended", wait)
            elif wait.has_callback and wait.called != (1 if wait.outcome else 0):
                self._ledger.break_promise(
                    "a callback was not called exactly once", f"{wait}: {wait.called}"
                )
